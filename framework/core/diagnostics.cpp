#include "gibbsite/core/diagnostics.hpp"

#include <algorithm>
#include <boost/math/distributions/beta.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <unsupported/Eigen/FFT>
#include <vector>

namespace gibbsite {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool is_hopeless(const ChainsView& x) { return x.size() == 0 || !x.allFinite() || is_constant(x); }

std::vector<double> sorted(const ChainsView& x) {
  std::vector<double> values(std::size_t(x.size()));
  Eigen::Map<Eigen::ArrayXXd>(values.data(), x.rows(), x.cols()) = x;
  std::sort(values.begin(), values.end());
  return values;
}

double sample_variance(const Eigen::Ref<const Eigen::ArrayXd>& x) {
  return (x - x.mean()).square().sum() / double(x.size() - 1);
}

double rhat_as_is(const ChainsView& x) {
  if (is_hopeless(x) || x.rows() < 2 || x.cols() < 2) return nan;
  const double n = double(x.rows());
  double within = 0;
  for (const auto& chain : x.colwise()) within += sample_variance(chain);
  within /= double(x.cols());
  const double between = sample_variance(x.colwise().mean().transpose());  // B/n
  return std::sqrt((n - 1) / n + between / within);
}

Eigen::ArrayXXd folded(const ChainsView& x) { return (x - quantile(x, .5)).abs(); }

// Biased autocovariances at lags 0 … n-1, averaged over the chains.
Eigen::ArrayXd mean_autocovariance(const ChainsView& x) {
  const Index n = x.rows();
  Index padded = 1;
  while (padded < 2 * n) padded *= 2;
  Eigen::FFT<double> fft;
  std::vector<double> values(static_cast<std::size_t>(padded));
  std::vector<std::complex<double>> spectrum;
  Eigen::ArrayXd sum = Eigen::ArrayXd::Zero(n);
  for (const auto& chain : x.colwise()) {
    std::fill(values.begin(), values.end(), 0.0);
    Eigen::Map<Eigen::ArrayXd>(values.data(), n) = chain - chain.mean();
    fft.fwd(spectrum, values);
    for (auto& f : spectrum) f = std::norm(f);
    fft.inv(values, spectrum);
    // Lag 0 anew: the transform would leave a trace of rounding in a chain without variance.
    values[0] = (chain - chain.mean()).square().sum();
    if (values[0] > 0) sum += Eigen::Map<Eigen::ArrayXd>(values.data(), n);
  }
  return sum / (double(n) * double(x.cols()));
}

}  // namespace

bool is_constant(const ChainsView& x) {
  return x.size() > 0 && x.maxCoeff() - x.minCoeff() < std::numeric_limits<double>::epsilon();
}

Eigen::ArrayXXd split_chains(const ChainsView& x) {
  const Index half = x.rows() / 2;
  Eigen::ArrayXXd out(half, 2 * x.cols());
  for (Index c = 0; c < x.cols(); ++c) {
    out.col(2 * c) = x.col(c).head(half);
    out.col(2 * c + 1) = x.col(c).tail(half);
  }
  return out;
}

Eigen::ArrayXXd z_scale(const ChainsView& x) {
  Eigen::ArrayXXd values = x;
  if (!values.allFinite()) return Eigen::ArrayXXd::Constant(x.rows(), x.cols(), nan);
  const std::size_t size = std::size_t(x.size());
  std::vector<Index> order(size);
  std::iota(order.begin(), order.end(), Index{0});
  std::sort(order.begin(), order.end(),
            [&](Index a, Index b) { return values.data()[a] < values.data()[b]; });
  Eigen::ArrayXXd z(x.rows(), x.cols());
  const boost::math::normal standard;
  for (std::size_t first = 0, last; first < size; first = last) {
    last = first + 1;
    while (last < size && values.data()[order[last]] == values.data()[order[first]]) ++last;
    const double rank = (double(first) + 1 + double(last)) / 2;
    const double score = boost::math::quantile(standard, (rank - .375) / (double(size) + .25));
    for (std::size_t k = first; k < last; ++k) z.data()[order[k]] = score;
  }
  return z;
}

double quantile(const ChainsView& x, double probability) {
  if (x.size() == 0 || !x.allFinite()) return nan;
  const std::vector<double> values = sorted(x);
  const double at = probability * double(values.size() - 1);
  // The fuzz is R's: a position within rounding of an order statistic is that statistic.
  const double low = std::floor(at + 4 * std::numeric_limits<double>::epsilon());
  double share = at - low;
  if (std::abs(share) < 4 * std::numeric_limits<double>::epsilon()) share = 0;
  const double below = values[std::size_t(low)];
  const double above = values[std::min(std::size_t(low) + 1, values.size() - 1)];
  return share == 0 ? below : (1 - share) * below + share * above;
}

