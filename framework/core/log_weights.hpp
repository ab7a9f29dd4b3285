// What a set of importance weights says of their mean, and how far it can be trusted.
#pragma once

#include <string>

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// The mean of independent weights w, kept as logarithms, with its uncertainty.
struct LogWeights {
  double log_mean = 0;               ///< ln (1/n) Σ w
  double standard_error = 0;         ///< of log_mean, by the delta method; NaN for one weight
  double lower = 0, upper = 0;       ///< 95 % interval of ln E[w]
  double effective_sample_size = 0;  ///< (Σ w)² / Σ w²
  double max_weight = 0;             ///< largest share of Σ w
  std::string warning;               ///< why not to trust it; empty where nothing speaks against it
};

/// The interval inverts the t statistic with Hall's correction for the skewness of w (Hall 1992,
/// JRSS B 54:221-228) and never ends above the bound ln E[w] >= log_mean + ln .025 that Markov's
/// inequality gives for any w. Flagged: an effective sample size below a tenth of the weights, or
/// one weight with more than .3 of the sum.
GIBBSITE_API LogWeights summarise(const Eigen::Ref<const Eigen::ArrayXd>& log_weights);

}  // namespace gibbsite
