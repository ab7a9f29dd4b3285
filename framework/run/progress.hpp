// Progress on standard error: live lines on a terminal, one plain line per finished cell elsewhere.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/run/live_lines.hpp"

namespace gibbsite {

/// One running cell as its progress lines tell.
struct CellProgress {
  std::string title;  ///< its varying values, or its id
  std::string stage = "starting";
  double share = 0;    ///< of the stage, in [0, 1]
  double seconds = 0;  ///< of this attempt
  std::string note;
};

/// What is shown while a grid runs.
class ProgressView {
 public:
  explicit ProgressView(std::size_t cells);
  /// A cell has ended; `line` says how.
  void finished(const std::string& line);
  /// Draws the live lines (on a terminal, at most ten times a second).
  void draw(const std::vector<CellProgress>& running, std::size_t done, std::size_t failed);
  /// Removes the live lines.
  void clear();

 private:
  std::size_t cells_;
  LiveLines lines_;
  double started_ = 0, drawn_ = 0;
};

/// "1:02:03", "4.2 s".
std::string duration_text(double seconds);

}  // namespace gibbsite
