#include "gibbsite/conformance/stationarity.hpp"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <ctime>
#include <numbers>

#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

// P(K > x) of Kolmogorov's distribution.
double kolmogorov_tail(double x) {
  if (x < 0.2) return 1;
  double sum = 0;
  for (int k = 1; k <= 100; ++k) sum += (k % 2 == 1 ? 2 : -2) * std::exp(-2.0 * k * k * x * x);
  return std::clamp(sum, 0.0, 1.0);
}

double two_sample_z(const std::vector<double>& a, const std::vector<double>& b) {
  Moments first, second;
  for (const double x : a) first.add(x);
  for (const double x : b) second.add(x);
  return (first.mean - second.mean) /
         std::sqrt(first.variance() / first.count + second.variance() / second.count);
}

void compare(std::vector<double> a, std::vector<double> b, std::vector<double>& p_values) {
  p_values.push_back(normal_p(two_sample_z(a, b)));
  p_values.push_back(kolmogorov_smirnov_p(std::move(a), std::move(b)));
}

std::vector<double> values(const Eigen::Ref<const Row>& row) { return {row.begin(), row.end()}; }

bool can_count(const Domain& domain) { return domain.log_states() < 9.01 * std::numbers::ln2; }

// Largest p, times the number of p-values, that fails in the first round.
double first_threshold(const Starts& starts) { return false_alarm_rate / starts.most_rounds; }

// z with P(|N(0, 1)| > z) = p.
double normal_quantile(double p) {
  double low = 0, high = 40;
  for (int k = 0; k < 100; ++k) {
    const double middle = (low + high) / 2;
    (normal_p(middle) > p ? low : high) = middle;
  }
  return low;
}

}  // namespace

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

std::uint64_t state_number(const Domain& domain, const BatchView& x, Index column) {
  std::uint64_t number = 0, scale = 1;
  for (Index i = 0; i < domain.dim(); ++i) {
    const Domain::Part part = domain.site(i);
    const double value = double(x(i, column));
    number += scale * std::uint64_t(part.kind == Domain::Kind::spin ? (value + 1) / 2 : value);
    scale *= std::uint64_t(part.levels);
  }
  return number;
}

Index state_count(const EnergyModel& model) {
  return Index(std::llround(std::exp(model.domain().log_states())));
}

bool can_draw_exactly(const EnergyModel& model) {
  const std::string method = exact_method(model);
  return model.capability<Exact>() != nullptr || !(method.empty() || method == "closed_form");
}

Eigen::VectorXd probabilities(const EnergyModel& model, double beta) {
  Row energy;
  model.energy(states(model.domain(), 0, state_count(model)), energy);
  energy *= beta;
  return (-energy - log_sum_exp((-energy).transpose())).exp().matrix().transpose();
}

Eigen::MatrixXd transition_matrix(const Sampler& kernel, const EnergyModel& target,
                                  Index most_outcomes, double most_seconds) {
  const Index count = state_count(target);
  const Batch all = states(target.domain(), 0, count);
  Eigen::MatrixXd K = Eigen::MatrixXd::Zero(count, count);
  Chains chain;
  Index walked = 0;
  const double began = processor_seconds();
  for (Index from = 0; from < count; ++from)
    Outcomes::walk(
        [&] {
          chain = kernel.init(all.col(from));
          kernel.step(chain, Stream(1));
        },
        [&](double probability) {
          if (++walked > most_outcomes || processor_seconds() - began > most_seconds)
            throw Error("too many outcomes to walk through");
          K(from, Index(state_number(target.domain(), chain.x, 0))) += probability;
        });
  return K;
}

double invariance_defect(const Eigen::MatrixXd& K, const EnergyModel& target) {
  const Eigen::VectorXd law = probabilities(target);
  const double rows = (K.rowwise().sum().array() - 1).abs().maxCoeff();
  return std::max(rows, (law.transpose() * K - law.transpose()).cwiseAbs().maxCoeff());
}

double reversibility_defect(const Eigen::MatrixXd& K, const EnergyModel& target) {
  const Eigen::MatrixXd flow = probabilities(target).asDiagonal() * K;
  return (flow - flow.transpose()).cwiseAbs().maxCoeff();
}

