#include "gibbsite/run/significance.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numbers>

#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr double normal_quantile = 1.959963984540054;  // of .975

}  // namespace

Mean mean_of(const std::vector<double>& values) {
  Moments moments;
  for (const double value : values) moments.add(value);
  Mean mean{int(values.size()), values.empty() ? unknown : moments.mean, unknown, unknown, unknown};
  if (values.size() < 2) return mean;
  const boost::math::students_t law(moments.count - 1);
  mean.standard_error = std::sqrt(moments.variance() / moments.count);
  const double half = quantile(complement(law, 0.025)) * mean.standard_error;
  mean.low = mean.value - half;
  mean.high = mean.value + half;
  return mean;
}

double student_p(const Mean& mean) {
  if (mean.count < 2 || !std::isfinite(mean.value) || !std::isfinite(mean.standard_error))
    return unknown;
  if (mean.standard_error == 0) return mean.value == 0 ? 1 : 0;
  const boost::math::students_t law(mean.count - 1);
  return 2 * cdf(complement(law, std::abs(mean.value / mean.standard_error)));
}

double normal_p(double value, double standard_error) {
  if (!std::isfinite(value) || !std::isfinite(standard_error)) return unknown;
  if (standard_error == 0) return value == 0 ? 1 : 0;
  return std::erfc(std::abs(value / standard_error) / std::numbers::sqrt2);
}

Mean known_mean(double value, double standard_error) {
  const double half = normal_quantile * standard_error;
  return {1, value, standard_error, value - half, value + half};
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < p.size(); ++k)
    if (!std::isnan(p[k])) order.push_back(k);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> corrected(p.size(), unknown);
  double largest = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    largest = std::max(largest, std::min(1.0, double(order.size() - rank) * p[order[rank]]));
    corrected[order[rank]] = largest;
  }
  return corrected;
}

}  // namespace gibbsite
