#include "gibbsite/core/convergence.hpp"

namespace gibbsite {

Convergence convergence(const ChainsView& x, bool real) {
  if (is_constant(x)) return {.state = Convergence::State::constant};
  Index still = 0;
  for (Index m = 0; m < x.cols(); ++m) still += is_constant(x.col(m));
  if (still == x.cols() || (still > 0 && real)) return {.state = Convergence::State::stuck};
  const double low = x.minCoeff(), high = x.maxCoeff();
  const bool two_valued = ((x == low) || (x == high)).all();
  Convergence found;
  // Two values have no tails, and their spread says what their mean says.
  found.rhat = two_valued ? rhat_basic(x) : rhat(x);
  found.ess_bulk = ess_bulk(x);
  if (!two_valued) found.ess_tail = ess_tail(x);
  found.mcse_mean = mcse_mean(x);
  return found;
}

}  // namespace gibbsite