double rhat_basic(const ChainsView& x) { return rhat_as_is(split_chains(x)); }

double rhat(const ChainsView& x) {
  if (is_hopeless(x)) return nan;
  const double location = rhat_as_is(z_scale(split_chains(x)));
  const double spread = rhat_as_is(z_scale(split_chains(folded(x))));
  return std::isnan(location) || std::isnan(spread) ? nan : std::max(location, spread);
}

double ess_basic(const ChainsView& x) {
  if (x.rows() < 3 || is_hopeless(x)) return nan;
  const Index n = x.rows();
  const double size = double(x.size());
  const Eigen::ArrayXd covariance = mean_autocovariance(x);
  const double within = covariance(0) * double(n) / double(n - 1);
  double total = covariance(0);
  if (x.cols() > 1) total += sample_variance(x.colwise().mean().transpose());
  const auto correlation = [&](Index lag) { return 1 - (within - covariance(lag)) / total; };

  // Geyer's initial positive sequence: pairs of lags while their sum is positive.
  Eigen::ArrayXd rho = Eigen::ArrayXd::Zero(n + 1);
  double even = 1, odd = correlation(1);
  rho(0) = even;
  rho(1) = odd;
  Index lag = 0;
  while (lag < n - 5 && even + odd > 0) {
    lag += 2;
    even = correlation(lag);
    odd = correlation(lag + 1);
    if (even + odd >= 0) {
      rho(lag) = even;
      rho(lag + 1) = odd;
    }
  }
  const Index last = lag;
  if (even > 0) rho(last) = even;
  // Geyer's initial monotone sequence: sums of pairs do not grow.
  for (lag = 2; lag <= last - 2; lag += 2)
    if (rho(lag) + rho(lag + 1) > rho(lag - 2) + rho(lag - 1))
      rho(lag) = rho(lag + 1) = (rho(lag - 2) + rho(lag - 1)) / 2;
  const double tau = -1 + 2 * rho.head(std::max<Index>(last, 1)).sum() + rho(last);
  return size / std::max(tau, 1 / std::log10(size));
}

double ess_mean(const ChainsView& x) { return ess_basic(split_chains(x)); }

double ess_bulk(const ChainsView& x) {
  return is_hopeless(x) ? nan : ess_basic(z_scale(split_chains(x)));
}

double ess_quantile(const ChainsView& x, double probability) {
  if (is_hopeless(x)) return nan;
  const double limit = quantile(x, probability);
  return ess_basic(split_chains((x <= limit).cast<double>()));
}

double ess_tail(const ChainsView& x) {
  const double low = ess_quantile(x, .05), high = ess_quantile(x, .95);
  return std::isnan(low) || std::isnan(high) ? nan : std::min(low, high);
}

double ess_median(const ChainsView& x) { return ess_quantile(x, .5); }

double ess_sd(const ChainsView& x) {
  return is_hopeless(x) ? nan : ess_basic(split_chains((x - x.mean()).abs()));
}

double mcse_mean(const ChainsView& x) {
  const Eigen::ArrayXd all = x.reshaped();
  return std::sqrt(sample_variance(all) / ess_mean(x));
}

double mcse_sd(const ChainsView& x) {
  const Eigen::ArrayXXd squares = (x - x.mean()).square();
  const double variance = squares.mean();
  const double spread = (squares.square().mean() - variance * variance) / ess_mean(squares);
  return std::sqrt(spread / variance / 4);
}

double mcse_quantile(const ChainsView& x, double probability) {
  const double ess = ess_quantile(x, probability);
  if (std::isnan(ess)) return nan;
  const boost::math::beta_distribution<double> rank(ess * probability + 1,
                                                    ess * (1 - probability) + 1);
  const double low = boost::math::quantile(rank, .1586553),
               high = boost::math::quantile(rank, .8413447);
  const std::vector<double> values = sorted(x);
  const double size = double(values.size());
  const auto value = [&](double place) {
    return values[std::size_t(std::clamp(place, 1.0, size)) - 1];
  };
  return (value(std::ceil(high * size)) - value(std::floor(low * size))) / 2;
}

double e_bfmi(const Eigen::Ref<const Eigen::ArrayXd>& energy) {
  if (energy.size() < 2 || !energy.allFinite() || is_constant(energy)) return nan;
  const Index n = energy.size();
  return (energy.tail(n - 1) - energy.head(n - 1)).square().sum() /
         (energy - energy.mean()).square().sum();
}

}  // namespace gibbsite
