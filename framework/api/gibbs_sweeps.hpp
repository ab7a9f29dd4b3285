// Whole sweeps of Gibbs sampling in a loop of the model's own.
#pragma once

#include "gibbsite/api/energy_model.hpp"

namespace gibbsite {

/// Of models whose conditional laws are drawn faster by themselves than by whoever asks for them
/// set by set: one call for a block of chains and any number of sweeps. It changes how fast kernels
/// are, never what they can do, so it is not among AllAbilities, and wrappers need not forward it.
class GIBBSITE_API GibbsSweeps : public virtual Counted {
 public:
  static constexpr std::string_view name = "gibbs_sweeps";
  /// Draws the sets of Conditional::independent_sets() one after the other (or else coordinate
  /// after coordinate) in every column of `x`, `sweeps` times, and counts the site updates. The
  /// laws are those of `natural` to the resolution of Stream::bernoulli; the random numbers may be
  /// used in another way. Where the present parameters have no such loop, and while outcomes are
  /// walked through (core/choice.hpp), it does nothing and returns false.
  bool gibbs_sweeps(Index sweeps, Eigen::Ref<Batch> x, Stream& random) const;

 protected:
  ~GibbsSweeps() = default;

 private:
  virtual bool do_gibbs_sweeps(Index sweeps, Eigen::Ref<Batch> x, Stream& random) const = 0;
};

}  // namespace gibbsite
