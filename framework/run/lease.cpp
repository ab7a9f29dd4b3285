#include "gibbsite/run/lease.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>

#include "gibbsite/core/error.hpp"
#include "gibbsite/io/files.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

// The time of a file's last change, or 0 where there is none.
std::int64_t time_of(const fs::path& file) {
  struct stat about {};
  return ::stat(file.c_str(), &about) == 0 ? nanoseconds(about.st_mtim) : 0;
}

fs::path lease_path(const fs::path& cell, int attempt) {
  return cell / ("lease." + std::to_string(attempt));
}

std::string text_of(const LeaseFile& lease) {
  const Holder& h = lease.holder;
  return "host: " + h.host + "\nmachine: " + h.machine + "\nboot: " + h.boot +
         "\nprocesses: " + h.processes + "\nprocess: " + std::to_string(h.process) +
         "\nstarted: " + h.started + "\njob: " + h.job +
         "\nheartbeat: " + std::to_string(h.heartbeat) +
         "\nvanished: " + std::to_string(lease.vanished) +
         "\ncheckpoint: " + std::to_string(lease.checkpoint) +
         (lease.released ? "\nreleased: true\n" : "\n");
}

LeaseFile parsed(const fs::path& file, int attempt) {
  LeaseFile lease;
  lease.attempt = attempt;
  lease.beat = time_of(file);
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos) continue;
    const std::string key = line.substr(0, colon), value = line.substr(colon + 2);
    if (key == "host") lease.holder.host = value;
    if (key == "machine") lease.holder.machine = value;
    if (key == "boot") lease.holder.boot = value;
    if (key == "processes") lease.holder.processes = value;
    if (key == "process") lease.holder.process = std::atoll(value.c_str());
    if (key == "started") lease.holder.started = value;
    if (key == "job") lease.holder.job = value;
    if (key == "heartbeat") lease.holder.heartbeat = std::max(1e-3, std::atof(value.c_str()));
    if (key == "vanished") lease.vanished = std::atoi(value.c_str());
    if (key == "checkpoint") lease.checkpoint = std::atoll(value.c_str());
    if (key == "released") lease.released = true;
  }
  return lease;
}

void write_plainly(const fs::path& file, const std::string& text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  const bool good =
      descriptor >= 0 && ::write(descriptor, text.data(), text.size()) == ssize_t(text.size());
  const int reason = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (good) return;
  ::unlink(file.c_str());
  throw StorageError(file.string() + ": cannot be written: " + std::strerror(reason));
}

// Like link(2), but true too where the answer to a success was lost on the network.
bool linked(const fs::path& from, const fs::path& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return true;
  const int reason = errno;
  struct stat about {};
  if (::stat(from.c_str(), &about) == 0 && about.st_nlink == 2) return true;
  if (reason == EEXIST) return false;
  throw StorageError(to.string() + ": cannot be made: " + std::strerror(reason));
}

double seconds_between(std::int64_t from, std::int64_t to) { return double(to - from) * 1e-9; }

// The lease that comes after `before`, whose holder, if it had one, is gone.
LeaseFile next_lease(const fs::path& cell, const Holder& self,
                     const std::optional<LeaseFile>& before) {
  LeaseFile lease;
  lease.holder = self;
  lease.checkpoint = time_of(cell / "checkpoint.bin");
  if (!before) return lease;
  lease.attempt = before->attempt;
  if (!before->released)
    lease.vanished = lease.checkpoint == before->checkpoint ? before->vanished + 1 : 0;
  return lease;
}

}  // namespace

std::optional<LeaseFile> newest_lease(const fs::path& cell) {
  int newest = 0;
  std::error_code none;
  for (const auto& item : fs::directory_iterator(cell, none)) {
    const std::string name = item.path().filename().string();
    if (name.starts_with("lease.") && name.find_first_not_of("0123456789", 6) == name.npos)
      newest = std::max(newest, std::atoi(name.c_str() + 6));
  }
  if (newest == 0) return {};
  return parsed(lease_path(cell, newest), newest);
}

bool is_held(const fs::path& cell) {
  const auto lease = newest_lease(cell);
  if (!lease || lease->released) return false;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  Sighting long_ago{lease->attempt, lease->beat, Clock::now() - std::chrono::hours(24 * 365)};
  return life_of(*lease, seconds_between(lease->beat, nanoseconds(now)), long_ago) != Life::gone;
}

bool lease_is_current(const fs::path& cell, int attempt) {
  const auto newest = newest_lease(cell);
  return newest && newest->attempt == attempt;
}

void remove_leases(const fs::path& cell) {
  while (const auto lease = newest_lease(cell))
    if (::unlink(lease_path(cell, lease->attempt).c_str()) != 0 && errno != ENOENT) return;
}

bool Lease::beat() {
  const fs::path file = lease_path(cell_, file_.attempt);
  const double age = std::chrono::duration<double>(Clock::now() - beaten_).count();
  if (age < file_.holder.heartbeat) return true;
  beaten_ = Clock::now();
  if (::utimensat(AT_FDCWD, file.c_str(), nullptr, 0) != 0) return errno != ENOENT;
  return lease_is_current(cell_, file_.attempt);
}

void Lease::release() {
  const fs::path file = lease_path(cell_, file_.attempt);
  if (!lease_is_current(cell_, file_.attempt)) return;
  const fs::path beside = cell_ / ("lease.new." + unique_name());
  file_.released = true;
  try {
    write_plainly(beside, text_of(file_));
    fs::rename(beside, file);
  } catch (const std::exception&) {
    ::unlink(beside.c_str());
    ::unlink(file.c_str());  // no room for a word: no lease is as good
  }
}

Claim claim(const fs::path& cell, const Holder& self, Sighting& sighting) {
  const fs::path beside = cell / ("lease.new." + unique_name());
  while (true) {
    Claim answer;
    answer.other = newest_lease(cell);
    LeaseFile lease = next_lease(cell, self, answer.other);
    ++lease.attempt;
    write_plainly(beside, text_of(lease));
    bool won = false;
    if (answer.other && !answer.other->released) {
      // The new file's time is the file server's: both sides of the difference are by one clock.
      answer.silent = seconds_between(answer.other->beat, time_of(beside));
      if (life_of(*answer.other, answer.silent, sighting) != Life::gone) {
        ::unlink(beside.c_str());
        return answer;
      }
    }
    try {
      won = linked(beside, lease_path(cell, lease.attempt));
    } catch (...) {
      ::unlink(beside.c_str());
      throw;
    }
    ::unlink(beside.c_str());
    if (!won) continue;  // somebody was faster: look who
    if (!lease_is_current(cell, lease.attempt)) {
      ::unlink(lease_path(cell, lease.attempt).c_str());
      continue;
    }
    if (answer.other) {
      ::unlink(lease_path(cell, answer.other->attempt).c_str());
      if (answer.other->released) answer.other.reset();
    }
    answer.lease = std::make_unique<Lease>(cell, lease);
    return answer;
  }
}

}  // namespace gibbsite
