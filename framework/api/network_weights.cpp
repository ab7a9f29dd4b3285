#include "gibbsite/api/network_weights.hpp"

#include <cmath>

#include "gibbsite/core/kernels.hpp"

namespace gibbsite {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// Where power iteration starts.
Eigen::VectorXd start(Index size) {
  Eigen::VectorXd v(size);
  for (Index k = 0; k < size; ++k) v(k) = 1 + 0.5 * std::sin(1 + double(k) * double(k));
  return v.normalized();
}

// The largest singular value of a matrix and its vectors.
struct Leading {
  Eigen::VectorXd left, right;
  double value = 0;

  explicit Leading(const Eigen::Map<const RowMajor>& W) : right(start(W.cols())) {
    for (int round = 0; round < 1000; ++round) {
      const Eigen::VectorXd before = right;
      left = (W * right).normalized();
      right = (W.transpose() * left).normalized();
      if ((right - before).cwiseAbs().maxCoeff() < 1e-13) break;
    }
    value = left.dot(W * right);
  }
};

}  // namespace

Weights::Weights(Index outputs, Index inputs, bool spectral)
    : spectral_(spectral),
      by_input_(outputs, inputs),
      by_output_(inputs, outputs),
      bias_(outputs),
      zero_(Vector::Zero(inputs)) {}

bool Weights::accepts(const double* theta) const {
  if (!spectral_) return true;
  return (Eigen::Map<const RowMajor>(theta, outputs(), inputs()) * start(inputs())).norm() > 0;
}

void Weights::set(const double* theta) {
  const Eigen::Map<const RowMajor> W(theta, outputs(), inputs());
  if (spectral_) {
    const Leading leading(W);
    sigma_ = leading.value;
    left_ = leading.left.cast<Real>();
    right_ = leading.right.cast<Real>();
  }
  by_input_ = (W / sigma_).cast<Real>();
  by_output_ = by_input_.transpose();
  bias_ = Eigen::Map<const Eigen::VectorXd>(theta + W.size(), outputs()).cast<Real>();
}

void Weights::apply(const Real* x, Real* y, Index count) const {
  kernels<Real>().affine(by_input_.data(), outputs(), outputs(), inputs(), bias_.data(), x,
                         inputs(), count, y, outputs());
}

void Weights::apply_transposed(const Real* dy, Real* dx, Index count) const {
  kernels<Real>().affine(by_output_.data(), inputs(), inputs(), outputs(), zero_.data(), dy,
                         outputs(), count, dx, inputs());
}

// d(W/σ) = dW/σ - (uᵀ dW v) W/σ², and dy·(W/σ)x is dy·(y - b).
void Weights::accumulate(const Real* x, const Real* y, const Real* dy, const Row& weights,
                         double* out) const {
  const Row scaled = weights / sigma_;
  kernels<Real>().products(scaled.data(), dy, outputs(), outputs(), x, inputs(), inputs(),
                           weights.size(), out, inputs());
  Eigen::Map<Eigen::VectorXd> by_bias(out + by_input_.size(), outputs());
  double along = 0;
  for (Index n = 0; n < weights.size(); ++n) {
    const Eigen::Map<const Vector> slope(dy + n * outputs(), outputs());
    by_bias += weights(n) * slope.cast<double>();
    if (!spectral_) continue;
    const Eigen::Map<const Vector> value(y + n * outputs(), outputs());
    along += weights(n) * slope.cast<double>().dot((value - bias_).cast<double>());
  }
  if (!spectral_) return;
  const double share = -along / sigma_;
  kernels<Real>().products(&share, left_.data(), outputs(), outputs(), right_.data(), inputs(),
                           inputs(), 1, out, inputs());
}

}  // namespace gibbsite
