#include "gibbsite/conformance/explain.hpp"

#include <Eigen/Cholesky>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/api/independent.hpp"
#include "gibbsite/conformance/comparison.hpp"
#include "gibbsite/conformance/examine.hpp"
#include "gibbsite/conformance/models.hpp"

namespace gibbsite {
namespace {

constexpr Index many = 20000;

std::string digits(double value, int count = 3) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", count, value);
  return text;
}

// One step of chains of a kernel that makes one proposal per step.
struct Proposals {
  Batch from, to, after;
};

std::optional<Proposals> proposals(const MakeSampler& make, EnergyModel& target, const Batch& x,
                                   std::uint64_t seed) {
  WatchedModel watched(target);
  const auto kernel = make(watched);
  Chains chains = kernel->init(x);
  watched.forget();
  kernel->step(chains, Stream(seed));
  Index columns = 0;
  for (const Batch& asked : watched.asked()) columns += asked.cols();
  if (columns != x.cols()) return {};
  Proposals found{x, Batch(x.rows(), x.cols()), chains.x};
  columns = 0;
  for (const Batch& asked : watched.asked()) {
    found.to.middleCols(columns, asked.cols()) = asked;
    columns += asked.cols();
  }
  return found;
}

// y = x - drift ∇E(x) + noise, noise of this variance in every coordinate.
struct Langevin {
  double drift = 0, variance = 0;
  bool is_langevin = false;  ///< the noise is alike in all coordinates and the drift is not 0
};

Langevin fit(const Proposals& found, const Vector& gradient) {
  const Eigen::MatrixXd moves = (found.to - found.from).cast<double>();
  const Eigen::VectorXd mean = moves.rowwise().mean(), slope = gradient.cast<double>();
  const Eigen::ArrayXd variances =
      (moves.colwise() - mean).rowwise().squaredNorm().array() / double(moves.cols() - 1);
  Langevin law;
  law.drift = -mean.dot(slope) / slope.squaredNorm();
  law.variance = variances.mean();
  const bool alike = variances.maxCoeff() < 1.2 * variances.minCoeff();
  const double z = law.drift * slope.norm() / std::sqrt(law.variance / double(moves.cols()));
  law.is_langevin = alike && z > 10;
  return law;
}

// ln of the probability of what was accepted, with the proposal ratio and without it.
std::pair<double, double> acceptance_evidence(const Proposals& p, const Langevin& law,
                                              const EnergyModel& target) {
  const auto& model = *target.capability<Differentiable>();
  Row energy_from, energy_to;
  Batch gradient_from, gradient_to;
  model.energy_and_gradient(p.from, energy_from, gradient_from);
  model.energy_and_gradient(p.to, energy_to, gradient_to);
  const Real drift = Real(law.drift);
  const Batch there = p.to - p.from + drift * gradient_from,
              back = p.from - p.to + drift * gradient_to;
  double with = 0, without = 0;
  for (Index c = 0; c < p.from.cols(); ++c) {
    const double energies = energy_from(c) - energy_to(c);
    const double ratio =
        (there.col(c).cast<double>().squaredNorm() - back.col(c).cast<double>().squaredNorm()) /
        (2 * law.variance);
    const bool accepted = (p.after.col(c).array() == p.to.col(c).array()).all();
    const auto evidence = [&](double log_ratio) {
      const double p_accept = std::clamp(std::exp(std::min(0.0, log_ratio)), 1e-3, 1 - 1e-3);
      return std::log(accepted ? p_accept : 1 - p_accept);
    };
    with += evidence(energies + ratio);
    without += evidence(energies);
  }
  return {with, without};
}

std::string dissect(const MakeSampler& make, EnergyModel& normal, const Vector& mode) {
  const auto at_mode = proposals(make, normal, mode.replicate(1, many), 31);
  if (!at_mode) return "";
  const Eigen::MatrixXd moves = (at_mode->to - at_mode->from).cast<double>();
  const Eigen::ArrayXd mean = moves.rowwise().mean();
  const Eigen::ArrayXd deviation =
      ((moves.colwise() - mean.matrix()).rowwise().squaredNorm().array() / double(many)).sqrt();
  const double bias = (mean / deviation).abs().maxCoeff();
  if (bias * std::sqrt(double(many)) > 7)
    return "biased noise: where the gradient vanishes its proposals are off by " + digits(bias) +
           " standard deviations of the noise on average, and no ratio makes up for it";
  Vector away = mode;
  away.array() += Real(3);
  Row energy;
  Batch gradient;
  normal.capability<Differentiable>()->energy_and_gradient(away, energy, gradient);
  const auto off_mode = proposals(make, normal, away.replicate(1, many), 32);
  if (!off_mode) return "";
  const Langevin law = fit(*off_mode, gradient.col(0));
  if (!law.is_langevin) return "";
  const double ratio = law.drift / (law.variance / 2);
  const std::string drift = "the drift is " + digits(ratio) + " times ∇E·(variance of the noise)/2";
  if (ratio > 1.7 && ratio < 2.4) return drift + ": a missing 1/2";
  if (ratio > 0.4 && ratio < 0.6) return drift + ": a factor 2 in the noise or in the drift";
  const auto spread = proposals(make, normal, exact_draws(normal, many, Stream(33)), 34);
  if (!spread) return "";
  const auto [with, without] = acceptance_evidence(*spread, law, normal);
  if (without > with + 30)
    return "no proposal ratio: it accepts by E(x) - E(y) alone, ln q(x|y) - ln q(y|x) is missing";
  return "";
}

}  // namespace

