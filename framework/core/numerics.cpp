#include "gibbsite/core/numerics.hpp"

#include <cmath>
#include <limits>

namespace gibbsite {

double log_sum_exp(const Eigen::Ref<const Eigen::ArrayXd>& x) {
  double highest = -std::numeric_limits<double>::infinity();
  for (const double value : x) {
    if (std::isnan(value)) return value;
    highest = value > highest ? value : highest;
  }
  if (std::isinf(highest)) return highest;
  double sum = 0;
  for (const double value : x) sum += std::exp(value - highest);
  return highest + std::log(sum);
}

double log_mean_exp(const Eigen::Ref<const Eigen::ArrayXd>& x) {
  return log_sum_exp(x) - std::log(double(x.size()));
}

double softplus(double x) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x))); }

double sigmoid(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double e = std::exp(x);
  return e / (1 + e);
}

double logit(double p) { return std::log(p) - std::log1p(-p); }

}  // namespace gibbsite
