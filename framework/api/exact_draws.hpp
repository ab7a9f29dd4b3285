// Independent draws from a model, prepared once for many.
#pragma once

#include <memory>
#include <string>

#include "gibbsite/api/elimination.hpp"

namespace gibbsite {

/// How independent draws from `model` could be had: `own` (Exact), `hidden_sum` or `enumeration` of
/// at most 2^20 states, `elimination` (Pairwise, within the default EliminationLimit), or empty.
GIBBSITE_API std::string draw_method(const EnergyModel& model);

/// Independent draws from the law that a model has when this is built; the model outlives it.
class GIBBSITE_API ExactDraws {
 public:
  /// Sums over all states, or eliminates all sites. Throws Error where no method is possible.
  explicit ExactDraws(const EnergyModel& model);

  /// See draw_method.
  const std::string& method() const { return method_; }
  /// Fills every column of `x` (dim x chains).
  void draw(Stream random, Eigen::Ref<Batch> x) const;

 private:
  void accumulate();
  void draw_state(Stream& random, Eigen::Ref<Batch> x) const;

  const EnergyModel& model_;
  std::string method_;
  Domain summed_;              ///< of the states that were summed over
  Eigen::ArrayXd cumulative_;  ///< Σ of probabilities up to each of these states
  std::unique_ptr<const Elimination> elimination_;
};

}  // namespace gibbsite
