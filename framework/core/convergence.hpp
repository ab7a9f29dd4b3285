// What the draws of one quantity say of their chains, in numbers and with a name for those that
// have none.
#pragma once

#include <limits>

#include "gibbsite/core/diagnostics.hpp"

namespace gibbsite {

/// The diagnostics of one coordinate, or of the energy; NaN where the state is not mixed.
struct Convergence {
  enum class State {
    mixed,
    constant,  ///< one value in all draws of all chains (a border pixel)
    stuck      ///< stands still in chains that differ, or in a chain of a real quantity
  };
  State state = State::mixed;
  double rhat = std::numeric_limits<double>::quiet_NaN();
  double ess_bulk = rhat;
  double ess_tail = rhat;  ///< NaN for two values, which have no tails
  double mcse_mean = rhat;
};

/// Diagnostics of `x` (draws x chains). A rare state of a quantity that is not `real` need not turn
/// up in every chain.
GIBBSITE_API Convergence convergence(const ChainsView& x, bool real);

}  // namespace gibbsite
