#include "gibbsite/run/session.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstring>
#include <utility>

#include "gibbsite/io/files.hpp"
#include "gibbsite/run/lease.hpp"

namespace gibbsite {
namespace {

volatile std::sig_atomic_t stop_requested = 0;

// Where the cell is, for the handlers of signals that end the process.
volatile int last_stage = -1, last_progress = -1;
volatile std::int64_t last_step = 0;

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

void tell_last_step() {
  if (last_progress < 0 || last_stage < 0) return;
  char line[64] = "last ";
  std::strcat(line, stage_name(Checkpoint::Stage(last_stage)));
  char* end = line + std::strlen(line);
  *end++ = ' ';
  end = std::to_chars(end, line + sizeof line - 1, std::int64_t(last_step)).ptr;
  *end++ = '\n';
  if (::write(last_progress, line, std::size_t(end - line)) < 0) last_progress = -1;
}

Session::Session(const Experiment& e, const Workers& w, std::filesystem::path f, int progress,
                 int a)
    : experiment(e), workers(w), folder(std::move(f)), attempt(a), progress_(progress) {
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
  last_stage = int(state.stage);
  last_step = 0;
  last_progress = progress;
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
  last_step = 0;
  last_stage = int(stage);
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

void Session::require_lease() const {
  if (attempt > 0 && !lease_is_current(folder, attempt)) throw LeaseLost();
}

void Session::save() {
  require_lease();
  if (before_save) before_save();
  if (before_first_save) std::exchange(before_first_save, nullptr)();
  account();
  state.seconds = seconds();
  disk.add([this, segments = std::exchange(fresh_segments, {}), bytes = packed_checkpoint(state)] {
    if (!segments.empty()) {
      sync_files(segments);
      sync_folder(folder / "segments");
    }
    require_lease();
    write_checkpoint(folder, bytes);
  });
  saved_ = Clock::now();
}

void Session::report(double done, double total, const std::string& note) {
  last_step = std::int64_t(done);
  if (since(repaired_at_) >= 0.05) {
    repair();
    repaired_at_ = Clock::now();
  }
  if (stop_requested != 0) {
    save();
    disk.finish();
    throw Interrupted();
  }
  if (since(saved_) >= experiment.checkpoint_every) save();
  if (progress_ < 0 || since(shown_) < 0.2) return;
  shown_ = Clock::now();
  char line[256];
  const int length =
      std::snprintf(line, sizeof line, "%s %.4f %.3f %lld %s\n", stage_name(state.stage),
                    total > 0 ? done / total : 1.0, since(started_),
                    static_cast<long long>(last_step), note.substr(0, 120).c_str());
  // A reader that has gone away is no reason to stop.
  if (length > 0 && ::write(progress_, line, std::size_t(length)) < 0) progress_ = -1;
}

}  // namespace gibbsite
