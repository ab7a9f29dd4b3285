// The weight and bias of one layer of a Network.
#pragma once

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// y = W x + b with W (outputs x inputs) and b as they stand in θ, W row by row; `spectral`: W is
/// divided by its largest singular value σ, see Network::backward.
class Weights {
 public:
  Weights(Index outputs, Index inputs, bool spectral);
  Index outputs() const { return by_input_.rows(); }
  Index inputs() const { return by_input_.cols(); }
  /// Whether W can be divided by σ.
  bool accepts(const double* theta) const;
  void set(const double* theta);

  /// For `count` inputs, one after the other.
  void apply(const Real* x, Real* y, Index count) const;
  /// dx = Wᵀ dy, likewise.
  void apply_transposed(const Real* dy, Real* dx, Index count) const;
  /// out += Σ_n w_n ∂(dy_n·y_n)/∂θ, given y_n = W x_n + b.
  void accumulate(const Real* x, const Real* y, const Real* dy, const Row& weights,
                  double* out) const;

 private:
  bool spectral_;
  Batch by_input_, by_output_;  ///< W and Wᵀ: a column per input, per output
  Vector bias_, zero_;
  double sigma_ = 1;
  Vector left_, right_;  ///< singular vectors of σ
};

}  // namespace gibbsite
