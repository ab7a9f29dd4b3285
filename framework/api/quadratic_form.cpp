#include "gibbsite/api/quadratic_form.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <numbers>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/kernels.hpp"

namespace gibbsite {
namespace {

using Matrix = Eigen::MatrixXd;

// Column k is vector k of the discrete cosine transform (DCT-II), which are orthonormal.
Matrix cosine_basis(Index d) {
  Matrix basis(d, d);
  for (Index k = 0; k < d; ++k)
    for (Index i = 0; i < d; ++i)
      basis(i, k) = std::sqrt((k == 0 ? 1.0 : 2.0) / double(d)) *
                    std::cos(std::numbers::pi * double(k) * (double(i) + 0.5) / double(d));
  return basis;
}

}  // namespace

void PrecisionParams::fields(Fields& f) {
  f.reals("precision", precision,
          "inverse covariance Λ, positive definite: 1 value (times the "
          "identity), d values (its diagonal) or d² values (row by row)");
  f.real(
      "condition", condition,
      "condition number of Λ: eigenvalues in geometric progression from 1 to it, times precision",
      {.minimum = 1, .unset = "as precision has it"});
  f.flag("rotated", rotated,
         "whether condition has the cosine basis as eigenvectors instead of the coordinates");
}

Matrix PrecisionParams::matrix(Index d, const std::string& subject) const {
  const Index size = Index(precision.size());
  if (size != 1 && (size != d || condition) && (size != d * d || condition))
    throw Error(subject + ": precision: must have 1" +
                (condition
                     ? std::string(" value beside condition")
                     : ", " + std::to_string(d) + " or " + std::to_string(d * d) + " values") +
                ", got " + std::to_string(size));
  if (rotated && !condition) throw Error(subject + ": rotated: needs condition");
  if (size > d) return Eigen::Map<const Matrix>(precision.data(), d, d);
  Eigen::VectorXd values(d);
  for (Index k = 0; k < d; ++k) {
    values(k) = precision[std::size_t(size == 1 ? 0 : k)];
    if (condition && k > 0) values(k) *= std::pow(*condition, double(k) / double(d - 1));
  }
  if (!rotated) return values.asDiagonal();
  const Matrix basis = cosine_basis(d);
  return basis * values.asDiagonal() * basis.transpose();
}

void QuadraticForm::set(const Eigen::Ref<const Matrix>& given, const std::string& subject) {
  if ((given - given.transpose()).cwiseAbs().maxCoeff() > 1e-9 * given.cwiseAbs().maxCoeff())
    throw Error(subject + ": precision: must be symmetric");
  const Matrix precision = 0.5 * (given + given.transpose());
  const Eigen::LLT<Matrix> factor = precision.llt();
  if (factor.info() != Eigen::Success)
    throw Error(subject + ": precision: must be positive definite (it has no Cholesky factor)");
  precision_ = precision.cast<Real>();
  factor_ = factor.matrixL();
}

void QuadraticForm::multiply(const Batch& x, Batch& out) const {
  const Vector zero = Vector::Zero(dim());
  out.resize(dim(), x.cols());
  kernels<Real>().affine(precision_.data(), dim(), dim(), dim(), zero.data(), x.data(), dim(),
                         x.cols(), out.data(), dim());
}

double QuadraticForm::log_integral(double beta) const {
  return 0.5 * double(dim()) * std::log(2 * std::numbers::pi / beta) -
         factor_.diagonal().array().log().sum();
}

Matrix QuadraticForm::covariance() const {
  const auto lower = factor_.triangularView<Eigen::Lower>();
  const Matrix inverse = lower.transpose().solve(lower.solve(Matrix::Identity(dim(), dim())));
  return 0.5 * (inverse + inverse.transpose());
}

Eigen::VectorXd QuadraticForm::solve(const Eigen::VectorXd& b) const {
  const auto lower = factor_.triangularView<Eigen::Lower>();
  return lower.transpose().solve(lower.solve(b));
}

void QuadraticForm::draw(Stream random, Eigen::Ref<Batch> x) const {
  random.normal(x);
  for (Index n = 0; n < x.cols(); ++n) {  // Λ = L Lᵀ: L⁻ᵀ ξ has covariance Λ⁻¹
    const Eigen::VectorXd noise = x.col(n).cast<double>();
    x.col(n) = factor_.triangularView<Eigen::Lower>().transpose().solve(noise).cast<Real>();
  }
}

void QuadraticForm::natural(std::span<const Index> sites, const Vector& x, const Vector& mean,
                            const Vector& b, Eigen::Ref<Vector> natural) const {
  Vector off = x - mean;
  Index row = 0;
  for (const Index i : sites) {
    const auto column = precision_.col(i);
    const Real own = off(i);
    off(i) = -mean(i);
    natural(row++) = b(i) - column.dot(off);
    natural(row++) = column(i);
    off(i) = own;
  }
}

void QuadraticForm::add_gradient(double weight, const Eigen::VectorXd& x, double* out) {
  Eigen::Map<Matrix> by_precision(out, x.size(), x.size());
  // x_i x_j first: only then do both triangles round alike.
  for (Index j = 0; j < x.size(); ++j) by_precision.col(j) += 0.5 * weight * (x * x(j));
}

}  // namespace gibbsite
