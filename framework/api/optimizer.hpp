// The fifth contract: a rule that turns gradients into steps.
#pragma once

#include <span>
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

/// A rule whose step of one parameter depends on that parameter, its ascent and its own memory
/// alone. The host takes such steps part by part, on all threads.
class GIBBSITE_API ElementwiseOptimizer : public Optimizer {
 public:
  /// Some consecutive entries of a vector as long as θ.
  using Entries = Eigen::Map<Eigen::ArrayXd>;
  using ConstEntries = Eigen::Map<const Eigen::ArrayXd>;

  /// How many vectors of memory it keeps; they begin as 0.
  virtual std::size_t slot_count() const = 0;
  /// Step number `update` (from 0) of the same entries of θ, the ascent and every slot, in place.
  /// Threads call it at once with different entries.
  virtual void step(Entries theta, ConstEntries ascent, std::span<Entries> slots,
                    std::uint64_t update) const = 0;

  void update(Parameters& theta, const Parameters& ascent, Slots& slots,
              std::uint64_t update) const final;
  /// Makes slots for `size` parameters where there are none yet.
  void make_slots(Slots& slots, Index size) const;
  /// The step of `count` entries from `first` on; the slots have been made.
  void update_entries(Index first, Index count, Parameters& theta, const Parameters& ascent,
                      Slots& slots, std::uint64_t update) const;
};

}  // namespace gibbsite
