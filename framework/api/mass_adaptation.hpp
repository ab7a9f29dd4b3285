// What warm-up learns about the scales of a target: mass matrices, diagonal or dense.
#pragma once

#include <memory>

#include "gibbsite/api/sampler.hpp"

namespace gibbsite {

/// The mass matrix M of each chain as the map L with M⁻¹ = L Lᵀ. In momenta Lᵀp every kernel keeps
/// p ~ N(0, I) and the kinetic energy |p|²/2; L and Lᵀ stand where M⁻¹ did: x moves along L p, p
/// along -Lᵀ∇E. This base is the identity, which learns nothing and owns no row of Chains::tuning.
class GIBBSITE_API MassMatrix {
 public:
  virtual ~MassMatrix() = default;
  virtual Index rows() const { return 0; }
  virtual void init(Table&) const {}
  /// Takes in the draws `x` (dim x chains) after a warm-up step; true where a window has closed and
  /// the masses of all chains have changed.
  virtual bool adapt(Table&, const Batch&, Warmup) const { return false; }
  /// v becomes L v; dim x chains.
  virtual void scale(const Table&, Batch&) const {}
  /// v becomes Lᵀ v.
  virtual void scale_transposed(const Table&, Batch&) const {}
};

/// Adaptation of a diagonal mass matrix in windows (Carpenter et al. 2017, J. Stat. Softw. 76(1);
/// Stan reference manual, "Automatic parameter tuning"): variances of the draws within a window,
/// shrunk towards 1e-3, become the inverse masses at its end. After the first 75 steps windows of
/// 25, 50, 100 ... follow until 50 steps before the end; in a shorter warm-up 15 % and 10 % of it.
/// It owns 3 dim + 1 rows of Chains::tuning from `first_row`: inverse masses in use, then mean,
/// squared deviations and count of the window so far.
class GIBBSITE_API MassAdaptation final : public MassMatrix {
 public:
  MassAdaptation(Index first_row, Index dim) : row_(first_row), dim_(dim) {}
  Index rows() const override { return 3 * dim_ + 1; }
  void init(Table& tuning) const override;
  /// Inverse masses in use, dim x chains.
  auto inverse_mass(const Table& tuning) const { return tuning.middleRows(row_, dim_); }
  bool adapt(Table& tuning, const Batch& x, Warmup at) const override;
  void scale(const Table& tuning, Batch& v) const override;
  void scale_transposed(const Table& tuning, Batch& v) const override { scale(tuning, v); }

 private:
  Index row_, dim_;
};

/// Likewise of a dense one: the covariance S of the n draws of a window, shrunk as Stan does to
/// M⁻¹ = n/(n+5) S + 1e-3 · 5/(n+5) I. It owns 2 dim² + dim + 1 rows from `first_row`: L in use
/// (lower triangular, column-major), then mean, products of deviations and count of the window.
class GIBBSITE_API DenseMassAdaptation final : public MassMatrix {
 public:
  DenseMassAdaptation(Index first_row, Index dim) : row_(first_row), dim_(dim) {}
  Index rows() const override { return 2 * dim_ * dim_ + dim_ + 1; }
  void init(Table& tuning) const override;
  /// L of one chain, dim x dim.
  Eigen::Map<const Eigen::MatrixXd> factor(const Table& tuning, Index chain) const {
    return {tuning.col(chain).data() + row_, dim_, dim_};
  }
  bool adapt(Table& tuning, const Batch& x, Warmup at) const override;
  void scale(const Table& tuning, Batch& v) const override;
  void scale_transposed(const Table& tuning, Batch& v) const override;

 private:
  Index row_, dim_;
};

/// The form of a mass matrix by its name: identity, diagonal or dense. Throws Error for another.
GIBBSITE_API std::unique_ptr<MassMatrix> mass_matrix(const std::string& form, Index first_row,
                                                     Index dim);

}  // namespace gibbsite
