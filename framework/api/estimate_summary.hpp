// The part of an estimator's result that comparisons need, in a form that checkpoints can carry.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "gibbsite/api/sandwich.hpp"

namespace gibbsite {

/// What one estimator says of ln Z and of the data. A number that it does not give is NaN.
struct GIBBSITE_API EstimateSummary {
  enum Number {
    estimate,  ///< of ln Z
    standard_error,
    low,  ///< 95 % interval of ln Z
    high,
    above,  ///< an upper bound on ln Z that stands beside the estimate
    above_error,
    train,  ///< mean log-likelihood of the training data
    train_error,
    train_bounded,  ///< 1 where it is a variational lower bound, 0 where it is not
    test,
    test_error,
    test_bounded,
    temperatures,  ///< of its ladder; 0 where it has none
    numbers
  };
  std::array<double, numbers> at = {};
  std::string bound;    ///< exact, unbiased_Z, lower, upper or none
  std::string warning;  ///< empty where there is none

  explicit EstimateSummary(const Result& result);
  /// Reads what `store` has written and moves `from` behind it.
  explicit EstimateSummary(const double*& from);
  /// Appends the numbers, and the texts as the codes of their characters.
  void store(std::vector<double>& to) const;
};

/// One number of every summary.
GIBBSITE_API Eigen::ArrayXd column_of(const std::vector<EstimateSummary>& all,
                                      EstimateSummary::Number number);

/// Mean log-likelihoods of one set of data by several estimators.
struct Likelihoods {
  Eigen::ArrayXd means, errors;  ///< NaN where an estimator gives none
  double log_weight = 0;         ///< the mean of -E, from which every ln Z was taken
};

/// Those of the data `number` (train or test) that are variational lower bounds, or the others.
GIBBSITE_API Likelihoods likelihoods_of(const std::vector<EstimateSummary>& all,
                                        EstimateSummary::Number number, bool bounded);

/// The highest lower and the lowest upper bound on ln Z among `all`, NaN where there is none. An
/// unbiased estimate of Z is a lower bound on average (Jensen); an exact value is both.
GIBBSITE_API Sandwich sandwich_of(const std::vector<EstimateSummary>& all);

}  // namespace gibbsite
