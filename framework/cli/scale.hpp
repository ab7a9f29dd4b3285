// Axes of figures.
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <vector>

namespace gibbsite {

/// A scale of values and where they lie on the sheet. Values beyond its ends lie at these.
class Scale {
 public:
  /// From `low` to `high`, both positive where it is logarithmic, with some room beside them.
  Scale(bool log, double low, double high) : log_(log), low_(log ? std::log10(low) : low) {
    high_ = log ? std::log10(high) : high;
    if (!(high_ > low_)) {
      const double room = log || low_ == 0 ? 0.5 : std::abs(low_) / 20;
      low_ -= room;
      high_ += room;
    }
    const double room = 0.05 * (high_ - low_);
    low_ -= room;
    high_ += room;
  }
  /// Where its ends lie.
  void lies(double begin, double end) { begin_ = begin, end_ = end; }
  double operator()(double value) const {
    const double at = log_ ? std::log10(value) : value;
    return begin_ + std::clamp((at - low_) / (high_ - low_), 0.0, 1.0) * (end_ - begin_);
  }
  /// At most about `most` round values within.
  std::vector<double> ticks(int most) const {
    const double range = high_ - low_;
    if (log_ && range > 1 && range < 2.5) return powers({1, 2, 5}, 1);
    if (log_ && range > 1) return powers({1}, std::max(1.0, std::ceil(range / most)));
    const double low = log_ ? std::pow(10, low_) : low_, high = log_ ? std::pow(10, high_) : high_;
    const double least = (high - low) / most, unit = std::pow(10, std::floor(std::log10(least)));
    double step = 10 * unit;
    for (const double factor : {5., 2., 1.})
      if (factor * unit >= least) step = factor * unit;
    std::vector<double> all;
    for (double k = std::ceil(low / step); k * step <= high; ++k)
      if (!log_ || k > 0) all.push_back(k * step);
    return all;
  }

 private:
  std::vector<double> powers(std::initializer_list<double> factors, double step) const {
    std::vector<double> all;
    for (double k = std::floor(low_ / step) * step; k <= high_; k += step)
      for (const double factor : factors) {
        const double value = factor * std::pow(10, k);
        if (std::log10(value) >= low_ && std::log10(value) <= high_) all.push_back(value);
      }
    return all;
  }
  bool log_;
  double low_, high_, begin_ = 0, end_ = 1;
};

}  // namespace gibbsite
