// Exact sums over all states, where they can be had: closed form, hidden layer, or every x.
#pragma once

#include <optional>
#include <string>

#include "gibbsite/api/energy_model.hpp"
#include "gibbsite/core/parallel.hpp"

namespace gibbsite {

/// Configurations number first … first + count - 1 of a discrete domain, coordinate 0 varying
/// fastest; dim x count.
GIBBSITE_API Batch states(const Domain& domain, std::uint64_t first, Index count);

/// What an exact sum found.
struct ExactSum {
  std::string method;  ///< closed_form, hidden_sum or enumeration
  double log_partition = 0;
  Parameters expected_gradient;  ///< E[∂E/∂θ], if asked for and the model has parameters
};

/// Which sums are worth starting: at most 2^max_log2_states states of x or of h.
struct ExactLimit {
  double max_log2_states = 26;
};

/// How ln Z of `model` could be had exactly: `closed_form`, `hidden_sum`, `enumeration`, or empty
/// where none is possible within the limit.
GIBBSITE_API std::string exact_method(const EnergyModel& model, ExactLimit limit = {});

/// ln Z of `model`, with E[∂E/∂θ] if `with_gradient`; streaming log-sum-exp in double over blocks
/// of states on all workers, combined in the order of the blocks. Throws Error where no method is
/// possible, naming the number of states.
GIBBSITE_API ExactSum exact_sum(const EnergyModel& model, const Workers& workers,
                                bool with_gradient, ExactLimit limit = {});

/// Independent draws from the law of `model`, by its own method, by summing out the hidden layer
/// or by enumeration (limit 2^20 states). Throws Error where none is possible.
GIBBSITE_API Batch exact_draws(const EnergyModel& model, Index count, Stream random);

}  // namespace gibbsite
