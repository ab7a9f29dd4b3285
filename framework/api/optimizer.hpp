// The fifth contract: a rule that turns gradients into steps.
#pragma once

#include <vector>

#include "gibbsite/api/plugin_base.hpp"

namespace gibbsite {

/// The memory of an optimizer: a few vectors as long as θ. Plain data, so that it is saved.
using Slots = std::vector<Parameters>;

/// An update rule for θ along an ascent direction of the mean log-likelihood.
class GIBBSITE_API Optimizer : public Plugin {
 public:
  /// Takes step number `update` (from 0) in place; makes the slots it needs on first use.
  virtual void update(Parameters& theta, const Parameters& ascent, Slots& slots,
                      std::uint64_t update) const = 0;
  /// The learning rate of step number `update`.
  virtual double learning_rate(std::uint64_t update) const = 0;
};

}  // namespace gibbsite
