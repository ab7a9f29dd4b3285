#include "gibbsite/api/sampler.hpp"

#include <cmath>

namespace gibbsite {

Chains Sampler::init(Batch x) const {
  Chains chains;
  chains.x = std::move(x);
  chains.statistics = Table::Zero(Index(statistics().size()), chains.x.cols());
  do_init(chains);
  do_refresh(chains);
  return chains;
}

Row metropolis(Chains& now, const Chains& proposal, const Row& log_ratio, Stream& random) {
  const Row log_u = random.uniform(now.x.cols()).log();
  Row accepted = Row::Zero(now.x.cols());
  for (Index c = 0; c < now.x.cols(); ++c) {
    if (!(log_u(c) < log_ratio(c))) continue;  // written so that NaN rejects
    accepted(c) = 1;
    now.x.col(c) = proposal.x.col(c);
    if (now.energy.size() > 0) now.energy(c) = proposal.energy(c);
    if (now.gradient.size() > 0) now.gradient.col(c) = proposal.gradient.col(c);
  }
  return accepted;
}

void DualAveraging::init(Table& tuning, double step_size) const {
  tuning.row(row_).setConstant(step_size);
  tuning.row(row_ + 1).setConstant(std::log(step_size));
  tuning.row(row_ + 2).setZero();
  tuning.row(row_ + 3).setConstant(std::log(10 * step_size));
  tuning.row(row_ + 4).setZero();
}

void DualAveraging::adapt(Table& tuning, const Row& acceptance, Warmup at) const {
  constexpr double gamma = 0.05, t0 = 10, kappa = 0.75;
  for (Index c = 0; c < tuning.cols(); ++c) {
    double& mean_log = tuning(row_ + 1, c);
    double& error = tuning(row_ + 2, c);
    const double t = ++tuning(row_ + 4, c);
    const double accepted = std::isfinite(acceptance(c)) ? acceptance(c) : 0;
    error += (target_ - accepted - error) / (t + t0);
    const double log_step = tuning(row_ + 3, c) - std::sqrt(t) / gamma * error;
    const double weight = std::pow(t, -kappa);
    mean_log = weight * log_step + (1 - weight) * mean_log;
    tuning(row_, c) = std::exp(at.done == at.total ? mean_log : log_step);
  }
}

}  // namespace gibbsite
