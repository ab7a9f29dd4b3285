// Running the cells of a plan as local processes.
#pragma once

#include <filesystem>
#include <string>

#include "gibbsite/run/plan.hpp"
#include "gibbsite/run/result.hpp"

namespace gibbsite {

/// How a grid is run.
struct RunOptions {
  std::filesystem::path folder;
  int jobs = 1;            ///< cells at once
  int threads = 1;         ///< per cell
  bool fresh = false;      ///< throw away what the cells have
  bool fail_fast = false;  ///< start nothing after the first failure
  double timeout = 0;      ///< seconds per cell; 0: none
  int retries = 0;         ///< further tries of a cell that failed
};

/// Why a cell of a plan would run, or that it is done.
std::string cell_state(const std::filesystem::path& folder, const PlannedCell& cell);

/// The folder of a cell.
std::filesystem::path cell_folder(const std::filesystem::path& folder, const std::string& id);

/// Runs every cell of `plan` that is not done, shows progress on standard error, and keeps
/// grid.h5 up to date. Returns the exit code of the command: 0, 1, 3 or 130.
int run_plan(const Plan& plan, const RunOptions& options);

/// Writes `<folder>/grid.h5`: one row per cell of the plan.
void write_grid_file(const std::filesystem::path& folder, const Plan& plan);

}  // namespace gibbsite
