// Processes as others recognise them, and whether they live.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gibbsite/io/provenance.hpp"
#include "gibbsite/run/lease.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double beats_until_gone = 10, beats_to_watch = 2;

std::string first_line(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

// When the process was started, in ticks since the start of the system; empty where it has ended.
std::string start_of(std::int64_t process) {
  const std::string line = first_line("/proc/" + std::to_string(process) + "/stat");
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return "";
  std::istringstream fields(line.substr(name_end + 1));
  std::string field, state;
  fields >> state;
  for (int k = 4; k <= 22 && fields >> field; ++k) {
  }
  return state == "Z" || state == "X" ? "" : field;
}

std::string batch_job() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const std::string array = variable("SLURM_ARRAY_JOB_ID"); !array.empty())
    return "Slurm job " + array + "_" + variable("SLURM_ARRAY_TASK_ID");
  const std::string job = variable("SLURM_JOB_ID");
  return job.empty() ? "" : "Slurm job " + job;
}

}  // namespace

Holder this_process(double heartbeat) {
  Holder self;
  self.host = host_name();
  self.machine = first_line("/etc/machine-id");
  self.boot = first_line("/proc/sys/kernel/random/boot_id");
  std::error_code unknown;
  self.processes = fs::read_symlink("/proc/self/ns/pid", unknown).string();
  self.process = ::getpid();
  self.started = start_of(self.process);
  self.job = batch_job();
  self.heartbeat = heartbeat;
  return self;
}

std::string holder_text(const Holder& holder) {
  return "process " + std::to_string(holder.process) + " on " + holder.host +
         (holder.job.empty() ? "" : " (" + holder.job + ")");
}

Life life_of(const LeaseFile& lease, double silent, Sighting& sighting) {
  static const Holder self = this_process(0);
  const Holder& holder = lease.holder;
  if (holder.boot == self.boot && holder.processes == self.processes)
    return start_of(holder.process) == holder.started ? Life::alive : Life::gone;
  // This very machine, started anew since.
  if (holder.boot != self.boot && !holder.boot.empty() && holder.host == self.host &&
      holder.machine == self.machine && !self.machine.empty())
    return Life::gone;
  if (sighting.attempt != lease.attempt || sighting.beat != lease.beat)
    sighting = {lease.attempt, lease.beat, Clock::now()};
  const double watched = std::chrono::duration<double>(Clock::now() - sighting.since).count();
  if (silent > beats_until_gone * holder.heartbeat && watched > beats_to_watch * holder.heartbeat)
    return Life::gone;
  return silent > beats_to_watch * holder.heartbeat ? Life::silent : Life::alive;
}

}  // namespace gibbsite
