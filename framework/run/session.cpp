#include "gibbsite/run/session.hpp"

#include <unistd.h>

#include <csignal>
#include <utility>

namespace gibbsite {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

const char* stage_name(Checkpoint::Stage stage) {
  static const char* const names[] = {"train", "sample", "evaluate", "done"};
  return names[int(stage)];
}

// Of the model and of the parts of it that are trained before it.
Evaluations counted(const Experiment& experiment) {
  Evaluations all = experiment.own_model->evaluations();
  if (experiment.train)
    for (const PretrainStage& stage : experiment.train->pretraining)
      all = all + stage.part.model->evaluations();
  return all;
}

}  // namespace

void request_stop() { stop_requested = 1; }

Session::Session(const Experiment& e, const Workers& w, std::filesystem::path f, int progress)
    : experiment(e), workers(w), folder(std::move(f)), progress_(progress) {
  FoundCheckpoint found = read_checkpoint(folder, e.id);
  if (!found.warning.empty())
    std::fprintf(stderr, "warning: %s; the checkpoint before it is used\n", found.warning.c_str());
  if (found.checkpoint) {
    state = std::move(*found.checkpoint);
    std::fprintf(stderr, "resumed in stage %s after %.1f seconds of work\n",
                 stage_name(state.stage), state.seconds);
  }
  state.cell = e.id;
  earlier_seconds_ = state.seconds;
  counted_ = counted(e);
}

double Session::seconds() const { return earlier_seconds_ + since(started_); }

Evaluations Session::evaluations() const {
  return state.costs[charged()].evaluations + (counted(experiment) - counted_);
}

void Session::account() {
  StageCost& cost = state.costs[charged()];
  cost.evaluations = evaluations();
  cost.seconds += since(accounted_);
  counted_ = counted(experiment);
  accounted_ = Clock::now();
}

void Session::enter(Checkpoint::Stage stage) {
  account();
  repair();
  state.stage = stage;
}

void Session::repair() {
  const std::string changed = before_.restore();
  if (changed.empty() || repaired_) return;
  repaired_ = true;
  std::fprintf(stderr,
               "warning: a plugin changes %s of the program while it runs; put back at every "
               "report\n",
               changed.c_str());
}

void Session::save() {
  if (before_save) before_save();
  if (before_first_save) std::exchange(before_first_save, nullptr)();
  account();
  state.seconds = seconds();
  write_checkpoint(folder, state);
  saved_ = Clock::now();
}

void Session::report(double done, double total, const std::string& note) {
  if (since(repaired_at_) >= 0.05) {
    repair();
    repaired_at_ = Clock::now();
  }
  if (stop_requested != 0) {
    save();
    throw Interrupted();
  }
  if (since(saved_) >= experiment.checkpoint_every) save();
  if (progress_ < 0 || since(shown_) < 0.2) return;
  shown_ = Clock::now();
  char line[256];
  const int length =
      std::snprintf(line, sizeof line, "%s %.4f %.3f %s\n", stage_name(state.stage),
                    total > 0 ? done / total : 1.0, since(started_), note.substr(0, 120).c_str());
  // A reader that has gone away is no reason to stop.
  if (length > 0 && ::write(progress_, line, std::size_t(length)) < 0) progress_ = -1;
}

}  // namespace gibbsite
