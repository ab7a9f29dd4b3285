#include "support/stationarity.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "support/make.hpp"
#include "support/models.hpp"

namespace gibbsite::test {
namespace {

// Forces the outcome of every draw, and walks through all of them like an odometer.
class ScriptedModel final : public EnergyModel, public Conditional, public Latent {
 public:
  explicit ScriptedModel(EnergyModel& target)
      : target_(target),
        conditional_(target.capability<Conditional>()),
        latent_(target.capability<Latent>()) {}

  const Domain& domain() const override { return target_.domain(); }
  bool offers(std::string_view capability) const override {
    return (capability == Conditional::name && conditional_ != nullptr) ||
           (capability == Latent::name && latent_ != nullptr);
  }
  std::vector<std::vector<Index>> independent_sets() const override {
    return conditional_->independent_sets();
  }
  const Domain& hidden() const override { return latent_->hidden(); }
  void visible_energy(const BatchView& v, Row& energy) const override {
    latent_->visible_energy(v, energy);
  }
  void gradient_over_hidden(const BatchView&, const BatchView&, const Row&,
                            Parameters&) const override {}
  void gradient_over_visible(const BatchView&, const BatchView&, const Row&,
                             Parameters&) const override {}

  void rewind() {
    at_ = 0;
    log_probability_ = 0;
    sites_.clear();
  }
  // Turns to the next script; false when all have been walked.
  bool advance() {
    while (!script_.empty()) {
      if (++script_.back().outcome < script_.back().outcomes) return true;
      script_.pop_back();
    }
    return false;
  }
  double log_probability() const { return log_probability_; }
  const std::vector<Index>& sites() const { return sites_; }

 private:
  struct Draw {
    Index outcome = 0, outcomes = 0;
  };

  void do_energy(const BatchView& x, Row& energy) const override { target_.energy(x, energy); }
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    conditional_->natural(sites, x, natural);
    sites_.insert(sites_.end(), sites.begin(), sites.end());
    force(target_.domain().select(sites), natural);
  }
  void do_hidden_natural(const BatchView& v, Batch& natural) const override {
    latent_->hidden_natural(v, natural);
    force(latent_->hidden(), natural);
  }
  void do_visible_natural(const BatchView& h, Batch& natural) const override {
    latent_->visible_natural(h, natural);
    force(target_.domain(), natural);
  }

  void force(const Domain& units, Batch& natural) const {
    if (natural.cols() != 1) throw Error("a scripted model follows one chain");
    if (!units.is_discrete()) throw Error("a script needs discrete units");
    Batch outcome(units.dim(), 1), forced = Batch::Constant(natural.rows(), 1, Real(-1e4));
    Index row = 0;
    for (Index i = 0; i < units.dim(); ++i) {
      const Domain::Part part = units.site(i);
      if (at_ == script_.size()) script_.push_back({0, part.levels});
      const Index k = script_[at_++].outcome;
      outcome(i) = part.kind == Domain::Kind::spin ? Real(2 * k - 1) : Real(k);
      if (part.kind == Domain::Kind::categorical)
        forced(row + k) = 0;
      else if (k == 1)
        forced(row) = Real(1e4);
      row += part.kind == Domain::Kind::categorical ? part.levels : 1;
    }
    log_probability_ +=
        (natural_energy(units, natural, outcome) - gibbsite::log_partition(units, natural))(0);
    natural = forced;
  }

  EnergyModel& target_;
  const Conditional* conditional_;
  const Latent* latent_;
  mutable std::vector<Draw> script_;
  mutable std::size_t at_ = 0;
  mutable double log_probability_ = 0;
  mutable std::vector<Index> sites_;
};

Index state_count(const EnergyModel& model) {
  return Index(std::llround(std::exp(model.domain().log_states())));
}

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

}  // namespace

MakeSampler sampler(const std::string& yaml) {
  return [yaml](EnergyModel& model) { return make_sampler(yaml, model); };
}

Eigen::VectorXd probabilities(const EnergyModel& model) {
  Row energy;
  model.energy(states(model.domain(), 0, state_count(model)), energy);
  return (-energy - log_sum_exp((-energy).transpose())).exp().matrix().transpose();
}

