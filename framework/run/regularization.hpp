// Penalties that training takes off the log-likelihood.
#pragma once

#include <optional>

#include "gibbsite/api/context.hpp"
#include "gibbsite/run/sections.hpp"

namespace gibbsite {

/// The sum of
/// - λ₁|θ|₁ + λ₂|θ|²/2 over chosen blocks: by default weights, which are the blocks with two axes
///   or more beside `level`, and those over bonds;
/// - λ_σ Σ σ(W)²/2 over the same blocks, as matrices of their first axis by all others, σ(W) the
///   largest singular value (Yoshida & Miyato 2017, arXiv:1705.10941): a bound on how steep a
///   network is. W climbs by -λ_σ σ u vᵀ, u and v its singular vectors, by power iteration from a
///   fixed start (to 1e-12 of σ, at most 1000 rounds);
/// - ρ Σ_j KL(p || q_j) for the hidden units of a latent model (Lee, Ekanadham & Ng 2008, NIPS;
///   Hinton 2012, A Practical Guide to Training Restricted Boltzmann Machines, section 11), with p
///   the target and q_j the running mean over batches of P(h_j = 1 | v). Its descent direction is
///   Hinton's, q_j - p for the total input of unit j, averaged over the batch.
class Regularizer {
 public:
  /// Binds to the context's model. Throws Error where a block is unknown, where there are no
  /// weights, or where sparsity is asked for without binary hidden units.
  Regularizer(const RegularizationParams& penalties, const std::optional<SparsityParams>& sparsity,
              const Context& context);

  /// Adds the ascent direction of minus the penalties at the model's present parameters θ, and
  /// returns their sum. `x` (dim x observations) is the batch, `activity` the running mean q, which
  /// is moved on.
  double add(const Parameters& theta, const BatchView& x, Parameters& activity,
             Parameters& ascent) const;

 private:
  double add_sparsity(const BatchView& x, Parameters& activity, Parameters& ascent) const;
  double add_spectral(const Parameters& theta, Parameters& ascent) const;

  RegularizationParams penalties_;
  std::optional<SparsityParams> sparsity_;
  const Latent* latent_;
  const Workers& workers_;
  Parameters penalised_;  ///< 1 where l1 and l2 act, else 0
  std::vector<ParameterBlock> blocks_;
};

}  // namespace gibbsite
