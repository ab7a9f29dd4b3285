// xᵀΛx/2 with a positive definite Λ: what models of the normal law share.
#pragma once

#include <span>

#include "gibbsite/api/fields.hpp"
#include "gibbsite/core/random.hpp"

namespace gibbsite {

/// The fields that give an initial Λ.
struct GIBBSITE_API PrecisionParams {
  std::vector<double> precision = {1};
  std::optional<double> condition;
  bool rotated = false;

  void fields(Fields& f);
  /// Λ, d x d. With `condition` κ its eigenvalues are the value of `precision` times κ^{k/(d-1)}, k
  /// = 0 … d-1, on the diagonal in this order or, if `rotated`, with the basis of the discrete
  /// cosine transform as eigenvectors: k has entries √(2/d) cos(π k (i + 1/2)/d), for k = 0 √(1/d).
  /// Throws Error starting with `subject` where the number of values does not fit.
  Eigen::MatrixXd matrix(Index d, const std::string& subject) const;
};

/// Λ (d x d) with its Cholesky factor. Sums of one column never depend on other columns.
class GIBBSITE_API QuadraticForm {
 public:
  /// Takes Λ; throws Error starting with `subject` where it is not symmetric to 1e-9 of its largest
  /// entry or not positive definite, and then keeps the old one.
  void set(const Eigen::Ref<const Eigen::MatrixXd>& precision, const std::string& subject);

  Index dim() const { return precision_.rows(); }
  const Batch& precision() const { return precision_; }
  /// out = Λ x for each column, both dim x columns.
  void multiply(const Batch& x, Batch& out) const;
  /// ln ∫ e^{-β xᵀΛx/2} dx, for β > 0.
  double log_integral(double beta) const;
  /// Λ⁻¹, symmetric to the last bit.
  Eigen::MatrixXd covariance() const;
  /// Λ⁻¹ b.
  Eigen::VectorXd solve(const Eigen::VectorXd& b) const;
  /// Fills the columns of `x` with draws from N(0, Λ⁻¹).
  void draw(Stream random, Eigen::Ref<Batch> x) const;
  /// The conditional laws of coordinates `sites`, one at a time, of E = (x - mean)ᵀΛ(x - mean)/2 -
  /// bᵀx given one x: rows (linear, precision) into `natural`.
  void natural(std::span<const Index> sites, const Vector& x, const Vector& mean, const Vector& b,
               Eigen::Ref<Vector> natural) const;
  /// out += weight x xᵀ/2 for `out` of d² numbers: the derivative by Λ, in both triangles. Its
  /// inner product with a symmetric change of Λ is the change of xᵀΛx/2, and steps along it stay
  /// symmetric to the last bit.
  static void add_gradient(double weight, const Eigen::VectorXd& x, double* out);

 private:
  Batch precision_;
  Eigen::MatrixXd factor_;  ///< L of Λ = L Lᵀ
};

}  // namespace gibbsite