std::string explain_real(const MakeSampler& make, EnergyModel& normal, const Workers& workers,
                         Index steps) {
  // The moments of a normal law are read off its exact gradient: ∇E = P (x - μ).
  Row energy;
  Batch gradient, corners = Batch::Zero(normal.dim(), normal.dim() + 1);
  corners.rightCols(normal.dim()).setIdentity();
  normal.capability<Differentiable>()->energy_and_gradient(corners, energy, gradient);
  const Eigen::MatrixXd g = gradient.cast<double>();
  const Eigen::MatrixXd precision = g.rightCols(normal.dim()).colwise() - g.col(0);
  const Eigen::VectorXd mode = precision.lu().solve(-g.col(0));
  if (const std::string found = dissect(make, normal, mode.cast<Real>()); !found.empty())
    return found;
  Batch x = exact_draws(normal, many, Stream(35));
  step_all(*make(normal), x, 8 * steps, Stream(36), workers);
  if (!x.allFinite()) return "configurations become infinite or NaN";
  const Eigen::MatrixXd white = precision.llt().matrixU() * (x.cast<double>().colwise() - mode);
  const Eigen::ArrayXd means = white.rowwise().mean();
  const double z = means.abs().maxCoeff() * std::sqrt(double(many));
  if (z > 7)
    return "means move away from those of the law by " + digits(means.abs().maxCoeff()) +
           " standard deviations: noise that has not mean 0, or a wrong sign";
  const Eigen::ArrayXd spread = white.rowwise().squaredNorm().array() / double(many);
  const double temperature = spread.mean();
  if ((spread / temperature - 1).abs().maxCoeff() < 7 * std::sqrt(2 / double(many)) &&
      std::abs(temperature - 1) > 4 / std::sqrt(double(many)))
    return "it keeps the law at temperature " + digits(temperature) +
           " instead: energies, or the noise, are off by a factor";
  return "";
}

