#include "gibbsite/run/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace gibbsite {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%3.0f %%", 100 * std::clamp(share, 0.0, 1.0));
  return text;
}

}  // namespace

std::string duration_text(double seconds) {
  char text[48];
  if (seconds < 60)
    std::snprintf(text, sizeof text, "%.1f s", seconds);
  else if (seconds < 3600)
    std::snprintf(text, sizeof text, "%d:%02d", int(seconds) / 60, int(seconds) % 60);
  else
    std::snprintf(text, sizeof text, "%d:%02d:%02d", int(seconds) / 3600, int(seconds) / 60 % 60,
                  int(seconds) % 60);
  return text;
}

ProgressView::ProgressView(std::size_t cells)
    : cells_(cells), lines_(STDERR_FILENO), started_(now()) {}

void ProgressView::finished(const std::string& line) { lines_.say(line + "\n"); }

void ProgressView::clear() { lines_.clear(); }

void ProgressView::draw(const std::vector<CellProgress>& running, std::size_t done,
                        std::size_t failed) {
  if (!lines_.on_terminal() || now() - drawn_ < 0.1) return;
  drawn_ = now();
  std::vector<std::string> lines;
  double parts = 0;
  for (const CellProgress& cell : running) {
    const double left = cell.share > 0.01 ? cell.seconds * (1 - cell.share) / cell.share : NAN;
    lines.push_back("  " + cell.title + "  " + cell.stage + " " + percent(cell.share) +
                    (std::isfinite(left) ? "  " + duration_text(left) + " left" : "") + "  " +
                    cell.note);
    parts += cell.share / 3;
  }
  const double spent = now() - started_,
               share = (double(done) + parts) / double(std::max<std::size_t>(cells_, 1));
  std::string line = std::to_string(done) + " of " + std::to_string(cells_) + " cells done, " +
                     std::to_string(running.size()) + " running";
  if (failed > 0) line += ", " + std::to_string(failed) + " failed";
  line += "  " + duration_text(spent);
  if (done > 0 && share < 1)
    line += ", about " + duration_text(spent * (1 - share) / share) + " left";
  lines.push_back(line);
  lines_.draw(lines);
}

}  // namespace gibbsite
