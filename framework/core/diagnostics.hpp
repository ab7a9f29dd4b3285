// Convergence diagnostics of Markov chains (Vehtari, Gelman, Simpson, Carpenter & Bürkner 2021,
// Bayesian Analysis 16(2)), to the definitions and digits of the R package posterior 1.4.0.
//
// Chains are arrays of draws x chains. Every function returns NaN where a value is not finite or
// all values are equal: such chains have no R-hat and no effective sample size.
#pragma once

#include "gibbsite/core/types.hpp"

namespace gibbsite {

using ChainsView = Eigen::Ref<const Eigen::ArrayXXd>;

/// Whether all values are equal (to 2.2e-16) and finite.
GIBBSITE_API bool is_constant(const ChainsView& x);
/// First and last half of each chain as two chains; an odd number of draws drops the middle one.
GIBBSITE_API Eigen::ArrayXXd split_chains(const ChainsView& x);
/// Normal scores of the ranks of all values together, ties averaged.
GIBBSITE_API Eigen::ArrayXXd z_scale(const ChainsView& x);
/// The type-7 quantile of all values.
GIBBSITE_API double quantile(const ChainsView& x, double probability);

/// R-hat of the split chains.
GIBBSITE_API double rhat_basic(const ChainsView& x);
/// The larger of rank-normalised R-hat of location and of spread.
GIBBSITE_API double rhat(const ChainsView& x);

/// Effective sample size of the mean of the chains as they are (Geyer's initial monotone sequence).
GIBBSITE_API double ess_basic(const ChainsView& x);
GIBBSITE_API double ess_mean(const ChainsView& x);
GIBBSITE_API double ess_bulk(const ChainsView& x);
/// The smaller of those of the 5 % and 95 % quantiles.
GIBBSITE_API double ess_tail(const ChainsView& x);
GIBBSITE_API double ess_quantile(const ChainsView& x, double probability);
GIBBSITE_API double ess_median(const ChainsView& x);
GIBBSITE_API double ess_sd(const ChainsView& x);

/// Monte Carlo standard errors of the mean, the standard deviation and a quantile.
GIBBSITE_API double mcse_mean(const ChainsView& x);
GIBBSITE_API double mcse_sd(const ChainsView& x);
GIBBSITE_API double mcse_quantile(const ChainsView& x, double probability);

/// Energy fraction of missing information of one chain's energies (Betancourt 2016).
GIBBSITE_API double e_bfmi(const Eigen::Ref<const Eigen::ArrayXd>& energy);

}  // namespace gibbsite
