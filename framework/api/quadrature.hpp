// ln Z of laws on one or two real coordinates by numerical integration.
#pragma once

#include "gibbsite/api/energy_model.hpp"
#include "gibbsite/core/parallel.hpp"

namespace gibbsite {

/// An integral, and how far it can be trusted.
struct Quadrature {
  double log_integral = 0;  ///< ln ∫ e^{-E(x)} dx
  /// Of ln: the larger of the last two changes by refinement, plus the tails beyond the outermost
  /// points as if the integrand fell like 1/x² there.
  double error = 0;
  double log2_points = 0;  ///< of the last refinement
};

/// Whether the model has one or two coordinates, all real or rectified.
GIBBSITE_API bool can_integrate(const EnergyModel& model);

/// The midpoint rule in t on a grid that is refined until the error is below `tolerance` or it
/// would have more than 2^max_log2_points points: x = sinh t for a real coordinate, |x| < 10^7, and
/// x = exp(t - e^{-t}) for a rectified one. The integrand and its derivatives vanish at the ends,
/// so that convergence is faster than any power of the step (Takahasi & Mori 1974, Publ. RIMS
/// 9:721-741). A mode much narrower than the first grid, far from 0 and from every other, may be
/// missed, as by any quadrature. Throws Diverged where an energy is NaN or -∞.
GIBBSITE_API Quadrature integrate(const EnergyModel& model, const Workers& workers,
                                  double tolerance, double max_log2_points);

}  // namespace gibbsite
