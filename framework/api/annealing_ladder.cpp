#include <algorithm>
#include <cmath>

#include "gibbsite/api/annealing.hpp"
#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

constexpr double pilot_ess = .9;

// Salakhutdinov & Murray's shares joined by straight lines, u in [0, 1].
double salakhutdinov_murray(double u) {
  constexpr double first = 500. / 14500, second = 4500. / 14500;
  if (u <= first) return .5 * u / first;
  return u <= second ? .5 + .4 * (u - first) / (second - first)
                     : .9 + .1 * (u - second) / (1 - second);
}

// (Σu)²/(n Σu²) of weights given as logarithms; 0 where none is positive.
double ess_share(const Row& log_u) {
  const Eigen::ArrayXd log_weights = log_u.transpose();
  const double sum = log_sum_exp(log_weights);
  if (!std::isfinite(sum)) return 0;
  return std::exp(2 * sum - log_sum_exp(2 * log_weights)) / double(log_u.size());
}

// β at `steps` + 1 evenly spaced positions of the length; points are (length so far, β).
std::vector<double> spaced(const std::vector<std::pair<double, double>>& points, Index steps) {
  std::vector<double> betas{0};
  std::size_t k = 1;
  for (Index t = 1; t < steps; ++t) {
    const double at = points.back().first * double(t) / double(steps);
    while (k + 1 < points.size() && points[k].first < at) ++k;
    const auto& [left, low] = points[k - 1];
    const auto& [right, high] = points[k];
    betas.push_back(low + (high - low) * (at - left) / (right - left));
  }
  betas.push_back(1);
  return betas;
}

}  // namespace

std::vector<double> Annealing::ladder(Stream random, Desk& desk) const {
  const Index total = params_.temperatures;
  if (params_.schedule == "adaptive") return pilot_ladder(random, desk);
  std::vector<double> betas;
  for (Index t = 0; t <= total; ++t) {
    const double u = double(t) / double(total);
    betas.push_back(t == total || params_.schedule == "linear" ? u : salakhutdinov_murray(u));
  }
  return betas;
}

std::vector<double> Annealing::pilot_ladder(Stream random, Desk& desk) const {
  Walker walker(*this);
  Batch x(base_->dim(), params_.pilot);
  base_->capability<Exact>()->draw(random.split("start"), x);
  Chains now = walker.init(std::move(x));
  const Stream moves = random.split("moves"), choices = random.split("resampling");
  // A pilot of more steps would cost more than what it is for.
  const double least = .1 / double(params_.temperatures);
  std::vector<std::pair<double, double>> points{{0, 0}};
  for (std::uint64_t t = 1; points.back().second < 1; ++t) {
    const auto [length, beta] = points.back();
    const auto share = [&, from = beta](double to) {
      return ess_share(walker.log_weight(now.x, from, to));
    };
    double next = 1;
    if (share(1) < pilot_ess) {
      double low = beta, high = 1;
      for (int k = 0; k < 40 && high - low > .01 * (low - beta); ++k) {
        const double middle = (low + high) / 2;
        (share(middle) < pilot_ess ? high : low) = middle;
      }
      next = std::min(1.0, std::max(low, beta + least));
    }
    const Row log_u = walker.log_weight(now.x, beta, next);
    const double found = ess_share(log_u);
    if (found == 0)
      throw Diverged("no particle of the pilot is possible at β = " + number_text(next));
    // The small term keeps β increasing where the path stands still.
    points.emplace_back(length + std::sqrt(std::max(0.0, 1 / found - 1)) + 1e-9 * (next - beta),
                        next);
    now = select_chains(now, systematic_resampling(log_u.transpose(), choices.at(t)));
    walker.move(now, next, moves.at(t));
    desk.report(0, double(params_.temperatures), "pilot at β = " + number_text(next));
  }
  return spaced(points, params_.temperatures);
}

Chains select_chains(const Chains& chains, const std::vector<Index>& ancestors) {
  Chains out = chains;
  for (std::size_t c = 0; c < ancestors.size(); ++c)
    if (ancestors[c] != Index(c)) set_columns(out, Index(c), columns(chains, ancestors[c]));
  return out;
}

std::vector<Index> systematic_resampling(const Eigen::Ref<const Eigen::ArrayXd>& log_weights,
                                         Stream random) {
  const Index n = log_weights.size();
  Eigen::ArrayXd above = (log_weights - log_sum_exp(log_weights)).exp() * double(n);
  for (Index j = 1; j < n; ++j) above(j) += above(j - 1);
  above *= double(n) / above(n - 1);
  // Points u + k, k = 0 … n-1, fall on the cumulated weights; between two neighbouring fractional
  // parts of these, u makes no difference, so a choice of discrete outcomes is enough.
  Eigen::ArrayXd ends(n + 1);
  for (Index j = 0; j < n; ++j) ends(j) = j + 1 < n ? above(j) - std::floor(above(j)) : 0;
  ends(n) = 1;
  std::sort(ends.begin(), ends.end());
  const Index chosen = choose((ends.tail(n) - ends.head(n)).log(), random);
  const double u = (ends(chosen) + ends(chosen + 1)) / 2;
  std::vector<Index> ancestors;
  for (Index k = 0, j = 0; k < n; ++k) {
    while (j + 1 < n && above(j) <= u + double(k)) ++j;
    ancestors.push_back(j);
  }
  return ancestors;
}

Eigen::ArrayXd trapezoid_weights(const Eigen::Ref<const Eigen::ArrayXd>& x) {
  Eigen::ArrayXd weights = Eigen::ArrayXd::Zero(x.size());
  for (Index t = 1; t < x.size(); ++t)
    for (const Index end : {t - 1, t}) weights(end) += (x(t) - x(t - 1)) / 2;
  return weights;
}

Eigen::ArrayXd simpson_weights(const Eigen::Ref<const Eigen::ArrayXd>& x) {
  const Index steps = x.size() - 1;
  if (steps < 2) return trapezoid_weights(x);
  Eigen::ArrayXd weights = Eigen::ArrayXd::Zero(x.size());
  for (Index t = 0; t + 2 <= steps; t += 2) {
    const double a = x(t + 1) - x(t), b = x(t + 2) - x(t + 1), both = a + b;
    weights(t) += both / 6 * (2 - b / a);
    weights(t + 1) += both / 6 * both * both / (a * b);
    weights(t + 2) += both / 6 * (2 - a / b);
  }
  if (steps % 2 == 0) return weights;
  const double a = x(steps - 1) - x(steps - 2), b = x(steps) - x(steps - 1);
  weights(steps) += b * (2 * b + 3 * a) / (6 * (a + b));
  weights(steps - 1) += b * (b + 3 * a) / (6 * a);
  weights(steps - 2) -= b * b * b / (6 * a * (a + b));
  return weights;
}

}  // namespace gibbsite
