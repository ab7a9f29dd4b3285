// Gibbs sweeps over binary units that all interact with each other.
#pragma once

#include "gibbsite/core/random.hpp"

namespace gibbsite {

/// Units x_i in {0, 1} whose law given all others is logit_i = a_i + Σ_j A_ij x_j.
///
/// Units are drawn a block at a time: the logits of a block are one product for all chains, by the
/// units outside as well as inside as they stand, and what changes inside is added as it does.
/// Logits are never carried further, so that rounding does not add up.
class GIBBSITE_API DenseSweeps {
 public:
  DenseSweeps() = default;
  /// A is symmetric with zero diagonal.
  DenseSweeps(const Batch& A, Vector a);

  /// Draws every unit of each column of `x` in turn, `sweeps` times; takes the random words that
  /// Stream::bernoulli does when it is asked for one unit after the other.
  void draw(Index sweeps, Eigen::Ref<Batch> x, Stream& random) const;
  /// a + A x of each column; `out` is resized.
  void logits(const BatchView& x, Batch& out) const;

 private:
  void block_logits(Index first, const BatchView& x, Batch& out) const;
  void draw_block(Index first, const Stream& random, Eigen::Ref<Batch> x) const;

  Vector rows_;  ///< rows of A: block after block, each column-major
  Vector a_;
};

}  // namespace gibbsite
