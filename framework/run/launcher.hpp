// Workers started by a batch system or a command, instead of by this program: each is `gibbsite
// work` on the run folder, and everything that they do is seen there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbsite/run/schedule.hpp"

namespace gibbsite {

/// How workers are started.
struct LaunchOptions {
  std::string launcher = "local";  ///< local, slurm or command
  int workers = 0;                 ///< 0: as many as cells, up to 4
  std::string time, partition;     ///< of Slurm
  std::vector<std::string> slurm;  ///< further options of sbatch, as they are
  std::string submit;              ///< command of the shell with {worker} in it
  bool detach = false;             ///< do not wait for the workers
};

/// One start of workers: a folder `launch/<number>` of the run folder.
struct Launch {
  std::filesystem::path folder;
  std::string launcher;
  std::string job;  ///< of Slurm
  int workers = 0;
  pid_t shell = -1;  ///< the command of the shell, while this program runs
};

/// Writes what workers need to run the cells of `plan` and has them started: with Slurm as one job
/// array, else by `submit`, once for all where it says {workers}, {last} or nothing of {index}, and
/// once for each worker with {index}. Throws Error with the reason where they cannot be.
Launch start_workers(const Plan& plan, const RunOptions& options, const LaunchOptions& how);

/// Follows the cells of `plan` in the run folder until all are done or no worker is left. Returns
/// the exit code of the command; 130 where cells are left.
int follow_workers(const Plan& plan, const RunOptions& options, const Launch& launch);

/// What is queued and running of all launches, a line for each that has not ended.
std::vector<std::string> launch_lines(const std::filesystem::path& folder);

/// Takes queued workers of all launches out of the queue and asks the others to stop at the next
/// checkpoint. Returns a line for each launch that had not ended.
std::vector<std::string> cancel_launches(const std::filesystem::path& folder);

/// Whether the workers of a launch are no longer wanted.
bool is_cancelled(const std::filesystem::path& launch);

/// Seconds before the end of `time` (as sbatch takes it) at which Slurm is to warn a worker.
int warning_seconds(const std::string& time);

}  // namespace gibbsite
