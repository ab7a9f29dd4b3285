// Observations as a mixture over hidden states of a latent model.
#pragma once

#include "gibbsite/api/energy_model.hpp"

namespace gibbsite {

/// Draws one hidden state h for each configuration of `x` and adds p(v | h) to `log_sums`, which
/// keeps logarithms of sums (columns of x, observations), for every column of `v`: configurations,
/// or their first coordinates alone. Chain c of `random` is that of column c of `x`. `model` is
/// latent.
GIBBSITE_API void add_hidden_mixture(const EnergyModel& model, const BatchView& x, Stream random,
                                     const BatchView& v, Eigen::Ref<Eigen::ArrayXXd> log_sums);

/// What independent chains of `samples` hidden states each say of the probability of observations.
struct GIBBSITE_API HiddenMixture {
  Eigen::ArrayXd log_probability;  ///< ln p̂(v) = ln mean p(v | h) over all of them
  double standard_error = 0;       ///< of its mean over observations, from the spread of chains
  double effective_chains = 0;  ///< (Σ p̂_c)² / Σ p̂_c² over chains, mean over observations
  HiddenMixture(const Eigen::ArrayXXd& log_sums, Index samples);
};

}  // namespace gibbsite
