#include "gibbsite/core/multistate.hpp"

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Memberships under `log_ratio`; returns minus their log likelihood, but for a constant.
double membership(const Eigen::ArrayXXd& log_q, const Eigen::ArrayXd& counts,
                  const Eigen::ArrayXd& log_ratio, Eigen::ArrayXXd& out) {
  const Eigen::ArrayXd shift = counts.log() - log_ratio;
  out = log_q.colwise() + shift;
  double sum = (counts * log_ratio).sum();
  for (Index n = 0; n < out.cols(); ++n) {
    const double highest = out.col(n).maxCoeff();
    out.col(n) = (out.col(n) - highest).exp();
    const double total = out.col(n).sum();
    out.col(n) /= total;
    sum += highest + std::log(total);
  }
  return sum;
}

// From law to law, by the weights of the draws of one of them under the next.
Eigen::ArrayXd first_guess(const Eigen::ArrayXXd& log_q, const Eigen::ArrayXd& counts) {
  Eigen::ArrayXd log_ratio = Eigen::ArrayXd::Zero(counts.size());
  Index first = 0;
  for (Index k = 1; k < counts.size(); ++k) {
    const Index count = Index(counts(k - 1));
    const double step =
        log_mean_exp((log_q.row(k) - log_q.row(k - 1)).segment(first, count).transpose());
    log_ratio(k) = log_ratio(k - 1) + (std::isfinite(step) ? step : 0);
    first += count;
  }
  return log_ratio;
}

Eigen::MatrixXd information_of(const Eigen::ArrayXXd& P) {
  Eigen::MatrixXd out = -(P.matrix() * P.matrix().transpose());
  out.diagonal() += P.rowwise().sum().matrix();
  return out;
}

// The change of ln Z_1 … ln Z_{K-1} by which `information` · change = `excess`, that of law 0 held
// at 0; NaN where the information is singular.
Eigen::MatrixXd solve(const Eigen::MatrixXd& information, const Eigen::MatrixXd& excess) {
  const Index others = information.rows() - 1;
  Eigen::MatrixXd step = Eigen::MatrixXd::Zero(excess.rows(), excess.cols());
  const Eigen::LDLT<Eigen::MatrixXd> factors(information.bottomRightCorner(others, others));
  const Eigen::VectorXd pivots = factors.vectorD();
  if (pivots.minCoeff() > 1e-14 * pivots.maxCoeff())
    step.bottomRows(others) = factors.solve(excess.bottomRows(others));
  else
    step.bottomRows(others).setConstant(std::numeric_limits<double>::quiet_NaN());
  return step;
}

}  // namespace

MultistateRatios multistate_ratios(const Eigen::ArrayXXd& log_q, const Eigen::ArrayXd& counts,
                                   double tolerance, Index most_iterations) {
  const Index K = counts.size();
  MultistateRatios out;
  out.log_ratio = first_guess(log_q, counts);
  double least = membership(log_q, counts, out.log_ratio, out.membership);
  Eigen::ArrayXXd fresh;
  for (; out.iterations < most_iterations && !out.converged; ++out.iterations) {
    const Eigen::ArrayXd expected = out.membership.rowwise().sum();
    const Eigen::ArrayXd newton =
        solve(information_of(out.membership), (expected - counts).matrix()).array();
    Eigen::ArrayXd step = newton;
    double reached =
        newton.allFinite() ? membership(log_q, counts, out.log_ratio + newton, fresh) : infinity;
    if (!(reached <= least + 1e-13 * std::abs(least))) {
      step = (expected / counts).log();
      step -= step(0);
      reached = membership(log_q, counts, out.log_ratio + step, fresh);
    }
    if (!step.allFinite() || std::isnan(reached)) break;
    out.converged = step.abs().maxCoeff() <= tolerance;
    out.log_ratio += step;
    least = reached;
    out.membership.swap(fresh);
  }
  out.information = information_of(out.membership);
  const Eigen::VectorXd inverse_counts = (1 / counts).matrix();
  out.overlap =
      inverse_counts.asDiagonal() * (out.membership.matrix() * out.membership.matrix().transpose());
  out.covariance = solve(out.information, Eigen::MatrixXd::Identity(K, K));
  out.covariance.col(0).setZero();
  // Numbers of draws are fixed, not random.
  out.covariance.bottomRightCorner(K - 1, K - 1).array() -= inverse_counts(0);
  out.covariance.diagonal().tail(K - 1) -= inverse_counts.tail(K - 1);
  return out;
}

Eigen::MatrixXd multistate_influence(const MultistateRatios& ratios, const std::vector<Index>& law,
                                     const std::vector<Index>& group, Index groups) {
  Eigen::MatrixXd excess = Eigen::MatrixXd::Zero(ratios.log_ratio.size(), groups);
  for (std::size_t n = 0; n < law.size(); ++n) {
    excess.col(group[n]) += ratios.membership.col(Index(n)).matrix();
    excess(law[n], group[n]) -= 1;
  }
  return solve(ratios.information, excess);
}

}  // namespace gibbsite
