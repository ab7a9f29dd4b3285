// What exact sums run over: the states of a model or of its hidden layer.
#pragma once

#include <memory>
#include <string>

#include "gibbsite/api/enumerate.hpp"

namespace gibbsite {

/// The log weights of numbered states (`states`), whose sum is Z.
class GIBBSITE_API StateTerms {
 public:
  /// How many states to ask for at once.
  static constexpr Index block = 256;

  virtual ~StateTerms() = default;
  /// Where the states live.
  virtual const Domain& domain() const = 0;
  /// How many there are.
  std::uint64_t count() const;
  /// ln of each state's share of Z, 1 x states.
  virtual Row log_weights(const Batch& states) const = 0;
  /// out += Σ_n w_n E[∂E/∂θ | state n]. Needs a Parametric model.
  virtual void gradient(const Batch& states, const Row& weights, Parameters& out) const = 0;
};

/// The layer whose states are fewer, `hidden_sum` or `enumeration`, where they are not too many;
/// else empty.
GIBBSITE_API std::string summation_method(const EnergyModel& model, ExactLimit limit);

/// The states that `method` (see summation_method) runs over. The model outlives them.
GIBBSITE_API std::unique_ptr<StateTerms> state_terms(const EnergyModel& model,
                                                     const std::string& method);

}  // namespace gibbsite
