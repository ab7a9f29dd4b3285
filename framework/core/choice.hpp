// Discrete random choices, and the walk through all their outcomes that gives exact laws in tests.
#pragma once

#include <functional>
#include <vector>

#include "gibbsite/core/random.hpp"

namespace gibbsite {

/// Number k with probability e^{w_k} / Σ_l e^{w_l}, w = `log_weights` (-∞ is never chosen). Takes
/// one draw of the first chain of `random`. Throws Error where no weight is finite or one is NaN.
GIBBSITE_API Index choose(const Eigen::Ref<const Eigen::ArrayXd>& log_weights, Stream& random);

/// True with probability min(1, e^{log_ratio}), never where that is NaN. Takes one draw of the
/// first chain of `random`.
GIBBSITE_API bool accept(double log_ratio, Stream& random);

/// Runs code once for every sequence of outcomes of its discrete random choices, with the
/// probability of each. Choices are made by `choose`, `accept`, `metropolis`, `sample` of discrete
/// units, Stream::below and Stream::bernoulli, on the thread that walks and one chain at a time;
/// other random numbers throw Error meanwhile.
class GIBBSITE_API Outcomes {
 public:
  /// Runs `body` through all outcomes of positive probability; `done(probability)` follows each
  /// run. The probabilities sum to 1.
  static void walk(const std::function<void()>& body,
                   const std::function<void(double probability)>& done);
  /// The walk under way on this thread, or null.
  static Outcomes* current();
  /// The outcome that this run is to have of a choice with these probabilities.
  Index next(const Eigen::Ref<const Eigen::ArrayXd>& probabilities);
  /// Likewise of a yes or no; p is the probability of a yes.
  bool next(double p);

 private:
  bool advance();

  std::vector<std::vector<Index>> options_;  ///< per choice, what is still to be tried, next last
  std::size_t at_ = 0;
  double probability_ = 1;
};

}  // namespace gibbsite
