#include "gibbsite/run/cell.hpp"

#include <unistd.h>

#include <cstdio>

#include "gibbsite/api/stamp.hpp"
#include "gibbsite/io/compiler.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/io/provenance.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/build_limit.hpp"
#include "gibbsite/run/lease.hpp"
#include "gibbsite/run/training_record.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

void run_stages(Session& session) {
  using Stage = Checkpoint::Stage;
  // Train is entered even when it is done: it puts the stored parameters into the model.
  train(session);
  if (session.state.stage == Stage::train) session.enter(Stage::sample);
  if (session.state.stage == Stage::sample) {
    sample(session);
    session.enter(Stage::evaluate);
  }
  evaluate(session);
  session.account();
  session.disk.finish();
}

const char* stage_name(Checkpoint::Stage stage) {
  static const char* const names[] = {"train", "sample", "evaluate", "done"};
  return names[int(stage)];
}

// A plugin that was edited or rebuilt since would give this cell the results of another one.
void require_as_planned(const Experiment& experiment, const fs::path& folder) {
  const std::string planned = folder.filename().string();
  const bool is_id =
      planned.size() == 12 && planned.find_first_not_of("0123456789abcdef") == planned.npos;
  if (is_id && experiment.id != planned && experiment.resolved.find("plugins") != nullptr)
    throw Error(
        "a plugin or a data file has changed since this cell was planned; run the spec "
        "again, which plans a new cell for what it is now");
}

// Notes who begins this attempt, warns where another program wrote the checkpoint it begins with,
// and has the cell's status say whose checkpoint there is.
void begin_attempt(Session& session, const Registry& registry) {
  constexpr std::size_t most_attempts = 100;
  const Makers makers = makers_of(registry);
  if (const auto changed = changed_makers(session.state.made_by, makers); !changed.empty())
    std::fprintf(stderr, "warning: goes on from the checkpoint of another program (changed: %s)\n",
                 join(changed).c_str());
  session.state.made_by = makers;
  auto& attempts = session.state.attempts;
  if (attempts.size() >= most_attempts) attempts.erase(attempts.begin() + 1);
  std::vector<std::string> words = {utc_now(), host_name(),     "pid", std::to_string(::getpid()),
                                    "engine",  makers[0].second};
  const auto ids = scheduler_ids();
  words.insert(words.end(), ids.begin(), ids.end());
  attempts.push_back(join(words, " "));
  session.before_first_save = [&session] {
    write_status(session.folder, {.status = "interrupted",
                                  .stage = stage_name(session.state.stage),
                                  .seconds = session.seconds(),
                                  .made_by = session.state.made_by});
  };
}

// Removes what a finished cell has no more use for, with what killed attempts left.
void sweep(const fs::path& folder, bool complete) {
  std::error_code ignored;
  fs::remove_all(folder / "segments", ignored);
  for (const auto& item : fs::directory_iterator(folder, ignored)) {
    const std::string name = item.path().filename().string();
    if (name.find(".tmp.") != name.npos || (complete && name.starts_with("checkpoint.")))
      fs::remove(item.path(), ignored);
  }
  remove_leases(folder);
}

// Works through the stages and publishes what came of them.
Outcome finish_cell(Session& session, const Registry& registry) {
  const fs::path& folder = session.folder;
  const Experiment* const experiment = &session.experiment;
  Outcome outcome{.status = "complete"};
  try {
    run_stages(session);
  } catch (const Diverged& fault) {
    outcome.status = "diverged";
    outcome.error = fault.what();
    session.before_save = nullptr;
    session.state.divergence = fault.what();
    // In later stages chains may have moved past what the state says: the checkpoint there is
    // stays.
    if (session.state.stage == Checkpoint::Stage::train) session.save();
    session.disk.finish();
    if (experiment->train && session.state.training.theta.size() > 0)
      experiment->model->capability<Parametric>()->set_parameters(
          trained_parameters(*experiment->train, session.state.training));
  } catch (const Interrupted&) {
    return {.status = "interrupted",
            .stage = stage_name(session.state.stage),
            .seconds = session.seconds()};
  }
  outcome.stage = stage_name(session.state.stage);
  outcome.seconds = session.seconds();
  outcome.headline = headline_of(session);
  outcome.made_by = session.state.made_by;
  session.require_lease();
  if (!write_result(session, registry, outcome)) throw LeaseLost();
  sweep(folder, outcome.status == "complete");
  return outcome;
}

}  // namespace

void load_plugins(const Node& spec, Registry& registry, Faults& faults) {
  const Node* list = spec.find("plugins");
  if (list == nullptr) return;
  if (!list->is_list())
    return faults.add(list->place, "plugins", "must be a list of files, got " + list->shown());
  for (const Node& item : list->items) {
    const fs::path file = absolute_file(item), type = file.extension();
    if (!item.is_scalar() || (type != ".so" && type != ".cpp")) {
      faults.add(item.place, "plugins",
                 "must be a compiled plugin (.so) or its source (.cpp), got " + item.shown());
      continue;
    }
    try {
      const fs::path module =
          type == ".cpp" ? compiled_plugin(file, GIBBSITE_STAMP_PRECISION) : file;
      const BuildLimit limit;
      load_module(module, registry);
    } catch (const StorageError&) {
      throw;
    } catch (const Error& fault) {
      faults.add(item.place, "plugins", fault.what());
    }
  }
}

Outcome run_cell(const fs::path& folder, Registry& registry, int threads, int progress,
                 int attempt) {
  // On this machine the kernel's lock keeps out an attempt whose host has just been killed.
  const FileLock lock(folder / "lock");
  if (!lock.held()) return {.status = "busy"};
  if (fs::exists(folder / "result.h5")) return read_status(folder);  // another process was faster
  const Workers workers(threads);
  Faults faults;
  const Node spec = read_yaml_file((folder / "cell.yaml").string());
  load_plugins(spec, registry, faults);
  faults.raise();
  DataCache cache;
  const auto experiment = build_experiment(spec, registry, workers, cache, faults);
  faults.raise();
  require_as_planned(*experiment, folder);
  Session session(*experiment, workers, folder, progress, attempt);
  begin_attempt(session, registry);
  try {
    return finish_cell(session, registry);
  } catch (const LeaseLost&) {
    return {.status = "busy"};
  } catch (const StorageError&) {
    // The folder of a cell that another attempt has finished is no longer what it was.
    if (attempt > 0 && !lease_is_current(folder, attempt)) return {.status = "busy"};
    throw;
  }
}

}  // namespace gibbsite
