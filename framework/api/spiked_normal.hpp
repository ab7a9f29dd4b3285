// Mixtures of 2^N normal laws whose precisions differ by rank-one terms that spikes switch on.
#pragma once

#include "gibbsite/core/random.hpp"
#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// P(h) ∝ e^{bᵀh} |C_h|^{-1/2} for h ∈ {0,1}^N and v|h ~ N(0, C_h⁻¹) in R^D, with the precision
/// C_h = diag(Λ) - W diag(h) Wᵀ: what is left of v and h when Gaussian slabs are integrated out.
///
/// With B = Λ^{-1/2} W, H = diag(h) and A_h = I - HBᵀBH (N x N), |C_h| = |Λ| |A_h| (Sylvester) and
/// C_h⁻¹ = Λ^{-1/2} (I + B R_h Bᵀ) Λ^{-1/2} with R_h = H A_h⁻¹ H (Woodbury), so only N x N matrices
/// have Cholesky factors. Every sum is over all 2^N h, and N is at most `most_spikes` for them.
class GIBBSITE_API SpikedNormal {
 public:
  static constexpr Index most_spikes = 14;

  SpikedNormal() = default;
  /// Λ of D entries > 0 and W of D x N. Throws Error unless every C_h is positive definite.
  ///
  /// That is so exactly if C_1 of h = 1 … 1 is: C_h = C_1 + Σ_i (1 - h_i) W_i W_iᵀ adds positive
  /// semidefinite terms to it, and C_1 is one of them. And C_1 is exactly if I - BᵀB is: both say
  /// that no singular value of B reaches 1.
  SpikedNormal(Eigen::ArrayXd precision, const Eigen::MatrixXd& W);

  /// ln Σ_h e^{bᵀh} ∫ e^{-vᵀC_h v/2} dv.
  double log_partition(const Eigen::ArrayXd& b) const;
  /// Means under the law: `rate` E[h_i], `squares` E[v_d²], `slabs` E[h_i C_h⁻¹W_i] (D x N), which
  /// is E[v s_i h_i] for slabs s_i|v, h ~ N(h_i vᵀW_i, 1).
  void moments(const Eigen::ArrayXd& b, Eigen::ArrayXd& rate, Eigen::ArrayXd& squares,
               Eigen::MatrixXd& slabs) const;
  /// Fills every column of `v` (D x chains) with an independent draw.
  void draw(const Eigen::ArrayXd& b, Stream random, Eigen::Ref<Batch> v) const;

 private:
  Eigen::ArrayXd log_weights(const Eigen::ArrayXd& b, const Eigen::MatrixXd& h) const;
  Eigen::MatrixXd spikes() const;

  Eigen::ArrayXd precision_;
  Eigen::MatrixXd B_, gram_;  ///< gram = BᵀB
};

}  // namespace gibbsite
