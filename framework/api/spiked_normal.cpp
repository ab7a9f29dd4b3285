#include "gibbsite/api/spiked_normal.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <numbers>

#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

using Matrix = Eigen::MatrixXd;

// The Cholesky factor of A_h.
Eigen::LLT<Matrix> factor(const Matrix& gram, const Eigen::VectorXd& h) {
  const Matrix product = h.asDiagonal() * gram * h.asDiagonal();
  return (Matrix::Identity(h.size(), h.size()) - product).llt();
}

Eigen::ArrayXd normalized(const Eigen::ArrayXd& log_weights) {
  return (log_weights - log_sum_exp(log_weights)).exp();
}

}  // namespace

SpikedNormal::SpikedNormal(Eigen::ArrayXd precision, const Matrix& W)
    : precision_(std::move(precision)),
      B_(precision_.rsqrt().matrix().asDiagonal() * W),
      gram_(B_.transpose() * B_) {
  if (!gram_.allFinite() || factor(gram_, Eigen::VectorXd::Ones(W.cols())).info() != Eigen::Success)
    throw Error(
        "Λ - W Wᵀ, slabs of precision 1, must be positive definite (it has no Cholesky factor)");
}

// Every h, one per column.
Matrix SpikedNormal::spikes() const {
  if (B_.cols() > most_spikes)
    throw Error("sums over spikes need at most " + std::to_string(most_spikes) + ", got " +
                std::to_string(B_.cols()));
  return states(Domain::binary(B_.cols()), 0, Index{1} << B_.cols()).cast<double>();
}

// bᵀh - ln|A_h|/2 of each column of h.
Eigen::ArrayXd SpikedNormal::log_weights(const Eigen::ArrayXd& b, const Matrix& h) const {
  Eigen::ArrayXd out = (h.transpose() * b.matrix()).array();
  for (Index k = 0; k < out.size(); ++k)
    out(k) -= factor(gram_, h.col(k)).matrixLLT().diagonal().array().log().sum();
  return out;
}

double SpikedNormal::log_partition(const Eigen::ArrayXd& b) const {
  return log_sum_exp(log_weights(b, spikes())) -
         0.5 * (precision_ / (2 * std::numbers::pi)).log().sum();
}

// h_i C_h⁻¹W_i = Λ^{-1/2} (B R_h)_i, as R_h = H + R_h BᵀB H.
void SpikedNormal::moments(const Eigen::ArrayXd& b, Eigen::ArrayXd& rate, Eigen::ArrayXd& squares,
                           Matrix& slabs) const {
  const Index N = B_.cols();
  const Matrix h = spikes(), identity = Matrix::Identity(N, N);
  const Eigen::ArrayXd p = normalized(log_weights(b, h));
  Matrix R = Matrix::Zero(N, N);
  for (Index k = 0; k < p.size(); ++k) {
    const Matrix inverse = factor(gram_, h.col(k)).solve(identity);
    R += p(k) * (h.col(k).asDiagonal() * inverse * h.col(k).asDiagonal());
  }
  const Matrix BR = B_ * R;
  rate = (h * p.matrix()).array();
  squares = (1 + BR.cwiseProduct(B_).rowwise().sum().array()) / precision_;
  slabs = precision_.rsqrt().matrix().asDiagonal() * BR;
}

// v = Λ^{-1/2} (ξ + B H L⁻ᵀζ) with A_h = L Lᵀ and ξ, ζ standard normal has covariance C_h⁻¹.
void SpikedNormal::draw(const Eigen::ArrayXd& b, Stream random, Eigen::Ref<Batch> v) const {
  const Matrix spikes_of = spikes();
  const Eigen::ArrayXd p = normalized(log_weights(b, spikes_of));
  const Row u = random.uniform(v.cols());
  Batch noise(B_.cols(), v.cols());
  random.normal(noise);
  random.normal(v);
  for (Index n = 0; n < v.cols(); ++n) {
    Index k = 0;
    for (double below = p(0); u(n) >= below && k + 1 < p.size();) below += p(++k);
    const Eigen::VectorXd h = spikes_of.col(k), zeta = noise.col(n).cast<double>();
    const Eigen::VectorXd slabs = h.cwiseProduct(factor(gram_, h).matrixU().solve(zeta));
    const Eigen::ArrayXd scaled = (v.col(n).cast<double>() + B_ * slabs).array();
    v.col(n) = (scaled * precision_.rsqrt()).matrix().cast<Real>();
  }
}

}  // namespace gibbsite
