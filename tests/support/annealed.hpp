// Annealing by block Gibbs on all states of a small binary model, without sampling.
#pragma once

#include <vector>

#include "support/truth.hpp"

namespace gibbsite::test {

/// What all runs of annealed importance sampling along a ladder have in common.
struct EnumeratedAnnealing {
  double mean = 0, second_moment = 0;  ///< E[w] and E[w²]
  double mean_log = 0;                 ///< E[ln w]
  Eigen::RowVectorXd law;              ///< of the last x, by the number of its state

  /// Var(w) / E[w]².
  double relative_variance() const { return second_moment / (mean * mean) - 1; }
};

/// The transition matrices v -> h and h -> v of block Gibbs on a binary latent energy.
inline std::pair<Eigen::MatrixXd, Eigen::MatrixXd> block_gibbs(const EnergyModel& model) {
  const auto& latent = *model.capability<Latent>();
  const Batch v = all_states(model.domain()), h = all_states(latent.hidden());
  const auto law = [](const Batch& natural, const Batch& of, const Domain& units) {
    Eigen::MatrixXd p = natural.cast<double>().transpose() * of.cast<double>();
    p.colwise() -= log_partition(units, natural).matrix().transpose();
    return Eigen::MatrixXd(p.array().exp());
  };
  Batch eta, xi;
  latent.hidden_natural(v, eta);
  latent.visible_natural(h, xi);
  return {law(eta, h, latent.hidden()), law(xi, v, model.domain())};
}

/// Annealing from `base` along `betas`, from 0 to 1, with one sweep at each but the first.
inline EnumeratedAnnealing enumerate_annealing(EnergyModel& base, EnergyModel& target,
                                               const std::vector<double>& betas) {
  WeightedSum path = WeightedSum::path(base, target, 0);
  const Batch v = all_states(path.domain());
  Row energy;
  base.energy(v, energy);
  EnumeratedAnnealing out;
  out.law = (-energy).exp().matrix();
  out.law /= out.law.sum();
  Eigen::RowVectorXd first = out.law, second = out.law;
  for (std::size_t t = 1; t < betas.size(); ++t) {
    const Row step =
        path.energy_difference(v, {1 - betas[t - 1], betas[t - 1]}, {1 - betas[t], betas[t]});
    out.mean_log += (out.law.array() * step).sum();
    first.array() *= step.exp();
    second.array() *= (2 * step).exp();
    path.set_weights({1 - betas[t], betas[t]});
    const auto [up, down] = block_gibbs(path);
    for (Eigen::RowVectorXd* now : {&first, &second, &out.law}) *now = (*now * up * down).eval();
  }
  out.mean = first.sum();
  out.second_moment = second.sum();
  return out;
}

/// The spec of annealed importance sampling.
inline std::string ais(Index temperatures, const std::string& more = "") {
  return "{name: annealed_importance_sampling, temperatures: " + std::to_string(temperatures) +
         more + "}";
}

/// `steps` even steps from 0 to 1.
inline std::vector<double> even_ladder(Index steps) {
  std::vector<double> betas;
  for (Index t = 0; t <= steps; ++t) betas.push_back(double(t) / double(steps));
  return betas;
}

}  // namespace gibbsite::test
