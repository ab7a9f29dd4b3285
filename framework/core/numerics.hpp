// Sums and functions that must not overflow.
#pragma once

#include <limits>

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// ln Σ e^{x_i}; -∞ for an empty row; a NaN or +∞ entry stays visible.
GIBBSITE_API double log_sum_exp(const Eigen::Ref<const Eigen::ArrayXd>& x);
/// ln (1/n) Σ e^{x_i}.
GIBBSITE_API double log_mean_exp(const Eigen::Ref<const Eigen::ArrayXd>& x);
/// ln(1 + e^x).
GIBBSITE_API double softplus(double x);
/// 1 / (1 + e^{-x}).
GIBBSITE_API double sigmoid(double x);
/// ln(p / (1 - p)).
GIBBSITE_API double logit(double p);

/// Mean and variance of a stream of numbers without cancellation (Welford 1962).
struct Moments {
  double count = 0;
  double mean = 0;
  double squares = 0;  ///< Σ (x - mean)²

  void add(double x) {
    count += 1;
    const double step = x - mean;
    mean += step / count;
    squares += step * (x - mean);
  }
  /// Sample variance (divisor count - 1); NaN for fewer than two numbers.
  double variance() const {
    return count > 1 ? squares / (count - 1) : std::numeric_limits<double>::quiet_NaN();
  }
};

}  // namespace gibbsite
