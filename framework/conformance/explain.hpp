// Which fault a kernel that does not keep its law most likely has.
#pragma once

#include <optional>
#include <string>

#include "gibbsite/api/registry.hpp"
#include "gibbsite/conformance/report.hpp"
#include "gibbsite/conformance/stationarity.hpp"

namespace gibbsite {

/// Looks into a kernel on real coordinates: its proposals where the gradient vanishes and where it
/// does not, what it accepts, and the law it keeps instead, all on a normal law with correlated
/// coordinates. A sentence, or nothing where none of the usual faults fits.
std::string explain_real(const MakeSampler& make, EnergyModel& normal, const Workers& workers,
                         Index steps);

/// What all outcomes of one step on a small discrete model say.
struct Walk {
  Index states = 0;
  double defect = 0;     ///< max |π K - π|
  std::string why = {};  ///< what is wrong: the law, or a claim to be reversible; empty if nothing
};
/// Nothing where the model has more than 33 states or real coordinates, the outcomes are more than
/// `most_outcomes` or take more than `most_seconds`, or numbers are not double.
std::optional<Walk> walk_outcomes(const Sampler& kernel, const EnergyModel& model,
                                  Index most_outcomes, double most_seconds);

/// The law that a transition matrix keeps instead: that of another temperature, or the pair of
/// states whose flows differ most.
std::string explain_matrix(const Eigen::MatrixXd& K, const EnergyModel& target);

/// For kernels that do not say they are exact: the variance on N(0, 1) that theirs goes to as the
/// step size goes to 0, from `at(step size)`, chains that long runs of steps have made stationary.
struct SmallStepLimit {
  double variance = 0;
  double standard_error = 0;
};
SmallStepLimit small_step_limit(const std::function<MakeSampler(double step_size)>& at,
                                const Workers& workers);

/// Kernels that do not say they are exact have to be so in the limit of small steps: reports
/// whether this one is. `normal` is a normal law with correlated coordinates.
void examine_unadjusted(const Entry& entry, const Context& context, EnergyModel& normal,
                        Report& report);

}  // namespace gibbsite
