// Kernels after their warm-up: how many independent draws a gradient buys, and whether the tuning
// that they end with keeps the law.
#pragma once

#include <gibbsite/core/diagnostics.hpp>

#include "support/stationarity.hpp"
#include "support/truth.hpp"

namespace gibbsite::test {

/// `steps` warm-up steps of `count` chains from exact draws of the model.
inline Chains warmed_up(const Sampler& kernel, const EnergyModel& model, Index count, Index steps,
                        std::uint64_t seed = 1) {
  Chains chains = kernel.init(exact_draws(model, count, Stream(seed).split("starts")));
  for (Index n = 1; n <= steps; ++n) {
    kernel.step(chains, Stream(seed).split("warm-up").at(std::uint64_t(n)));
    kernel.adapt(chains, {n, steps});
  }
  return chains;
}

/// The effective sample size of the worst coordinate per gradient, four chains after warm-up.
inline double gradient_efficiency(const Sampler& kernel, const EnergyModel& model, Index warmup,
                                  Index draws) {
  Chains chains = warmed_up(kernel, model, 4, warmup);
  std::vector<Eigen::ArrayXXd> x(std::size_t(model.dim()), Eigen::ArrayXXd(draws, 4));
  const Evaluations before = model.evaluations();
  for (Index n = 0; n < draws; ++n) {
    kernel.step(chains, Stream(2).at(std::uint64_t(n)));
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i].row(n) = chains.x.row(Index(i)).cast<double>().array();
  }
  double worst = HUGE_VAL;
  for (const auto& coordinate : x) worst = std::min(worst, ess_basic(coordinate));
  return worst / double((model.evaluations() - before).gradient);
}

/// Whether exact starts keep the means and products of their coordinates over ten steps with the
/// tuning that a warm-up of 300 steps has left: |z| < 5, rate 6e-7 for each of them. At 4e4 chains
/// a mean that is off by .035 standard deviations has z = 5.
inline bool keeps_law_once_tuned(const Sampler& kernel, const EnergyModel& model) {
  constexpr Index chains = 40000;
  const Chains warm = warmed_up(kernel, model, 1, 300);
  Chains now = kernel.init(exact_draws(model, chains, Stream(3)));
  now.tuning = warm.tuning.replicate(1, chains);
  for (std::uint64_t n = 0; n < 10; ++n) kernel.step(now, Stream(4).at(n));
  const Batch fresh = exact_draws(model, chains, Stream(5));
  const auto differs = [](const Row& a, const Row& b) {
    Moments first, second;
    for (const double value : a) first.add(value);
    for (const double value : b) second.add(value);
    return !(std::abs(first.mean - second.mean) <
             5 * std::sqrt((first.variance() + second.variance()) / double(chains)));
  };
  const auto row = [](const Batch& x, Index i) { return Row(x.row(i).cast<double>().array()); };
  for (Index i = 0; i < model.dim(); ++i) {
    if (differs(row(now.x, i), row(fresh, i))) return false;
    for (Index j = 0; j <= i; ++j)
      if (differs(row(now.x, i) * row(now.x, j), row(fresh, i) * row(fresh, j))) return false;
  }
  return (now.statistics.row(0) > 0).any();
}

}  // namespace gibbsite::test
