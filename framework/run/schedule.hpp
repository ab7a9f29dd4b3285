// Running the cells of a plan as local processes, beside other programs that do the same.
#pragma once

#include <filesystem>
#include <string>

#include "gibbsite/run/plan.hpp"
#include "gibbsite/run/result.hpp"
#include "gibbsite/run/worker.hpp"

namespace gibbsite {

/// How a grid is run.
struct RunOptions {
  std::filesystem::path folder;
  int jobs = 1;            ///< cells at once
  int threads = 1;         ///< per cell
  bool fresh = false;      ///< throw away what the cells have
  bool fail_fast = false;  ///< start nothing after the first failure
  CellLimits limits;
  int retries = 0;        ///< further tries of a cell that failed
  double heartbeat = 15;  ///< seconds between the signs of life of a lease
  /// Programs in a row that may vanish at a cell, without a checkpoint between, until it fails; 0:
  /// any number.
  int crash_limit = 5;
  bool pilot = false;  ///< one of several workers: what others have is their business
};

/// Why a cell of a plan would run, or that it is done: new, interrupted, failed, running, complete
/// or diverged.
std::string cell_state(const std::filesystem::path& folder, const PlannedCell& cell);

/// The folder of a cell.
std::filesystem::path cell_folder(const std::filesystem::path& folder, const std::string& id);

/// Runs every cell of `plan` that is not done, shows progress on standard error, and keeps
/// grid.h5 up to date. Cells that other programs have are waited for. Returns the exit code of the
/// command: 0, 1, 3 or 130.
int run_plan(const Plan& plan, const RunOptions& options);

/// Asks every program that runs cells of the folder to stop at the next checkpoints.
void request_cancel(const std::filesystem::path& folder);

/// Writes `<folder>/grid.h5`: one row per cell of the plan.
void write_grid_file(const std::filesystem::path& folder, const Plan& plan);

}  // namespace gibbsite
