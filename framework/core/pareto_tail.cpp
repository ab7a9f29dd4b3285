#include "gibbsite/core/pareto_tail.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

// The fit of Zhang & Stephens to exceedances in ascending order.
double fitted_shape(const Eigen::ArrayXd& x) {
  const double n = double(x.size()), points = 30 + std::floor(std::sqrt(n));
  const double quartile = x(Index(std::floor(n / 4 + .5)) - 1), largest = x(x.size() - 1);
  const Eigen::ArrayXd j = Eigen::ArrayXd::LinSpaced(Index(points), 1, points);
  const Eigen::ArrayXd theta = 1 / largest + (1 - (points / (j - .5)).sqrt()) / (3 * quartile);
  const auto shape = [&](double at) { return (-at * x).log1p().mean(); };
  Eigen::ArrayXd log_likelihood(theta.size());
  for (Index k = 0; k < theta.size(); ++k) {
    const double found = shape(theta(k));
    log_likelihood(k) = n * (std::log(-theta(k) / found) - found - 1);
  }
  const double total = log_sum_exp(log_likelihood);
  return shape((theta * (log_likelihood - total).exp()).sum());
}

}  // namespace

double pareto_shape(const Eigen::Ref<const Eigen::ArrayXd>& log_weights) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), n = double(log_weights.size());
  if (log_weights.size() < 2 || !std::isfinite(log_sum_exp(log_weights))) return nan;
  std::vector<double> sorted(log_weights.begin(), log_weights.end());
  std::sort(sorted.begin(), sorted.end());
  const Index tail = Index(std::ceil(std::min(n / 5, 3 * std::sqrt(n))));
  const double cutoff = sorted[sorted.size() - std::size_t(tail) - 1], highest = sorted.back();
  std::vector<double> above;
  for (const double value : sorted) {
    const double exceedance = std::exp(value - highest) - std::exp(cutoff - highest);
    if (exceedance > 0) above.push_back(exceedance);
  }
  if (above.size() < 5) return nan;
  const double count = double(above.size());
  const double k = fitted_shape(Eigen::Map<const Eigen::ArrayXd>(above.data(), Index(count)));
  return (count * k + 10 * .5) / (count + 10);
}

}  // namespace gibbsite
