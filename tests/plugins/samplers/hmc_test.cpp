// HMC: the integrator from the positions it asked for, then the law.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/tuned.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const char* const mixture =
    "{name: gaussian_mixture, weights: [.3, .7], means: [-2, 0, 2, 1], standard_deviations: [.5, "
    "1]}";
const char* const correlated = "{name: gaussian, mean: [1, -2], precision: [2, -1.2, -1.2, 1]}";

Batch gradient_at(const EnergyModel& model, const Batch& x) {
  Row energy;
  Batch gradient;
  model.capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
  return gradient;
}

Row energy_at(const EnergyModel& model, const Batch& x) {
  Row energy;
  model.energy(x, energy);
  return energy;
}

double root_mean_square_energy_error(const EnergyModel& model, double step, Index steps) {
  auto& target = const_cast<EnergyModel&>(model);
  const auto kernel = make_sampler("{name: hmc, jitter: 0, step_size: " + std::to_string(step) +
                                       ", steps: " + std::to_string(steps) + "}",
                                   target);
  Chains chains = kernel->init(exact_draws(model, 200, Stream(1)));
  kernel->step(chains, Stream(2));
  return std::sqrt(chains.statistics.row(3).square().mean());
}

}  // namespace

// x_{k+1} - 2 x_k + x_{k-1} = -ε² ∇E(x_k) reads the same from either end: with the momentum
// turned round at x_L the same positions are passed backwards.
TEST_CASE("the trajectory of hmc is time-reversible") {
  const auto target = make_model(mixture);
  WatchedModel watched(*target);
  const auto kernel = make_sampler("{name: hmc, step_size: 0.3, steps: 7}", watched);
  Chains chains = kernel->init(exact_draws(*target, 100, Stream(1)));
  kernel->step(chains, Stream(2));
  const std::vector<Batch>& x = watched.asked();
  REQUIRE(x.size() == 8);
  const Batch squared_step =
      chains.statistics.row(1).square().matrix().replicate(2, 1).cast<Real>();
  for (std::size_t k = 1; k + 1 < x.size(); ++k) {
    const Batch residual =
        x[k + 1] - 2 * x[k] + x[k - 1] + squared_step.cwiseProduct(gradient_at(*target, x[k]));
    CHECK(residual.cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("the energy error of hmc is the change of E + |p|²/2 along its trajectory") {
  const auto target = make_model(mixture);
  WatchedModel watched(*target);
  const auto kernel = make_sampler("{name: hmc, step_size: 0.4, steps: 5}", watched);
  Chains chains = kernel->init(exact_draws(*target, 100, Stream(3)));
  kernel->step(chains, Stream(4));
  const std::vector<Batch>& x = watched.asked();
  const Batch step = chains.statistics.row(1).matrix().replicate(2, 1).cast<Real>();
  // The momenta at both ends, from the first and the last drift.
  const Batch first =
      (x[1] - x[0]).cwiseQuotient(step) + 0.5 * step.cwiseProduct(gradient_at(*target, x[0]));
  const Batch last =
      (x[5] - x[4]).cwiseQuotient(step) - 0.5 * step.cwiseProduct(gradient_at(*target, x[5]));
  const Row error = energy_at(*target, x[5]) - energy_at(*target, x[0]) +
                    0.5 * (last.colwise().squaredNorm() - first.colwise().squaredNorm()).array();
  CHECK((error - chains.statistics.row(3)).abs().maxCoeff() < 1e-11);
  CHECK((chains.statistics.row(0) - (-error).min(0.0).exp()).abs().maxCoeff() < 1e-11);
  CHECK(error.abs().maxCoeff() > 1e-2);
}

TEST_CASE("the momenta of hmc are N(0, I)") {
  Independent target = Independent::uniform(Domain::real(2));
  WatchedModel watched(target);
  const auto kernel = make_sampler("{name: hmc, step_size: 0.1, jitter: 0, steps: 1}", watched);
  Chains chains = kernel->init(Batch::Zero(2, 20000));  // the gradient is 0 there: x_1 = ε p
  kernel->step(chains, Stream(4));
  for (Index i = 0; i < 2; ++i) {
    Moments moments;
    for (Index c = 0; c < 20000; ++c) moments.add(double(watched.asked().back()(i, c)) / 0.1);
    CHECK(std::abs(moments.mean) < 5 / std::sqrt(20000));
    CHECK(std::abs(moments.variance() - 1) < 5 * std::sqrt(2.0 / 20000));
  }
}

// The same momenta and the same travelled time; leading term ε², next ε⁴.
TEST_CASE("the energy error of hmc is of second order in the step size") {
  const auto target = make_model(mixture);
  const double coarse = root_mean_square_energy_error(*target, 0.02, 30);
  const double fine = root_mean_square_energy_error(*target, 0.01, 60);
  CHECK(coarse / fine > 3.9);
  CHECK(coarse / fine < 4.1);
}

// Holds for a reversible map that keeps volume, whatever the step size. z = 5: rate 6e-7 each.
TEST_CASE("from exact starts the mean of exp(-energy error) is 1") {
  for (const auto& [yaml, step] : {std::pair{correlated, 0.8}, std::pair{mixture, 0.5}}) {
    const auto target = make_model(yaml);
    const auto kernel =
        make_sampler("{name: hmc, steps: 3, step_size: " + std::to_string(step) + "}", *target);
    Chains chains = kernel->init(exact_draws(*target, 100000, Stream(5)));
    kernel->step(chains, Stream(6));
    Moments moments;
    for (Index c = 0; c < 100000; ++c) moments.add(std::exp(-chains.statistics(3, c)));
    CHECK(std::abs(moments.mean - 1) < 5 * std::sqrt(moments.variance() / 100000));
    CHECK(moments.variance() > 1e-3);  // the error is large enough to be worth a test
  }
}

TEST_CASE("from exact starts hmc keeps a correlated Gaussian and a Gaussian mixture") {
  for (const char* yaml : {correlated, mixture}) {
    const auto target = make_model(yaml);
    const Verdict verdict =
        invariance_test(sampler("{name: hmc, step_size: 0.6, steps: 3}"), *target);
    INFO("p = " << verdict.smallest_p << " in round " << verdict.rounds);
    CHECK(verdict.passed);
  }
}

TEST_CASE("without jitter hmc resonates: on N(0, 1) step 1 and 3 steps map x to -x") {
  Independent target = Independent::uniform(Domain::real(1));
  for (const auto& [jitter, resonates] : {std::pair{"0", true}, std::pair{"0.2", false}}) {
    const auto kernel = make_sampler(
        "{name: hmc, step_size: 1, steps: 3, jitter: " + std::string(jitter) + "}", target);
    Chains chains = kernel->init(Batch::Constant(1, 50, Real(0.5)));
    kernel->step(chains, Stream(1));
    Index mapped = 0;
    for (Index c = 0; c < 50; ++c) mapped += std::abs(chains.x(0, c) + Real(0.5)) < 1e-12;
    CHECK((mapped == 50) == resonates);
  }
}

TEST_CASE("hmc reports a trajectory that leaves the energy shell as diverging and rejects it") {
  const auto target = make_model("{name: gaussian, mean: [0], precision: [1e6]}");
  const auto kernel = make_sampler("{name: hmc, step_size: 1, steps: 20}", *target);
  Chains chains = kernel->init(Batch::Constant(1, 5, Real(0.001)));
  kernel->step(chains, Stream(1));
  CHECK((chains.x.array() == Real(0.001)).all());
  CHECK((chains.statistics.row(4) == 1).all());
  CHECK((chains.statistics.row(0) == 0).all());
}

TEST_CASE("warm-up brings hmc to its target acceptance and leaves the step size alone afterwards") {
  const auto model = make_model("{name: gaussian, units: 20}");
  const auto kernel =
      make_sampler("{name: hmc, step_size: 0.01, steps: 4, target_acceptance: 0.65}", *model);
  Chains chains = kernel->init(exact_draws(*model, 50, Stream(1)));
  constexpr Index warmup = 400;
  for (Index n = 1; n <= warmup; ++n) {
    kernel->step(chains, Stream(2).at(std::uint64_t(n)));
    kernel->adapt(chains, {n, warmup});
  }
  const Table tuning = chains.tuning;
  double acceptance = 0;
  for (Index n = 0; n < 300; ++n) {
    kernel->step(chains, Stream(3).at(std::uint64_t(n)));
    acceptance += chains.statistics.row(0).mean() / 300;
  }
  CHECK(std::abs(acceptance - 0.65) < 0.06);
  CHECK((chains.tuning == tuning).all());
}

TEST_CASE("hmc takes one gradient per chain and leapfrog step, none besides the first") {
  const auto model = make_model("{name: gaussian, units: 2}");
  const auto kernel = make_sampler("{name: hmc, steps: 6}", *model);
  const Evaluations before = model->evaluations();
  Chains chains = kernel->init(Batch::Zero(2, 7));
  for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(1).at(n));
  CHECK(model->evaluations() - before == Evaluations{.gradient = 7 * (1 + 3 * 6)});
  CHECK((chains.statistics.row(2) == 6).all());
}

// Precision with eigenvalues 1e4 and 1, its axes turned by 30°. Ten leapfrog steps that the stiff
// direction allows are a tenth of the soft one's length, so draws follow a random walk of some
// hundred steps; with the covariance known they are a half turn. Diagonal masses see no axes.
TEST_CASE("dense masses recover the efficiency of hmc on a rotated law of condition 1e4") {
  const auto model = make_model(
      "{name: gaussian, mean: [0, 0], precision: [2500.75, -4329.694, -4329.694, 7500.25]}");
  const auto efficiency = [&](const std::string& mass) {
    const auto kernel = make_sampler("{name: hmc, mass: " + mass + "}", *model);
    return gradient_efficiency(*kernel, *model, 1000, 500);
  };
  const double dense = efficiency("dense");
  CHECK(dense > 20 * efficiency("identity"));
  CHECK(dense > 5 * efficiency("diagonal"));
  CHECK(dense > .02);  // five draws in a hundred gradients are worth an independent one at least
}

TEST_CASE("with learnt masses hmc keeps its law, and the mean of exp(-energy error) is 1") {
  const auto model =
      make_model("{name: gaussian, mean: [1, 0, -1], precision: [40, 3, 0, 3, 1, .2, 0, .2, .5]}");
  for (const std::string mass : {"diagonal", "dense"}) {
    CAPTURE(mass);
    const auto kernel =
        make_sampler("{name: hmc, steps: 3, steps_jitter: 0.7, mass: " + mass + "}", *model);
    CHECK(keeps_law_once_tuned(*kernel, *model));
    Chains now = kernel->init(exact_draws(*model, 100000, Stream(5)));
    now.tuning = warmed_up(*kernel, *model, 1, 300).tuning.replicate(1, 100000);
    kernel->step(now, Stream(6));
    Moments moments;
    for (Index c = 0; c < 100000; ++c) moments.add(std::exp(-now.statistics(3, c)));
    CHECK(std::abs(moments.mean - 1) < 5 * std::sqrt(moments.variance() / 100000));
    CHECK(moments.variance() > 1e-3);
  }
}

// P(all of 5000 chains miss one of five lengths) < 5 e^{-1000}.
TEST_CASE(
    "with steps_jitter the number of steps is uniform on L (1 ± jitter) and each is paid for") {
  const auto model = make_model("{name: gaussian, units: 2}");
  const auto kernel = make_sampler("{name: hmc, steps: 4, steps_jitter: 0.5}", *model);
  Chains chains = kernel->init(Batch::Zero(2, 5000));
  const Evaluations before = model->evaluations();
  kernel->step(chains, Stream(1));
  const Row steps = chains.statistics.row(2);
  CHECK((model->evaluations() - before).gradient == std::uint64_t(steps.sum()));
  for (int length = 2; length <= 6; ++length) {
    const double found = double((steps == double(length)).count());
    CHECK(std::abs(found - 1000) < 5 * std::sqrt(1000 * .8));
  }
  const auto all = make_sampler("{name: hmc, steps: 3, steps_jitter: 1}", *model);
  all->step(chains, Stream(2));
  CHECK(chains.statistics.row(2).minCoeff() == 1);
  CHECK(chains.statistics.row(2).maxCoeff() == 5);
}

TEST_CASE("steps_jitter alone ends the resonance of hmc") {
  Independent target = Independent::uniform(Domain::real(1));
  const auto kernel =
      make_sampler("{name: hmc, step_size: 1, steps: 3, jitter: 0, steps_jitter: 0.4}", target);
  Chains chains = kernel->init(Batch::Constant(1, 50, Real(0.5)));
  kernel->step(chains, Stream(1));
  CHECK(((chains.x.array() + Real(0.5)).abs() > 1e-3).any());
}
