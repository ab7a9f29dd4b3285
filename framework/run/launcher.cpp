#include "gibbsite/run/launcher.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sstream>

#include "gibbsite/io/files.hpp"
#include "gibbsite/run/launch_files.hpp"
#include "gibbsite/run/program_output.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// A word as the shell takes it for itself.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

// A new folder launch/1, launch/2, ...: the first to make it has it.
fs::path new_launch_folder(const fs::path& folder) {
  make_folder(folder / "launch");
  for (int number = 1;; ++number) {
    const fs::path own = folder / "launch" / std::to_string(number);
    if (::mkdir(own.c_str(), 0777) == 0) return own;
    if (errno != EEXIST)
      throw StorageError(own.string() + ": cannot be made: " + std::strerror(errno));
  }
}

std::string worker_script(const fs::path& launch, const RunOptions& options) {
  const fs::path folder = fs::absolute(options.folder).lexically_normal();
  std::vector<std::string> words = {fs::read_symlink("/proc/self/exe").string(), "work",
                                    folder.string()};
  const auto add = [&](const char* option, const std::string& value) {
    words.emplace_back(option);
    words.push_back(value);
  };
  add("--launch", fs::absolute(launch).lexically_normal().string());
  add("--jobs", std::to_string(options.jobs));
  add("--threads", std::to_string(options.threads));
  add("--retries", std::to_string(options.retries));
  add("--crash-limit", std::to_string(options.crash_limit));
  add("--timeout", number_text(options.limits.seconds));
  add("--heartbeat", number_text(options.heartbeat));
  if (options.limits.memory > 0) add("--memory", std::to_string(options.limits.memory));
  if (options.fail_fast) words.emplace_back("--fail-fast");
  std::string script = "#!/bin/sh\nexec";
  for (const std::string& word : words) script += " " + quoted(word);
  return script + "\n";
}

std::string submit_to_slurm(const Launch& launch, const std::string& name,
                            const RunOptions& options, const LaunchOptions& how) {
  std::vector<std::string> words = {
      "sbatch",
      "--parsable",
      "--array=0-" + std::to_string(launch.workers - 1),
      "--job-name=gibbsite-" + name,
      "--cpus-per-task=" + std::to_string(options.jobs * options.threads),
      "--output=" + (fs::absolute(launch.folder) / "%a.log").string(),
      "--open-mode=append",
      "--signal=B:USR1@" + std::to_string(warning_seconds(how.time))};
  if (!how.time.empty()) words.push_back("--time=" + how.time);
  if (!how.partition.empty()) words.push_back("--partition=" + how.partition);
  words.insert(words.end(), how.slurm.begin(), how.slurm.end());
  words.push_back((launch.folder / "worker.sh").string());
  const EngineOutput answer = run_program(words);
  // `job` or `job;cluster`, after whatever else a site's sbatch has to say.
  std::string last;
  std::vector<std::string> said;
  std::istringstream lines(answer.text);
  for (std::string line; std::getline(lines, line);)
    if (!line.empty()) said.push_back(last = line);
  const std::string job = last.substr(0, last.find(';'));
  if (answer.exit_code == 0 && !job.empty() &&
      job.find_first_not_of("0123456789") == std::string::npos)
    return job;
  fs::remove_all(launch.folder);
  throw Error("--launcher slurm: sbatch refused: " + join(said, "; "));
}

bool mentions(const std::string& text, const char* word) {
  return text.find(word) != std::string::npos;
}

std::string filled(std::string text, const Launch& launch, int index) {
  const std::pair<const char*, std::string> values[] = {
      {"{worker}", quoted((fs::absolute(launch.folder) / "worker.sh").string())},
      {"{workers}", std::to_string(launch.workers)},
      {"{last}", std::to_string(launch.workers - 1)},
      {"{index}", std::to_string(index)}};
  for (const auto& [word, value] : values)
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at))
      text.replace(at, std::strlen(word), value), at += value.size();
  return text;
}

// The commands for all workers run side by side, and the shell ends with the last.
pid_t submit_by_command(const Launch& launch, const std::string& submit) {
  const bool each = mentions(submit, "{index}");
  std::string all;
  for (int k = 0; k < (each ? launch.workers : 1); ++k)
    all += (each ? "( " : "") + filled(submit, launch, k) + (each ? " ) &\n" : "\n");
  if (each) all += "wait\n";
  return start_shell(all, launch.folder / "submit.log");
}

}  // namespace

int warning_seconds(const std::string& time) {
  constexpr int usual = 60;
  const auto dash = time.find('-');
  std::istringstream fields(time.substr(dash == std::string::npos ? 0 : dash + 1));
  std::vector<double> parts;
  for (std::string part; std::getline(fields, part, ':');) parts.push_back(std::atof(part.c_str()));
  if (parts.empty() || dash != std::string::npos) return usual;
  // minutes, minutes:seconds or hours:minutes:seconds
  const double seconds = parts.size() == 3   ? 3600 * parts[0] + 60 * parts[1] + parts[2]
                         : parts.size() == 2 ? 60 * parts[0] + parts[1]
                                             : 60 * parts[0];
  return seconds <= 0 ? usual : int(std::clamp(seconds / 4, 5.0, double(usual)));
}

Launch start_workers(const Plan& plan, const RunOptions& options, const LaunchOptions& how) {
  Launch launch{.folder = new_launch_folder(options.folder),
                .launcher = how.launcher,
                .job = {},
                .workers = how.workers};
  std::string cells;
  for (const PlannedCell& cell : plan.cells) cells += cell.id + "\n";
  write_file(launch.folder / "cells", cells);
  write_file(launch.folder / "worker.sh", worker_script(launch.folder, options));
  fs::permissions(launch.folder / "worker.sh", fs::perms(0777), fs::perm_options::replace);
  make_folder(launch.folder / "workers");
  if (how.launcher == "slurm")
    launch.job = submit_to_slurm(launch, plan.name, options, how);
  else
    launch.shell = submit_by_command(launch, how.submit);
  write_file(launch.folder / "started",
             launch.launcher + " " + std::to_string(launch.workers) + " " + launch.job + "\n");
  return launch;
}

}  // namespace gibbsite
