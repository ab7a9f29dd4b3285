// Ratios of normalising constants from draws of several laws together.
#pragma once

#include <vector>

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// What draws of K laws p_k = q_k / Z_k say of their Z_k (multistate Bennett acceptance ratio;
/// Shirts & Chodera 2008, J. Chem. Phys. 129:124105; Geyer 1994, Stanford TR 568). With two laws it
/// is the acceptance ratio of Bennett (1976, J. Comput. Phys. 22:245-268).
struct MultistateRatios {
  Eigen::ArrayXd log_ratio;  ///< ln Z_k / Z_0
  /// Asymptotic covariance of `log_ratio`, were all draws independent, K x K; NaN where no draw is
  /// shared by all laws in turn.
  Eigen::MatrixXd covariance;
  /// Probability that a draw of law i, law unknown, would be given to law j, K x K; rows sum to 1.
  Eigen::MatrixXd overlap;
  /// Probabilities of each draw, law unknown, to be one of law k: K x N.
  Eigen::ArrayXXd membership;
  /// Σ (diag(P) - P Pᵀ) over the columns P of `membership`, minus the second derivative of their
  /// log likelihood by ln Z_k.
  Eigen::MatrixXd information;
  bool converged = false;
  Index iterations = 0;
};

/// The ratios that make membership most likely: those which expect as many draws of each law as
/// there are. `log_q` has ln q_k of each of the N draws (K x N; -∞ where p_k is 0), the draws of
/// law 0 first, then those of law 1 …, `counts` of each, none 0. Newton's method, and the step of
/// the self-consistent equations where that does not climb, until no ln Z_k moves by more than
/// `tolerance`.
GIBBSITE_API MultistateRatios multistate_ratios(const Eigen::ArrayXXd& log_q,
                                                const Eigen::ArrayXd& counts,
                                                double tolerance = 1e-10,
                                                Index most_iterations = 1000);

/// How far the draws of each group alone move ln Z_k / Z_0, to first order: K x groups, with sums
/// of 0. `law` and `group` have an entry per draw. Groups that are independent of each other give
/// an error that counts all dependence within them.
GIBBSITE_API Eigen::MatrixXd multistate_influence(const MultistateRatios& ratios,
                                                  const std::vector<Index>& law,
                                                  const std::vector<Index>& group, Index groups);

}  // namespace gibbsite
