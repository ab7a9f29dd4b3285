#include "support/stationarity.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

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

}  // namespace

MakeSampler sampler(const std::string& yaml) {
  return [yaml](EnergyModel& model) { return make_sampler(yaml, model); };
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

void step_all(const Sampler& kernel, Batch& x, Index steps, Stream random) {
  step_all(kernel, x, steps, random, workers());
}

Verdict invariance_test(const MakeSampler& make, EnergyModel& target, const Starts& starts) {
  return invariance_test(*make(target), target, workers(), starts);
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
