#include "gibbsite/core/rectified.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace gibbsite {
namespace {

constexpr double tail_starts = 3;
const double root_half_pi = std::sqrt(std::numbers::pi / 2);

// 1/M(a) - a = 1/(a + 2/(a + 3/(…))) for a >= 3. Relative error < 2e-16.
double hazard_beyond(double a) {
  const int depth = 12 + int(500 / (a * a));
  double rest = a;
  for (int k = depth; k >= 2; --k) rest = a + double(k) / rest;
  return 1 / rest;
}

// M(a) may overflow for a < -38; its inverse is then 0, as it should be.
double mills(double a) {
  if (a >= tail_starts) return 1 / (a + hazard_beyond(a));
  return root_half_pi * std::exp(a * a / 2) * std::erfc(a / std::numbers::sqrt2);
}

double log_mills(double a) {
  if (a >= tail_starts) return -std::log(a + hazard_beyond(a));
  return a * a / 2 + std::log(root_half_pi * std::erfc(a / std::numbers::sqrt2));
}

// ln P(Y > y) of a standard normal Y.
double log_survival(double y) {
  if (y >= tail_starts) return log_mills(y) - 0.5 * (y * y + std::log(2 * std::numbers::pi));
  if (y < 0) return std::log1p(-0.5 * std::erfc(-y / std::numbers::sqrt2));
  return std::log(0.5 * std::erfc(y / std::numbers::sqrt2));
}

// ln P(S > s) for S = Y - a given Y > a, with Y standard normal.
double log_survival_beyond(double a, double s) {
  if (a < tail_starts) return log_survival(a + s) - log_survival(a);
  return log_mills(a + s) - s * (a + s / 2) - log_mills(a);
}

}  // namespace

double rectified_log_partition(double linear, double precision) {
  if (!(precision > 0)) return std::numeric_limits<double>::quiet_NaN();
  return log_mills(-linear / std::sqrt(precision)) - 0.5 * std::log(precision);
}

double rectified_mean(double linear, double precision) {
  if (!(precision > 0)) return std::numeric_limits<double>::quiet_NaN();
  const double scale = std::sqrt(precision), a = -linear / scale;
  return (a >= tail_starts ? hazard_beyond(a) : 1 / mills(a) - a) / scale;
}

double rectified_quantile(double linear, double precision, double survival) {
  if (!(precision > 0)) return std::numeric_limits<double>::quiet_NaN();
  const double scale = std::sqrt(precision), a = -linear / scale;
  const double target = std::log(survival);
  // P(S > s) <= e^{-as - s²/2} for a >= 0 as M falls, and P(S > s) <= P(Y > a + s)/P(Y > a): s
  // starts right of the root, and as ln P is concave and falls, Newton steps come down to it.
  const double root = std::sqrt(a * a - 2 * target);
  double s = a > 0 ? -2 * target / (a + root) : root - a;
  for (int step = 0; step < 100; ++step) {
    const double next = s + (log_survival_beyond(a, s) - target) * mills(a + s);
    if (!(next < s)) break;
    s = next;
  }
  return (s > 0 ? s : 0) / scale;
}

}  // namespace gibbsite
