// The third contract: a stochastic estimate of the gradient of the mean log-likelihood.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "gibbsite/api/sampler.hpp"

namespace gibbsite {

/// Plain data that a longer computation carries from call to call and that checkpoints keep.
struct Saved {
  std::uint64_t position = 0;
  std::vector<double> numbers;
  std::vector<Chains> chains;  ///< one entry per block of chains
};

/// What one call of an estimator found.
struct GradientEstimate {
  /// d(mean log-likelihood)/dθ = -mean_data ∂E/∂θ + E_model ∂E/∂θ.
  Parameters ascent;
  /// The function whose gradient `ascent` is, to be maximised (a mean log pseudo-likelihood, minus
  /// a score-matching loss), at this update's data, or the part of it that can be computed (ln
  /// p(y|x) of hybrid training); NaN where the estimator has no such function.
  double objective = std::numeric_limits<double>::quiet_NaN();
  /// Mean energy of the data minus that of the model's particles. A monitor, no likelihood.
  double energy_gap = std::numeric_limits<double>::quiet_NaN();
  /// Kernel steps that the model's particles have made since their start; NaN without particles.
  double mean_chain_age = std::numeric_limits<double>::quiet_NaN();
  double max_chain_age = std::numeric_limits<double>::quiet_NaN();
  /// One value for each of GradientEstimator::statistics().
  std::vector<double> statistics = {};
};

/// What an estimator is given of the hidden coordinates where data cover the observed coordinates
/// of a model alone (PartlyObserved): states drawn from their law; the means that the model's
/// inference finds, for estimators linear in them; or nothing but the observed rows.
enum class HiddenCoordinates { states, means, none };

/// An estimator of the gradient of the mean log-likelihood of some data. Immutable: what it
/// carries from update to update is in Saved.
class GIBBSITE_API GradientEstimator : public Plugin {
 public:
  /// The state before the first update (persistent chains, say).
  virtual Saved init(Stream) const { return {}; }
  /// Which form of hidden coordinates `data` has to have.
  virtual HiddenCoordinates takes() const { return HiddenCoordinates::states; }
  /// Names of what every estimate reports of its own (effective sample size, say): further columns
  /// of /training.
  virtual std::vector<std::string> statistics() const { return {}; }
  /// `data` is dim x observations. `random` is positioned at this update.
  virtual GradientEstimate estimate(const BatchView& data, Saved& saved, Stream random) const = 0;
};

}  // namespace gibbsite