Transitions transitions(const MakeSampler& make, EnergyModel& target, Stream random) {
  ScriptedModel script(target);
  const auto kernel = make(script);
  const Index count = state_count(target);
  const Batch all = states(target.domain(), 0, count);
  Transitions out{.probability = Eigen::MatrixXd::Zero(count, count), .sites = {}};
  for (Index from = 0; from < count; ++from) {
    do {
      script.rewind();
      Chains chain = kernel->init(all.col(from));
      kernel->step(chain, random);
      out.probability(from, Index(state_number(target.domain(), chain.x, 0))) +=
          std::exp(script.log_probability());
      if (out.sites.empty()) out.sites = script.sites();
      if (out.sites != script.sites()) out.sites_depend_on_x = true;
    } while (script.advance());
  }
  return out;
}

Eigen::MatrixXd transition_matrix(const Sampler& kernel, const EnergyModel& target,
                                  Index most_outcomes) {
  const Index count = state_count(target);
  const Batch all = states(target.domain(), 0, count);
  Eigen::MatrixXd K = Eigen::MatrixXd::Zero(count, count);
  Chains chain;
  Index walked = 0;
  for (Index from = 0; from < count; ++from)
    Outcomes::walk(
        [&] {
          chain = kernel.init(all.col(from));
          kernel.step(chain, Stream(1));
        },
        [&](double probability) {
          if (++walked > most_outcomes) throw Error("too many outcomes to walk through");
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

double spectral_gap(const Eigen::MatrixXd& K, const EnergyModel& target) {
  const Eigen::VectorXd root = probabilities(target).cwiseSqrt();
  const Eigen::MatrixXd symmetric = root.asDiagonal() * K * root.cwiseInverse().asDiagonal();
  Eigen::ArrayXd size = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(
                            0.5 * (symmetric + symmetric.transpose()), Eigen::EigenvaluesOnly)
                            .eigenvalues()
                            .cwiseAbs();
  std::sort(size.begin(), size.end());
  return 1 - size(size.size() - 2);
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
                        Index starts, Stream random) {
  constexpr double alpha = 1e-5;
  constexpr int rounds = 7;
  double beta = alpha / rounds;
  const double gamma = std::pow(beta, 1.0 / rounds);
  Verdict verdict;
  for (int round = 1; round <= rounds; ++round, beta /= gamma, starts *= 4) {
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

void step_all(const Sampler& kernel, Batch& x, Index steps, Stream random) {
  constexpr Index width = 500;
  workers().run((x.cols() + width - 1) / width, [&](Index block) {
    const Index first = block * width, count = std::min(width, x.cols() - first);
    Chains chains = kernel.init(x.middleCols(first, count));
    for (Index n = 0; n < steps; ++n)
      kernel.step(chains, random.chains_from(first).at(std::uint64_t(n)));
    x.middleCols(first, count) = chains.x;
  });
}

Verdict invariance_test(const MakeSampler& make, EnergyModel& target, Starts starts) {
  const auto kernel = make(target);
  const Domain& domain = target.domain();
  const bool can_count = domain.log_states() < 9.01 * std::numbers::ln2;
  const auto p_values = [&](Index count, Stream random) -> std::vector<double> {
    Batch x = exact_draws(target, count, random.split("starts"));
    step_all(*kernel, x, starts.steps, random.split("steps"));
    if (can_count) {
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
  return sequential_test(p_values, starts.count, Stream(starts.seed));
}

double langevin_variance_z(const MakeSampler& make, double step_size) {
  constexpr Index chains = 50000;
  Independent target = Independent::uniform(Domain::real(1));
  const auto kernel = make(target);
  Batch x = exact_draws(target, chains, Stream(11));
  step_all(*kernel, x, 60, Stream(12));
  const double expected = 1 / (1 - step_size / 4);
  const double variance = double(x.cast<double>().squaredNorm()) / double(chains);
  return (variance / expected - 1) * std::sqrt(double(chains) / 2);
}

}  // namespace gibbsite::test
