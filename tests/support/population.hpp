// Estimators that are functions of one observation each, under a whole law of observations.
#pragma once

#include "support/rows.hpp"
#include "support/truth.hpp"

namespace gibbsite::test {

/// The mean over the columns of `x`, with weights `law`, of what `estimator` finds for each alone:
/// its objective and gradient where observations have that law.
inline GradientEstimate under_law(const GradientEstimator& estimator, const Batch& x,
                                  const Row& law) {
  GradientEstimate sum;
  sum.objective = 0;
  for (Index n = 0; n < x.cols(); ++n) {
    Saved saved = estimator.init(Stream(1));
    const GradientEstimate one = estimator.estimate(x.col(n), saved, Stream(2));
    if (n == 0) sum.ascent.setZero(one.ascent.size());
    sum.ascent += law(n) * one.ascent;
    sum.objective += law(n) * one.objective;
  }
  return sum;
}

/// The same with the law of a discrete `model` itself.
inline GradientEstimate under_own_law(const GradientEstimator& estimator,
                                      const EnergyModel& model) {
  return under_law(estimator, all_states(model.domain()), law(model));
}

/// Checks that `ascent` is the gradient of `objective` along itself, by central differences at
/// equal random numbers.
inline void check_ascent(const GradientEstimator& estimator, EnergyModel& model, const Batch& data,
                         double tolerance) {
  auto& parametric = *model.capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const auto at = [&](double step, const Parameters& direction) {
    parametric.set_parameters(theta + step * direction);
    Saved saved = estimator.init(Stream(1));
    return estimator.estimate(data, saved, Stream(2));
  };
  const Parameters ascent = at(0, Parameters::Zero(theta.size())).ascent;
  REQUIRE(ascent.norm() > 1e-3);
  const Parameters direction = ascent / ascent.norm();
  constexpr double h = 1e-3;
  const auto slope = [&](double step) {
    return (at(step, direction).objective - at(-step, direction).objective) / (2 * step);
  };
  const double richardson = (4 * slope(h / 2) - slope(h)) / 3;
  parametric.set_parameters(theta);
  CHECK(near(ascent.norm(), richardson, tolerance));
}

}  // namespace gibbsite::test