std::optional<Walk> walk_outcomes(const Sampler& kernel, const EnergyModel& model,
                                  Index most_outcomes, double most_seconds) {
  if (!std::is_same_v<Real, double> || !model.domain().is_discrete() ||
      model.domain().log_states() > std::log(33.0))
    return {};
  Eigen::MatrixXd K;
  try {
    K = transition_matrix(kernel, model, most_outcomes, most_seconds);
  } catch (const Error&) {
    return {};
  }
  Walk found{.states = K.rows(), .defect = invariance_defect(K, model)};
  if (!(found.defect < 1e-12)) found.why = explain_matrix(K, model);
  const double apart = reversibility_defect(K, model);
  if (found.why.empty() && kernel.is_reversible() && !(apart < 1e-12))
    found.why = "it says that it is reversible, but flows differ by " + digits(apart);
  return found;
}

std::string explain_matrix(const Eigen::MatrixXd& K, const EnergyModel& target) {
  const Index n = K.rows();
  // π' K = π', Σ π' = 1.
  Eigen::MatrixXd system = K.transpose() - Eigen::MatrixXd::Identity(n, n);
  system.row(n - 1).setOnes();
  const Eigen::VectorXd kept = system.fullPivLu().solve(Eigen::VectorXd::Unit(n, n - 1));
  const auto distance = [&](double beta) {
    return (probabilities(target, beta) - kept).cwiseAbs().maxCoeff();
  };
  double best = 1;
  for (double width = 0.75; width > 1e-9; width /= 4)
    for (const double beta : {best - width, best - width / 2, best + width / 2, best + width})
      if (distance(beta) < distance(best)) best = beta;
  if (distance(best) < 1e-6 && std::abs(best - 1) > 1e-4)
    return "it keeps the law at temperature " + digits(1 / best) +
           " instead: energies are off by a factor";
  const Eigen::MatrixXd flow = probabilities(target).asDiagonal() * K;
  Index from = 0, to = 0;
  (flow - flow.transpose()).cwiseAbs().maxCoeff(&from, &to);
  return "it moves from state " + std::to_string(from) + " to state " + std::to_string(to) +
         " with flow " + digits(flow(from, to)) + ", but back with " + digits(flow(to, from)) +
         " (equal where proposal and acceptance fit)";
}

SmallStepLimit small_step_limit(const std::function<MakeSampler(double)>& at,
                                const Workers& workers) {
  // The variance is 1 + c ε + O(ε²): two step sizes give its value at 0.
  const auto variance = [&](double step_size, Index steps) {
    Independent target = Independent::uniform(Domain::real(2));
    Batch x = exact_draws(target, many, Stream(37));
    step_all(*at(step_size)(target), x, steps, Stream(38), workers);
    return double(x.cast<double>().squaredNorm()) / double(x.size());
  };
  const double wide = variance(0.2, 40), narrow = variance(0.1, 80);
  return {2 * narrow - wide, std::sqrt(5 * 2 / double(2 * many))};
}

void examine_unadjusted(const Entry& entry, const Context& context, EnergyModel& normal,
                        Report& report) {
  Describer describer;
  entry.fields(describer);
  const bool has_step = std::any_of(
      describer.items().begin(), describer.items().end(),
      [](const auto& item) { return item.field.name == "step_size" && item.type == "real"; });
  if (!has_step || specs_by_default(entry).empty())
    return report.note("stationarity",
                       "it declares itself inexact and has no step_size: not examined");
  const auto at = [&](double step) -> MakeSampler {
    return [&, step](EnergyModel& model) {
      return sampler_of("{name: " + entry.name + ", step_size: " + number_text(step) + "}", model,
                        context);
    };
  };
  const SmallStepLimit limit = small_step_limit(at, *context.workers);
  const std::string text =
      "inexact by its own word; as its step size goes to 0 the variance on N(0, 1) goes to " +
      shown(limit.variance) + " (standard error " + shown(limit.standard_error) + "; 1 is right)";
  if (std::abs(limit.variance - 1) < 5 * limit.standard_error + 0.02)
    return report.well("stationarity", text);
  const std::string why = explain_real(at(0.1), normal, *context.workers, 10);
  report.fault("stationarity", text + (why.empty() ? "" : ": " + why));
}

}  // namespace gibbsite
