// The half of a normal law that lies at x >= 0: density ∝ exp(linear x - precision x²/2).
#pragma once

#include "gibbsite/core/types.hpp"

namespace gibbsite {

// With a = -linear/√precision, all three are functions of Mills' ratio M(a) = ∫_0^∞ e^{-as - s²/2}
// ds, from erfc below a = 3 and above from Laplace's continued fraction
// 1/M(a) = a + 1/(a + 2/(a + 3/(a + …))) (Abramowitz & Stegun 1964, 26.2.14), which has no tail to
// underflow in. NaN where precision is not > 0.

/// ln ∫_0^∞ exp(linear x - precision x²/2) dx.
GIBBSITE_API double rectified_log_partition(double linear, double precision);
/// E[x].
GIBBSITE_API double rectified_mean(double linear, double precision);
/// The x >= 0 with P(X > x) = survival, for survival in (0, 1].
GIBBSITE_API double rectified_quantile(double linear, double precision, double survival);

}  // namespace gibbsite
