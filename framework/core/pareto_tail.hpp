// How heavy the tail of importance weights is.
#pragma once

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// The shape k̂ of the generalised Pareto law of the largest weights above the one before them, as
/// in Pareto smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024, JMLR
/// 25:72): min(n/5, 3√n) of n weights, given as logarithms, are the tail; k is fitted by Zhang &
/// Stephens (2009, Technometrics 51:316-325) and drawn towards 1/2 as ten further observations of
/// that value would. Weights with k >= 1/2 have no variance; above .7 their mean needs more draws
/// than one can have. NaN where fewer than five weights lie above the tail's beginning (few draws,
/// or many draws with the same largest weight, whose tail has an end) or the sum is not finite.
GIBBSITE_API double pareto_shape(const Eigen::Ref<const Eigen::ArrayXd>& log_weights);

}  // namespace gibbsite
