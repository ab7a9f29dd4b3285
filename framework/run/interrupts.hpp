// The wish to stop a program that runs cells: signals, or a word left in the run folder.
#pragma once

#include <cstdint>
#include <filesystem>

namespace gibbsite {

/// Heeds SIGINT, SIGTERM, SIGHUP and SIGUSR1 (which batch systems send before the time is up), and
/// cancellation of the folder from now on. Closed pipes and limits on file sizes become errors of
/// the calls concerned.
class Interrupts {
 public:
  explicit Interrupts(std::filesystem::path folder);
  /// 0: go on, 1: stop at the next checkpoints, 2: at once.
  int level();

 private:
  std::int64_t cancelled() const;
  std::filesystem::path mark_;
  std::int64_t before_;
  bool cancelled_ = false;
};

}  // namespace gibbsite
