// Gradient estimators against what they estimate.
#pragma once

#include <cmath>
#include <functional>

#include "support/rows.hpp"

namespace gibbsite::test {

/// The gradient of the mean log-likelihood of `data`, by summing over all states.
inline Parameters exact_gradient(EnergyModel& model, const Batch& data) {
  Saved saved;
  return make_gradient("exact", context_with(model, nullptr))
      ->estimate(data, saved, Stream(1))
      .ascent;
}

/// Mean and variance of several numbers over independent calls.
using Means = std::vector<Moments>;

/// Of every parameter of `draw(call)` over so many calls.
inline Means means_of(Index calls, const std::function<Parameters(std::uint64_t call)>& draw) {
  Means means;
  for (Index call = 0; call < calls; ++call) {
    const Parameters one = draw(std::uint64_t(call));
    means.resize(std::size_t(one.size()));
    for (Index i = 0; i < one.size(); ++i) means[std::size_t(i)].add(one(i));
  }
  return means;
}

/// Of the ascents of an estimator from fresh states, without memory between calls.
inline Means ascents(const GradientEstimator& estimator, const Batch& data, Index calls,
                     const Stream& random) {
  return means_of(calls, [&](std::uint64_t call) {
    Saved saved = estimator.init(random.split("init").at(call));
    return estimator.estimate(data, saved, random.at(call)).ascent;
  });
}

/// The largest |mean - expected| in standard errors; entries that agree without varying are 0.
inline double largest_t(const Means& means, const Parameters& expected) {
  REQUIRE(Index(means.size()) == expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < means.size(); ++i) {
    const double off = std::abs(means[i].mean - expected(Index(i)));
    const double error = std::sqrt(means[i].variance() / means[i].count);
    if (off > 1e-13) largest = std::max(largest, off / error);
  }
  return largest;
}

}  // namespace gibbsite::test
