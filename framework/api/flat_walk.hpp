// Walks that find how many states have each energy.
#pragma once

#include <optional>
#include <string>

#include "gibbsite/api/single_changes.hpp"

namespace gibbsite {

/// The walk of Wang & Landau (2001, Phys. Rev. Lett. 86:2050) on a discrete model with
/// conditionals: single coordinates are offered another state, which is taken with probability
/// min(1, g(E)/g(E')), and ln g of the level where the walk is then grows by ln f, which follows
/// Belardinelli & Pereyra (2007, Phys. Rev. E 75:046701): 1 at first, halved whenever all known
/// levels have been visited since the last time, and 1/t, the inverse of the steps per level, once
/// it would be less. A level that is found starts the schedule anew. Until ln f is 0 this is no
/// Markov chain and g off by some ln f; so the walk then produces: g stays as it is, and the visits
/// say by how much it is off.
class GIBBSITE_API FlatWalk {
 public:
  /// Energies in [n · bin_width, (n + 1) · bin_width) are one level; without a width, those that
  /// agree but for rounding. The model outlives this. Throws Error, beginning with `subject`, where
  /// a coordinate is not discrete or the model has no conditionals.
  FlatWalk(const EnergyModel& model, std::optional<double> bin_width, const std::string& subject);

  /// A walk at a random state, knowing no level: one chain, with the known levels in `tuning`, a
  /// column each in the order of their energies, and the schedule in `statistics`.
  Chains start(Stream random) const;
  /// From now on g stays as it is.
  static void produce(Chains& now);
  /// As many steps as there are coordinates. Throws Diverged for an energy that is NaN, and Error
  /// where there are more than 2000 levels.
  void sweep(Chains& now, Stream random) const;

  /// What a walk knows.
  struct Found {
    Eigen::ArrayXd energy;       ///< of each level, the low end of a bin; 1e300 for +∞
    Eigen::ArrayXd log_density;  ///< ln of the number of its states
    Eigen::ArrayXd visits;       ///< since ln f was halved last, or the walk produces
    double log_partition = 0;  ///< ln Σ_E g(E) e^{-E}, in bins by the mean of e^{-E} of the visits
    double log_f = 1;
    /// The fewest visits of a level by the mean over levels.
    double flatness() const { return visits.minCoeff() / visits.mean(); }
  };
  Found found(const Chains& now) const;
  /// What several walks know together: `log_density` is the logarithm of the mean over walks,
  /// `visits` the sum, `log_partition` NaN and `log_f` the largest.
  Found together(const std::vector<Chains>& walks) const;

 private:
  // Rows of tuning: of visits also ln Σ e^{-E}. Rows of statistics.
  enum Level { energy, log_g, visits, log_weight, level_rows };
  enum Schedule { log_f, steps, is_last, produces, schedule_rows };

  static void forget(Table& levels);
  double same(double E) const;
  double key(double E) const;
  Index place(const Table& levels, double key) const;
  bool has(const Table& levels, Index place, double key) const;
  Index level(Chains& now, double E) const;
  void step(Chains& now, Stream& random) const;

  const EnergyModel& model_;
  const Conditional& conditional_;
  std::optional<double> bin_width_;
  SingleChanges changes_;
};

}  // namespace gibbsite
