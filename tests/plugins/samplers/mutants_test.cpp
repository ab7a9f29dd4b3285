// Wrong kernels and models: the checks that pass the right ones must reject each of these.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Conditionals off by a factor: 1/2 is the Boltzmann machine whose xᵀWx counts each pair once
// (its Gibbs sampler has temperature 2), -1 its antiferromagnet.
class ScaledConditionals final : public EnergyModel, public Conditional {
 public:
  ScaledConditionals(EnergyModel& right, double factor) : right_(right), factor_(factor) {}
  const Domain& domain() const override { return right_.domain(); }

 private:
  void do_energy(const BatchView& x, Row& energy) const override { right_.energy(x, energy); }
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    right_.capability<Conditional>()->natural(sites, x, natural);
    natural *= Real(factor_);
  }

  EnergyModel& right_;
  double factor_;
};

// x' = x - drift ∇E + √ε ξ, with or without a Metropolis step that knows no proposal ratio.
class WrongLangevin final : public Sampler {
 public:
  enum class Rule { unadjusted, no_proposal_ratio };
  WrongLangevin(EnergyModel& model, double drift, double step, Rule rule)
      : model_(*model.capability<Differentiable>()), drift_(drift), step_(step), rule_(rule) {}

 private:
  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }
  void do_step(Chains& now, Stream random) const override {
    Chains next;
    next.x.resize(now.x.rows(), now.x.cols());
    random.normal(next.x);
    next.x = now.x - Real(drift_) * now.gradient + Real(std::sqrt(step_)) * next.x;
    model_.energy_and_gradient(next.x, next.energy, next.gradient);
    const Row always = Row::Constant(now.x.cols(), 1.0);
    metropolis(now, next, rule_ == Rule::unadjusted ? always : Row(now.energy - next.energy),
               random);
  }

  const Differentiable& model_;
  double drift_, step_;
  Rule rule_;
};

// A right kernel at a wrong temperature.
class WrongTemperature final : public Sampler {
 public:
  WrongTemperature(const std::string& yaml, EnergyModel& model, double temperature)
      : heated_(WeightedSum::tempered(1 / temperature, model)),
        kernel_(make_sampler(yaml, heated_)) {}

 private:
  void do_init(Chains& now) const override { now = kernel_->init(now.x); }
  void do_refresh(Chains& now) const override { kernel_->refresh(now); }
  void do_step(Chains& now, Stream random) const override { kernel_->step(now, random); }

  WeightedSum heated_;
  std::unique_ptr<Sampler> kernel_;
};

MakeSampler hot(const std::string& yaml, double temperature) {
  return [=](EnergyModel& model) {
    return std::make_unique<WrongTemperature>(yaml, model, temperature);
  };
}

MakeSampler wrong_langevin(double drift, double step, WrongLangevin::Rule rule) {
  return
      [=](EnergyModel& model) { return std::make_unique<WrongLangevin>(model, drift, step, rule); };
}

}  // namespace

TEST_CASE("a Boltzmann conditional without its factor 2, or of the wrong sign, is rejected") {
  const auto right = recipe_boltzmann(6, .5, false);
  ScaledConditionals same(*right, 1), half(*right, 0.5), flipped(*right, -1);
  const MakeSampler gibbs = sampler("{name: gibbs}");
  CHECK(invariance_defect(gibbs, same) < 1e-12);
  CHECK(invariance_test(gibbs, same).passed);
  for (EnergyModel* wrong : {&half, &flipped}) {
    CHECK(invariance_defect(gibbs, *wrong) > 1e-3);
    CHECK(invariance_defect(sampler("{name: gibbs, scan: random}"), *wrong) > 1e-4);
    const Verdict verdict = invariance_test(gibbs, *wrong);
    CHECK_FALSE(verdict.passed);
    CHECK(verdict.rounds == 1);
  }
}

TEST_CASE("a Langevin drift without its 1/2 is rejected") {
  constexpr double step = 0.1;
  CHECK(std::abs(langevin_variance_z(sampler("{name: ula, step_size: 0.1}"), step)) < 5);
  CHECK(std::abs(langevin_variance_z(
            wrong_langevin(step / 2, step, WrongLangevin::Rule::unadjusted), step)) < 5);
  // It has variance 1/(2 - ε) = .526 instead of 1.026.
  CHECK(langevin_variance_z(wrong_langevin(step, step, WrongLangevin::Rule::unadjusted), step) <
        -50);
}

TEST_CASE(
    "a Langevin kernel without a Metropolis step, or without its proposal ratio, is rejected") {
  const auto model = make_model("{name: gaussian, mean: [1, -2], precision: [2, -1.2, -1.2, 1]}");
  CHECK(invariance_test(sampler("{name: mala, step_size: 0.5}"), *model).passed);
  for (const auto rule : {WrongLangevin::Rule::unadjusted, WrongLangevin::Rule::no_proposal_ratio})
    CHECK_FALSE(invariance_test(wrong_langevin(0.25, 0.5, rule), *model).passed);
}

TEST_CASE("a temperature that is 10 % too high is rejected") {
  const auto boltzmann = recipe_boltzmann(6, .5, true);
  ScaledConditionals hot_conditionals(*boltzmann, 1 / 1.1);
  CHECK(invariance_defect(sampler("{name: gibbs}"), hot_conditionals) > 1e-4);
  CHECK(invariance_test(hot("{name: gibbs}", 1), *boltzmann).passed);
  CHECK_FALSE(invariance_test(hot("{name: gibbs}", 1.1), *boltzmann).passed);
  const auto rbm = recipe_rbm(6, 4, 1);
  CHECK(invariance_test(hot("{name: block_gibbs}", 1), *rbm).passed);
  CHECK_FALSE(invariance_test(hot("{name: block_gibbs}", 1.1), *rbm).passed);
  const auto gaussian =
      make_model("{name: gaussian, mean: [1, -2], precision: [2, -1.2, -1.2, 1]}");
  for (const std::string yaml :
       {"{name: hmc, step_size: 0.6, steps: 3}", "{name: mala, step_size: 0.5}",
        "{name: random_walk, step_size: 1.2}"}) {
    INFO(yaml);
    CHECK_FALSE(invariance_test(hot(yaml, 1.1), *gaussian).passed);
  }
}
