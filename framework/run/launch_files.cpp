#include "gibbsite/run/launch_files.hpp"

#include <algorithm>
#include <sstream>

#include "gibbsite/io/files.hpp"
#include "gibbsite/run/lease.hpp"
#include "gibbsite/run/program_output.hpp"

namespace gibbsite {

namespace fs = std::filesystem;

WorkerCount count_workers(const Launch& launch) {
  WorkerCount count;
  std::error_code none;
  for (const auto& item : fs::directory_iterator(launch.folder / "workers", none)) {
    ++count.begun;
    count.alive += is_held(item.path()) ? 1 : 0;
  }
  return count;
}

QueueCount ask_queue(const std::string& job) {
  QueueCount count;
  const EngineOutput answer =
      run_program({"squeue", "--noheader", "--array", "--jobs=" + job, "--format=%T|%r"});
  // A job that is long over is an invalid one.
  count.known = answer.exit_code == 0 || answer.text.find("Invalid job id") != std::string::npos;
  if (answer.exit_code != 0) return count;
  std::istringstream lines(answer.text);
  for (std::string line; std::getline(lines, line);) {
    const auto bar = line.find('|');
    if (bar == std::string::npos) continue;
    if (line.starts_with("PENDING")) {
      ++count.waiting;
      count.reason = line.substr(bar + 1);
    } else {
      ++count.running;
    }
  }
  return count;
}

std::vector<Launch> open_launches(const fs::path& folder) {
  std::vector<Launch> launches;
  std::error_code none;
  for (const auto& item : fs::directory_iterator(folder / "launch", none)) {
    if (!fs::exists(item.path() / "started") || fs::exists(item.path() / "ended")) continue;
    Launch launch{.folder = item.path(), .launcher = {}, .job = {}};
    std::istringstream words(read_file(item.path() / "started"));
    words >> launch.launcher >> launch.workers >> launch.job;
    launches.push_back(std::move(launch));
  }
  std::sort(launches.begin(), launches.end(), [](const Launch& a, const Launch& b) {
    return std::stoi(a.folder.filename()) < std::stoi(b.folder.filename());
  });
  return launches;
}

void close_launch(const Launch& launch) {
  try {
    write_file(launch.folder / "ended", "");
  } catch (const StorageError&) {
    // Whoever looks next will find the same.
  }
}

bool is_cancelled(const fs::path& launch) { return fs::exists(launch / "cancelled"); }

std::vector<std::string> launch_lines(const fs::path& folder) {
  std::vector<std::string> lines;
  for (const Launch& launch : open_launches(folder)) {
    const WorkerCount workers = count_workers(launch);
    std::string line;
    if (launch.launcher == "slurm") {
      const QueueCount queue = ask_queue(launch.job);
      if (queue.known && queue.running + queue.waiting + workers.alive == 0) {
        close_launch(launch);
        continue;
      }
      line = "Slurm job " + launch.job + ": ";
      line += queue.known ? std::to_string(queue.running) + " running, " +
                                std::to_string(queue.waiting) + " queued"
                          : "the queue does not answer";
      if (queue.waiting > 0) line += " (" + queue.reason + ")";
      line += "; ";
    } else {
      line = "launch " + launch.folder.filename().string() + ": ";
    }
    lines.push_back(line + std::to_string(workers.alive) + " of " + std::to_string(launch.workers) +
                    " workers at work");
  }
  return lines;
}

std::vector<std::string> cancel_launches(const fs::path& folder) {
  std::vector<std::string> lines;
  for (const Launch& launch : open_launches(folder)) {
    write_file(launch.folder / "cancelled", "");
    std::string line = "launch " + launch.folder.filename().string();
    if (launch.launcher == "slurm") {
      line = "Slurm job " + launch.job;
      const EngineOutput queued = run_program({"scancel", "--state=PENDING", launch.job}),
                         running = run_program({"scancel", "--batch", "--signal=TERM",
                                                "--state=RUNNING", launch.job});
      if (queued.exit_code != 0 && running.exit_code != 0)
        throw Error("scancel " + launch.job + ": " + queued.text);
    }
    lines.push_back(line + ": cancelled");
  }
  return lines;
}

}  // namespace gibbsite
