// One attempt at a cell in a process of its own: what it says, what it may use, how it ended.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gibbsite/run/process.hpp"
#include "gibbsite/run/progress.hpp"

namespace gibbsite {

/// What a cell may use; 0: any amount.
struct CellLimits {
  double seconds = 0;        ///< of work: time for which this machine or this program slept is none
  double grace = 5;          ///< from there to a kill, for a last checkpoint
  std::uint64_t memory = 0;  ///< bytes
};

/// How a process of a cell ended.
struct CellEnd {
  int code = -1;                 ///< its exit code, where it ended by itself
  int signal = 0;                ///< the signal, where one ended it
  bool timed_out = false;        ///< its time was up
  bool stopped = false;          ///< it was asked to stop, or killed, from here
  double peak_memory = 0;        ///< bytes
  std::vector<std::string> log;  ///< the last lines that it printed
};

/// The engine of one cell, from start to end. What it prints goes to `log.txt` of the cell's
/// folder: the first megabyte, and the last of what is beyond.
class CellWorker {
 public:
  CellWorker(const std::filesystem::path& folder, const std::string& precision, int threads,
             int attempt, const CellLimits& limits);
  /// Kills the engine and all that it started.
  ~CellWorker();
  CellWorker(const CellWorker&) = delete;
  CellWorker& operator=(const CellWorker&) = delete;

  /// Adds what there is to wait for.
  void wait_for(std::vector<pollfd>& files) const;
  /// Whether its end is a matter of milliseconds.
  bool is_ending() const { return ending_; }
  /// Reads what it says, and ends it when its time is up. `passed` is the time since the last look.
  /// Returns how it ended once it has; its own children, if it left any, are then gone too.
  std::optional<CellEnd> look(double passed);
  /// 1: asks it to stop at its next checkpoint; 2: kills it.
  void stop(int level);
  /// What its last progress lines said.
  const CellProgress& progress() const { return progress_; }
  std::int64_t step() const { return step_; }

 private:
  void read_progress();
  void read_output();
  void take_line(const std::string& line);
  void keep(const char* bytes, std::size_t count);
  void limit(double passed);
  std::vector<std::string> last_lines() const;

  CellLimits limits_;
  EngineProcess process_;
  CellProgress progress_;
  std::int64_t step_ = -1;
  std::string partial_;  // an unfinished progress line
  std::string tail_;     // the last that it printed
  int log_ = -1;
  std::size_t printed_ = 0, left_out_ = 0;
  double seconds_ = 0;
  int stop_level_ = 0;
  bool timed_out_ = false, ending_ = false, ended_ = false;
};

/// Why a cell that ended so failed, in one line.
std::string failure_text(const CellWorker& worker, const CellEnd& end, const CellLimits& limits);

/// "512M", "2G" or a number of bytes, in powers of 1024. Throws Error for anything else.
std::uint64_t bytes_of(const std::string& text, const std::string& subject);
/// "1.5 GB", in powers of 1024.
std::string bytes_text(double bytes);

}  // namespace gibbsite
