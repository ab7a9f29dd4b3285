// The particles with which gradient estimators stand in for the model's law: where they start, and
// what of them lasts from update to update.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "gibbsite/api/context.hpp"

namespace gibbsite {

/// Where particles start; declared in the params of an estimator, by one of three functions.
struct GIBBSITE_API ParticleParams {
  bool persistent = false;
  Index chains = 100;
  std::string start = "data";
  std::vector<double> noise_range = {};  ///< of real coordinates; empty: N(0, 1)
  std::optional<Index> buffer_size;
  double reinitialization_rate = 0;
  bool one_per_observation = true;  ///< not a field: where particles do not persist

  void fields(Fields& f);
  /// For `chains` particles whether they persist or not.
  void chain_fields(Fields& f);
  /// For particles that always persist.
  void persistent_fields(Fields& f);

 private:
  void lasting_fields(Fields& f);
};

/// Particles of one sampler. The age of a particle is the number of kernel steps since its start.
/// Saved keeps persistent ones: `chains[0]` all of them, `numbers` their ages.
class GIBBSITE_API Particles {
 public:
  /// Throws Error for a buffer without persistence or smaller than `chains`, for a noise range
  /// without noise on real coordinates, and where particles are to start at data other than the
  /// update's and there are none. `sampler` outlives this object.
  Particles(ParticleParams params, const Context& c, const Sampler& sampler);

  /// How many particles an update with so many observations moves.
  Index count(Index observations) const {
    return params_.persistent || !params_.one_per_observation ? params_.chains : observations;
  }
  /// Persistent particles at their start.
  Saved init(const Stream& random) const;
  /// The numbers of the persistent particles that this update is to move, all different; with the
  /// reinitialization rate each of them starts anew. Empty without persistence.
  std::vector<Index> choose(Saved& saved, const Stream& random) const;
  /// Particles first ... first + size - 1 of this update, up to date with the model's parameters
  /// and ready to step. `random` is that of the whole update.
  Chains begin(const BatchView& data, const Saved& saved, std::span<const Index> chosen,
               Index first, Index size, const Stream& random) const;
  /// Keeps particles, where they persist, after they have moved.
  void keep(Saved& saved, std::span<const Index> chosen, Index first, const Chains& now) const;
  /// What estimators report of particles beside their ages: the `temperature` that an unadjusted
  /// kernel aims at, where it says so.
  std::vector<std::string> statistics() const;
  /// Adds `steps` to the ages of the chosen ones, and reports them; statistics are appended.
  void grow_older(Saved& saved, std::span<const Index> chosen, Index steps,
                  GradientEstimate& estimate) const;

 private:
  Batch starts(Index count, Stream random) const;

  ParticleParams params_;
  Index buffer_;
  const EnergyModel& model_;
  const Dataset* train_;
  const Sampler& sampler_;
};

}  // namespace gibbsite
