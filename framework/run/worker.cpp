#include "gibbsite/run/worker.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <sstream>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/node.hpp"

namespace gibbsite {
namespace {

constexpr std::size_t log_bytes = 1 << 20, tail_bytes = 16 << 10, shown_lines = 10;

// The engine's exit codes, beside 0, 1 and 2.
constexpr int storage_fault = 3;

}  // namespace

CellWorker::CellWorker(const std::filesystem::path& folder, const std::string& precision,
                       int threads, int attempt, const CellLimits& limits)
    : limits_(limits),
      process_(start_engine(
          precision,
          {"run", folder.string(), std::to_string(threads), "{progress}", std::to_string(attempt)},
          limits.memory)) {
  // Where there is no room for a log, there is none: that is no reason to lose the cell.
  log_ = ::open((folder / "log.txt").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

CellWorker::~CellWorker() {
  if (!ended_) {
    ::kill(-process_.pid, SIGKILL);
    ::kill(process_.pid, SIGKILL);
    while (::waitpid(process_.pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  for (const int file : {process_.progress, process_.output, log_})
    if (file >= 0) ::close(file);
}

void CellWorker::wait_for(std::vector<pollfd>& files) const {
  for (const int file : {process_.progress, process_.output})
    if (file >= 0) files.push_back({file, POLLIN, 0});
}

std::optional<CellEnd> CellWorker::look(double passed) {
  read_progress();
  read_output();
  limit(passed);
  siginfo_t about{};
  if (::waitid(P_PID, id_t(process_.pid), &about, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      about.si_pid != process_.pid)
    return {};
  // While it has not been reaped its group cannot be another's.
  ::kill(-process_.pid, SIGKILL);
  int status = 0;
  rusage usage{};
  while (::wait4(process_.pid, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  ended_ = true;
  read_progress();
  read_output();
  if (left_out_ > 0 && log_ >= 0) {
    const std::string rest = "\n... " + std::to_string(left_out_) + " bytes left out ...\n" + tail_;
    if (::write(log_, rest.data(), rest.size()) < 0) left_out_ = 0;
  }
  return CellEnd{.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                 .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                 .timed_out = timed_out_,
                 .stopped = stop_level_ > 0 && !timed_out_,
                 .peak_memory = double(usage.ru_maxrss) * 1024,
                 .log = last_lines()};
}

void CellWorker::stop(int level) {
  if (level <= stop_level_) return;
  stop_level_ = level;
  if (level >= 2) ::kill(-process_.pid, SIGKILL);
  ::kill(process_.pid, level == 1 ? SIGTERM : SIGKILL);
}

void CellWorker::limit(double passed) {
  // More than a second between two looks: the machine, or this program, was put to sleep.
  seconds_ += std::min(passed, 1.0);
  if (limits_.seconds <= 0 || seconds_ <= limits_.seconds || (stop_level_ > 0 && !timed_out_))
    return;
  timed_out_ = true;
  stop(seconds_ > limits_.seconds + limits_.grace ? 2 : 1);
}

void CellWorker::read_progress() {
  char buffer[4096];
  while (process_.progress >= 0) {
    const ssize_t got = ::read(process_.progress, buffer, sizeof buffer);
    if (got < 0) return;
    if (got == 0) {
      ::close(process_.progress);
      process_.progress = -1;
      ending_ = true;
      return;
    }
    partial_.append(buffer, std::size_t(got));
    for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
      take_line(partial_.substr(0, end));
      partial_.erase(0, end + 1);
    }
  }
}

// `STAGE SHARE SECONDS STEP NOTE`, or `last STAGE STEP` of a process that is about to end.
void CellWorker::take_line(const std::string& text) {
  std::istringstream line(text);
  std::string first;
  line >> first;
  if (first == "last") {
    line >> progress_.stage >> step_;
    return;
  }
  progress_.stage = first;
  line >> progress_.share >> progress_.seconds >> step_;
  std::getline(line >> std::ws, progress_.note);
}

void CellWorker::read_output() {
  char buffer[1 << 16];
  while (process_.output >= 0) {
    const ssize_t got = ::read(process_.output, buffer, sizeof buffer);
    if (got < 0) return;
    if (got == 0) {
      ::close(process_.output);
      process_.output = -1;
      return;
    }
    keep(buffer, std::size_t(got));
  }
}

void CellWorker::keep(const char* bytes, std::size_t count) {
  tail_.append(bytes, count);
  if (tail_.size() > 2 * tail_bytes) tail_.erase(0, tail_.size() - tail_bytes);
  const std::size_t room = log_bytes > printed_ ? log_bytes - printed_ : 0,
                    now = std::min(count, room);
  printed_ += count;
  left_out_ += count - now;
  if (log_ < 0 || now == 0) return;
  if (::write(log_, bytes, now) < 0) {
    ::close(log_);
    log_ = -1;
  }
}

std::vector<std::string> CellWorker::last_lines() const {
  std::vector<std::string> lines;
  std::istringstream stream(tail_);
  for (std::string line; std::getline(stream, line);) {
    if (line.empty()) continue;
    for (char& c : line)
      if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
    lines.push_back(line.substr(0, 500));
  }
  if (lines.size() > shown_lines) lines.erase(lines.begin(), lines.end() - shown_lines);
  return lines;
}

std::string failure_text(const CellWorker& worker, const CellEnd& end, const CellLimits& limits) {
  const std::string memory = limits.memory > 0
                                 ? " (--memory " + bytes_text(double(limits.memory)) +
                                       "; it used " + bytes_text(end.peak_memory) + ")"
                                 : " (it used " + bytes_text(end.peak_memory) + ")";
  std::string text;
  if (end.timed_out)
    text = "took longer than " + number_text(limits.seconds) + " s";
  else if (end.signal == SIGKILL)
    text = "ended by " + signal_text(SIGKILL) + ", perhaps for want of memory" + memory;
  else if (end.signal != 0)
    text = "ended by " + signal_text(end.signal);
  else if (end.code == 0)
    text = "ended without a result (did a plugin call exit?)";
  else
    text = end.log.empty() ? "ended with exit code " + std::to_string(end.code) : end.log.back();
  if (end.code == 1 && text == "out of memory") text += memory;
  if (end.code == 2 || end.code == storage_fault) return text;  // stages have nothing to do with it
  text += " in stage " + worker.progress().stage;
  if (worker.step() >= 0) text += ", step " + std::to_string(worker.step());
  return text;
}

std::uint64_t bytes_of(const std::string& text, const std::string& subject) {
  double number = 0;
  const auto [rest, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(rest, text.data() + text.size());
  const std::string units = "kMGT";
  const auto power = unit.empty() ? 0 : std::min(units.find(unit[0]), units.size()) + 1;
  if (fault != std::errc() || !(number > 0) || power > units.size() ||
      (unit.size() == 2 && unit[1] != 'B') || unit.size() > 2 || !(number < 1e18))
    throw Error(subject + ": must be a size such as 512M or 2G, got '" + text + "'");
  return std::uint64_t(number * std::pow(1024.0, double(power)));
}

std::string bytes_text(double bytes) {
  const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 1000 && unit < 4; ++unit) bytes /= 1024;
  char text[48];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.3g %s", bytes, units[unit]);
  return text;
}

}  // namespace gibbsite