double chi_squared_p(const Eigen::VectorXd& counts, const Eigen::VectorXd& probability) {
  const double total = counts.sum();
  double chi_squared = 0, pooled_count = 0, pooled_expected = 0;
  Index cells = 0;
  const auto add = [&](double count, double expected) {
    chi_squared += (count - expected) * (count - expected) / expected;
    ++cells;
  };
  for (Index n = 0; n < counts.size(); ++n) {
    const double expected = total * probability(n);
    if (expected >= 10) {
      add(counts(n), expected);
    } else {
      pooled_count += counts(n);
      pooled_expected += expected;
    }
  }
  if (pooled_expected > 0) add(pooled_count, pooled_expected);
  return cells < 2 ? 1 : boost::math::gamma_q(double(cells - 1) / 2, chi_squared / 2);
}

double kolmogorov_smirnov_p(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  const double n = double(a.size()), m = double(b.size());
  double distance = 0;
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const double at = std::min(a[i], b[j]);
    while (i < a.size() && a[i] == at) ++i;
    while (j < b.size() && b[j] == at) ++j;
    distance = std::max(distance, std::abs(double(i) / n - double(j) / m));
  }
  const double root = std::sqrt(n * m / (n + m));
  return kolmogorov_tail((root + 0.12 + 0.11 / root) * distance);
}

double normal_p(double z) {
  return std::isfinite(z) ? std::erfc(std::abs(z) / std::numbers::sqrt2) : 0;
}

Verdict sequential_test(const std::function<std::vector<double>(Index, Stream)>& p_values,
                        Index starts, Stream random, int most_rounds) {
  double beta = false_alarm_rate / most_rounds;
  const double gamma = std::pow(beta, 1.0 / most_rounds);
  Verdict verdict;
  for (int round = 1; round <= most_rounds; ++round, beta /= gamma, starts *= 4) {
    const std::vector<double> p = p_values(starts, random.split(std::uint64_t(round)));
    verdict = {.passed = true,
               .smallest_p = *std::min_element(p.begin(), p.end()) * double(p.size()),
               .rounds = round,
               .starts = starts};
    if (!(verdict.smallest_p > beta)) verdict.passed = false;
    if (!verdict.passed || verdict.smallest_p > gamma + beta) break;
  }
  return verdict;
}

void step_all(const Sampler& kernel, Batch& x, Index steps, Stream random, const Workers& workers,
              const Table& tuning) {
  constexpr Index width = 500;
  workers.run((x.cols() + width - 1) / width, [&](Index block) {
    const Index first = block * width, count = std::min(width, x.cols() - first);
    Chains chains = kernel.init(x.middleCols(first, count));
    if (tuning.size() > 0) chains.tuning = tuning.replicate(1, count);
    for (Index n = 0; n < steps; ++n)
      kernel.step(chains, random.chains_from(first).at(std::uint64_t(n)));
    x.middleCols(first, count) = chains.x;
  });
}

Verdict invariance_test(const Sampler& kernel, EnergyModel& target, const Workers& workers,
                        const Starts& starts) {
  const Domain& domain = target.domain();
  const auto p_values = [&](Index count, Stream random) -> std::vector<double> {
    Batch x = exact_draws(target, count, random.split("starts"));
    step_all(kernel, x, starts.steps, random.split("steps"), workers, starts.tuning);
    if (!x.allFinite()) return {0};
    if (can_count(domain)) {
      Eigen::VectorXd counts = Eigen::VectorXd::Zero(state_count(target));
      for (Index c = 0; c < count; ++c) counts(Index(state_number(domain, x, c))) += 1;
      return {chi_squared_p(counts, probabilities(target))};
    }
    const Batch fresh = exact_draws(target, count, random.split("fresh"));
    Row moved_energy, fresh_energy;
    target.energy(x, moved_energy);
    target.energy(fresh, fresh_energy);
    std::vector<double> p;
    compare(values(moved_energy), values(fresh_energy), p);
    for (Index i = 0; i < target.dim(); ++i) {
      const Row moved = x.row(i).cast<double>().array(),
                other = fresh.row(i).cast<double>().array();
      compare(values(moved), values(other), p);
      if (domain.site(i).kind == Domain::Kind::real)
        p.push_back(normal_p(two_sample_z(values(moved.square()), values(other.square()))));
    }
    return p;
  };
  return sequential_test(p_values, starts.count, Stream(starts.seed), starts.most_rounds);
}

double detectable_shift(const EnergyModel& target, const Starts& starts) {
  Index tests = 2;
  for (Index i = 0; i < target.dim(); ++i)
    tests += target.domain().site(i).kind == Domain::Kind::real ? 3 : 2;
  const double z = normal_quantile(first_threshold(starts) / double(tests));
  return (z + 2.33) * std::sqrt(2 / double(starts.count));
}

}  // namespace gibbsite
