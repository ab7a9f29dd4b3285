// One cell from its resolved spec to its results file.
#pragma once

#include <filesystem>

#include "gibbsite/api/registry.hpp"
#include "gibbsite/run/result.hpp"

namespace gibbsite {

/// Loads what `plugins:` of a spec names; source files are compiled first, once. Faults get the
/// place of what is refused.
void load_plugins(const Node& spec, Registry& registry, Faults& faults);

/// Runs the cell of `folder/cell.yaml`, from its checkpoint if there is one, to result.h5 and
/// status.yaml; then the checkpoint, segments and leases go. Returns how it ended; `busy` where
/// another process holds the cell, or has taken it over: `attempt` is the number of the lease that
/// the caller holds for this process, 0 without one. Throws Error for a spec that cannot be built,
/// StorageError otherwise.
Outcome run_cell(const std::filesystem::path& folder, Registry& registry, int threads, int progress,
                 int attempt = 0);

}  // namespace gibbsite
