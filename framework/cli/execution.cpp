#include "gibbsite/cli/execution.hpp"

namespace gibbsite {

namespace po = boost::program_options;

namespace {

using Texts = std::vector<std::string>;

int positive(const po::variables_map& values, const char* name) {
  if (!values.contains(name)) return 0;
  const int value = values[name].as<int>();
  if (value < 1)
    throw Error(std::string("--") + name + ": must be >= 1, got " + std::to_string(value));
  return value;
}

std::string text(const po::variables_map& values, const char* name) {
  return values.contains(name) ? values[name].as<std::string>() : "";
}

}  // namespace

void add_execution_options(po::options_description& options) {
  options.add_options()("jobs", po::value<int>(), "cells at once (default: the number of cores)")(
      "threads", po::value<int>(), "threads per cell (default: cores / jobs)")(
      "fail-fast", "start nothing more after a failure")(
      "timeout", po::value<double>()->default_value(0),
      "seconds of work after which a cell has failed (0: never)")(
      "memory", po::value<std::string>(), "memory that a cell may use, such as 512M or 2G")(
      "retries", po::value<int>()->default_value(0), "further tries of a cell that fails")(
      "crash-limit", po::value<int>()->default_value(5),
      "a cell fails after so many programs in a row have vanished at it (0: never)")(
      "heartbeat", po::value<double>()->default_value(15),
      "seconds between signs of life; a program on another machine counts as gone after ten");
}

void add_launch_options(po::options_description& options) {
  options.add_options()("launcher", po::value<std::string>()->default_value("local"),
                        "who runs the cells: local, slurm or command")(
      "workers", po::value<int>(), "workers to start (default: one per cell, up to 4)")(
      "time", po::value<std::string>(), "Slurm's time limit of a worker, such as 30 or 4:00:00")(
      "partition", po::value<std::string>(), "Slurm's partition")(
      "slurm", po::value<Texts>()->default_value({}, "none"),
      "a further option of sbatch, such as --slurm=--account=x")(
      "submit", po::value<std::string>(),
      "command that starts workers: {worker} is the script to run, {workers} their number, {last} "
      "one less; with {index} it runs once for each")("detach", "do not wait for the workers");
}

RunOptions execution_options(const po::variables_map& values) {
  RunOptions options;
  options.jobs = positive(values, "jobs");
  options.threads = positive(values, "threads");
  options.fail_fast = values.contains("fail-fast");
  options.limits.seconds = values["timeout"].as<double>();
  options.retries = values["retries"].as<int>();
  options.crash_limit = values["crash-limit"].as<int>();
  options.heartbeat = values["heartbeat"].as<double>();
  if (!(options.limits.seconds >= 0) || options.retries < 0 || options.crash_limit < 0)
    throw Error("--timeout, --retries and --crash-limit: must be >= 0");
  if (!(options.heartbeat >= 0.01)) throw Error("--heartbeat: must be >= 0.01");
  if (values.contains("memory"))
    options.limits.memory = bytes_of(text(values, "memory"), "--memory");
  return options;
}

LaunchOptions launch_options(const po::variables_map& values) {
  LaunchOptions options;
  options.launcher = text(values, "launcher");
  options.workers = positive(values, "workers");
  options.time = text(values, "time");
  options.partition = text(values, "partition");
  options.slurm = values["slurm"].as<Texts>();
  options.submit = text(values, "submit");
  options.detach = values.contains("detach");
  const bool slurm = options.launcher == "slurm", command = options.launcher == "command";
  if (!slurm && !command && options.launcher != "local")
    throw Error("--launcher: must be local, slurm or command, got '" + options.launcher + "'");
  if (command && options.submit.find("{worker}") == std::string::npos)
    throw Error("--submit: must be a command with {worker} in it, got '" + options.submit + "'");
  if (!command && !options.submit.empty()) throw Error("--submit: needs --launcher command");
  if (!slurm && !(options.time.empty() && options.partition.empty() && options.slurm.empty()))
    throw Error("--time, --partition and --slurm: need --launcher slurm");
  if (options.launcher == "local" && (options.workers > 0 || options.detach))
    throw Error("--workers and --detach: need --launcher slurm or command");
  return options;
}

}  // namespace gibbsite
