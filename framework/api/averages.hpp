// What estimators average over data: energies, parameter gradients, log-likelihoods; in blocks
// over the workers, with results that do not depend on their number.
#pragma once

#include <string>

#include "gibbsite/api/completion.hpp"
#include "gibbsite/api/context.hpp"
#include "gibbsite/api/enumerate.hpp"

namespace gibbsite {

/// out += scale · mean_n ∂E(x_n)/∂θ over the columns of `x`.
GIBBSITE_API void add_mean_gradient(const Parametric& model, const BatchView& x, double scale,
                                    const Workers& workers, Parameters& out);

/// The same exactly for rows of observed coordinates, out += scale · mean_n E[∂E/∂θ | x_n], with
/// the hidden ones summed out by log_sum().
GIBBSITE_API void add_exact_mean_gradient(const EnergyModel& model, const BatchView& x,
                                          double scale, const Workers& workers, Parameters& out);

/// The energy of every configuration of `data`. Throws Diverged where one is NaN.
GIBBSITE_API Eigen::ArrayXd energies(const EnergyModel& model, const Dataset& data,
                                     const Workers& workers, Stream random);

/// Numbers of `count` evenly spaced ones of `size` rows.
GIBBSITE_API std::vector<Index> evenly_spaced(Index size, Index count);

/// So many evenly spaced rows of `data` as configurations, or all if fewer; none without data.
GIBBSITE_API Batch evenly_spaced_rows(const Dataset* data, Index count, const Stream& random);

enum class WithGradient { no, yes };

/// Throws Error beginning with `subject` where exact_sum() could not serve this model, so that
/// plugins refuse when they are built.
GIBBSITE_API void require_exact_sum(const EnergyModel& model, ExactLimit limit,
                                    WithGradient gradient, const std::string& subject);

/// Throws Error beginning with the context's subject where the training data leave open more hidden
/// coordinates than log_sum() sums over.
GIBBSITE_API void require_log_sum(const Context& context);

/// The largest data set whose log-likelihood is kept for every observation.
inline constexpr Index max_observations_kept = 100000;

/// Adds to `result` what ln Z says of the data of `context`, where there are any: scalars
/// `mean_log_likelihood_train`, `_test` with `..._standard_error` (that of ln Z, for these data),
/// headlines, and if asked for `log_likelihood (observation)` of the test data, else the training
/// data. Of data that leave hidden coordinates open, it is the likelihood of the observed ones:
/// summed exactly where all sums together have at most 2^26 states, else by log_sum_bound() as
/// `mean_log_likelihood_bound_...` and `log_likelihood_bound`; the attributes `likelihood_train`
/// and `_test` say which. Returns the highest of the means (NaN without data).
GIBBSITE_API double add_log_likelihoods(Result& result, const Context& context,
                                        double log_partition, double standard_error,
                                        bool per_observation);

/// An estimate of ln Z with its uncertainty.
struct LogPartition {
  double value = 0;
  double standard_error = 0;
  double lower = 0, upper = 0;       ///< 95 % interval
  std::string bound = "unbiased_Z";  ///< exact, unbiased_Z, lower, upper (of ln Z) or none
  std::string warning = {};  ///< why not to rely on it; empty where nothing speaks against it
};

/// An estimate of ln Z, no bound, whose standard error is that between `runs` independent runs: its
/// interval is Student's.
GIBBSITE_API LogPartition estimate_of_runs(double value, double standard_error, Index runs,
                                           std::string warning);

/// What every estimator of ln Z reports: `log_partition`, `standard_error`, `interval`, the
/// log-likelihoods, headlines, with the ends of intervals that are finite and not empty, and the
/// attributes `bound`, `log_likelihood_bound` (the other way round), `reliable` and `warning`.
GIBBSITE_API Result log_partition_result(const Context& context, const LogPartition& estimate,
                                         bool per_observation);

/// The result of an estimator of Z by independent weights w with E[w] = Z / Z_0 (annealed or
/// plain importance sampling, sequential Monte Carlo): `log_partition`, `standard_error`,
/// `interval`, `log_weights`, `effective_sample_size`, `max_weight`, the log-likelihoods, and the
/// attributes `bound`, `reliable` and `warning`. A `caveat` says why E[w] is not Z / Z_0 (an
/// unadjusted kernel, say): then the bound is none.
GIBBSITE_API Result weighted_result(const Context& context,
                                    const Eigen::Ref<const Eigen::ArrayXd>& log_weights,
                                    double log_z0, bool per_observation,
                                    const std::string& caveat = "");

/// What a method that is no average of weights says of ln Z.
struct LogPartitionBound {
  double log_partition = 0;
  /// Monte-Carlo error; 0 where there is none, NaN where the distance to ln Z is not known.
  double standard_error = 0;
  std::string bound;    ///< of ln Z: exact, lower, upper or none
  std::string warning;  ///< why not to trust it; empty where nothing speaks against it
};

/// The result of such a method: `log_partition`, `standard_error`, `interval` (open on the side
/// that a bound leaves open), the log-likelihoods, and the attributes `bound`,
/// `log_likelihood_bound` (the other way round: too low a Z makes likelihoods too high),
/// `reliable` and `warning`.
GIBBSITE_API Result bound_result(const Context& context, const LogPartitionBound& found,
                                 bool per_observation);

}  // namespace gibbsite
