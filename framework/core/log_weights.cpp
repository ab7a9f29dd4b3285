#include "gibbsite/core/log_weights.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

// The inverse of Hall's cubic T + aT² + a²T³/3 + skewness/(6√n), a = skewness/(3√n).
double hall_inverse(double t, double skewness, double n) {
  const double a = skewness / (3 * std::sqrt(n));
  return std::abs(a) < 1e-8 ? t : (std::cbrt(1 + 3 * a * (t - a / 2)) - 1) / a;
}

}  // namespace

LogWeights summarise(const Eigen::Ref<const Eigen::ArrayXd>& log_weights) {
  const double infinity = std::numeric_limits<double>::infinity(), n = double(log_weights.size());
  LogWeights out;
  out.log_mean = log_mean_exp(log_weights);
  out.standard_error = std::numeric_limits<double>::quiet_NaN();
  out.lower = out.log_mean + std::log(.025);
  out.upper = infinity;
  if (!std::isfinite(out.log_mean)) {
    out.warning = "no weight is a positive finite number";
    return out;
  }
  const Eigen::ArrayXd w = (log_weights - out.log_mean).exp();  // mean 1
  out.effective_sample_size = n * n / w.square().sum();
  out.max_weight = w.maxCoeff() / n;
  if (n > 1) {
    const double variance = (w - 1).square().sum() / (n - 1);
    const double error = std::sqrt(variance / n);
    const double skewness =
        variance > 0 ? (w - 1).cube().mean() / std::pow((w - 1).square().mean(), 1.5) : 0;
    const double t = boost::math::quantile(boost::math::students_t(n - 1), .975);
    const double low = 1 - hall_inverse(t, skewness, n) * error;
    out.standard_error = error;
    if (low > 0) out.lower = std::max(out.lower, out.log_mean + std::log(low));
    out.upper = out.log_mean + std::log(1 - hall_inverse(-t, skewness, n) * error);
  }
  const std::string ess = number_text(std::round(10 * out.effective_sample_size) / 10);
  if (n == 1)
    out.warning = "a single weight says nothing of its own spread";
  else if (out.effective_sample_size < .1 * n)
    out.warning =
        "the " + number_text(n) + " weights are worth " + ess +
        " equal ones, less than a tenth: log Z is probably too low and its interval too narrow";
  else if (out.max_weight > .3)
    out.warning = "one weight has " + number_text(std::round(100 * out.max_weight)) +
                  " % of the sum: log Z is probably too low and its interval too narrow";
  return out;
}

}  // namespace gibbsite
