// Bounds on ln Z from above, by annealing from the model to its base, and what bounds from both
// sides say together.
#pragma once

#include "gibbsite/api/annealing.hpp"

namespace gibbsite {

/// Where chains that are annealed downwards start. Only draws from the model itself make the bound
/// one; training data are such draws where they were simulated by it.
struct GIBBSITE_API TargetDraws {
  std::string start = "exact";

  void fields(Fields& f);
  /// Throws Error where the model cannot be drawn from exactly, or there are fewer than `chains`
  /// rows of training data.
  void require(const Context& context, Index chains) const;
  /// The configurations, dim x chains: exact draws, or evenly spaced rows of the training data.
  Batch draw(const Context& context, Index chains, const Stream& random) const;
  /// What the bound takes for granted; empty where nothing.
  std::string assumption() const;
};

/// The leg from the model to the base: `upward` is a ladder from 0 to 1.
GIBBSITE_API Annealing::Leg downwards(const std::vector<double>& upward, Index chains,
                                      std::function<Batch()> start);

/// ln Z ≈ ln Z_0 - ln mean w from weights with E[w] = Z_0/Z, whose mean over repetitions is never
/// below ln Z (Jensen; Burda, Grosse & Salakhutdinov 2015, AISTATS; Grosse, Ghahramani & Adams
/// 2015, arXiv 1511.02543). `warning` is what is known to be wrong beforehand.
GIBBSITE_API LogPartition reverse_log_partition(const Eigen::Ref<const Eigen::ArrayXd>& log_weights,
                                                double log_z0, const std::string& warning);

/// A lower and an upper bound on ln Z with their standard errors.
struct Sandwich {
  double lower = 0, lower_error = 0;
  double upper = 0, upper_error = 0;
  Index temperatures = 0;  ///< of the longer ladder; 0 where there is none
  double gap() const { return upper - lower; }
};

/// Whether the bounds agree within `tolerance` nats, and a sentence that says so. Bounds that cross
/// by more than `tolerance` and three standard errors do not agree either.
struct GIBBSITE_API Verdict {
  Verdict(const Sandwich& bounds, double tolerance);
  bool agree = false;
  std::string text;
};

}  // namespace gibbsite
