// Unadjusted Langevin: its stationary law is known on N(0, 1), bias included.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

// z < 5 has a false-alarm rate of 6e-7; a variance that is off by 3.2 % gives z = 5.
TEST_CASE("the stationary variance of ula on N(0, 1) is 1 / (1 - ε/4)") {
  for (const double step : {0.2, 0.5, 1.0}) {
    const auto make = sampler("{name: ula, step_size: " + std::to_string(step) + "}");
    CHECK(std::abs(langevin_variance_z(make, step)) < 5);
  }
}

TEST_CASE("ula says that it is not exact") {
  const auto model = make_model("{name: gaussian, mean: [0]}");
  CHECK_FALSE(make_sampler("{name: ula}", *model)->is_exact());
}

TEST_CASE("the drift of ula is ε/2 times the gradient and its noise has variance ε") {
  const auto model = make_model("{name: gaussian, mean: [1, 0], precision: [2, -1, -1, 1]}");
  constexpr Index chains = 20000;
  constexpr double step = 0.3;
  const auto kernel = make_sampler("{name: ula, step_size: 0.3}", *model);
  Chains now = kernel->init(Vector::Ones(2).replicate(1, chains));
  const Batch drift = Real(step / 2) * now.gradient.col(0);  // all chains start at (1, 1)
  kernel->step(now, Stream(2));
  const Batch noise = (now.x.colwise() - Vector::Ones(2)).colwise() + Vector(drift);
  for (Index i = 0; i < 2; ++i) {
    Moments moments;
    for (Index c = 0; c < chains; ++c) moments.add(double(noise(i, c)));
    CHECK(std::abs(moments.mean) < 5 * std::sqrt(step / chains));
    CHECK(std::abs(moments.variance() / step - 1) < 5 * std::sqrt(2.0 / chains));
  }
}

TEST_CASE("ula takes one gradient per chain and step, none besides the first") {
  const auto model = make_model("{name: gaussian, mean: [0, 0]}");
  const auto kernel = make_sampler("{name: ula}", *model);
  const Evaluations before = model->evaluations();
  Chains chains = kernel->init(Batch::Zero(2, 7));
  for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(1).at(n));
  CHECK(model->evaluations() - before == Evaluations{.gradient = 7 * 4});
}

TEST_CASE("ula stays and reports diverging where the energy is not finite") {
  HalfNan model(2);
  const auto kernel = make_sampler("{name: ula, step_size: 0.5}", model);
  Chains chains = kernel->init(Batch::Constant(2, 200, Real(-0.2)));
  const Batch before = chains.x;
  kernel->step(chains, Stream(1));
  Index stayed = 0;
  for (Index c = 0; c < 200; ++c) {
    CHECK((chains.statistics(1, c) == 1) == (chains.x.col(c) == before.col(c)));
    stayed += chains.statistics(1, c) == 1;
  }
  CHECK(stayed > 20);
}

// z < 5; a variance that is off by 3.2 % gives z = 5. After 60 steps the start is forgotten to
// 1e-9.
TEST_CASE("with drift α and noise σ the variance of ula on N(0, 1) is σ² / (1 - (1 - α)²)") {
  Independent target = Independent::uniform(Domain::real(1));
  for (const auto& [alpha, sigma] : {std::pair{0.3, 0.5}, std::pair{1.4, 2.0}}) {
    const auto kernel = make_sampler(
        "{name: ula, drift: " + std::to_string(alpha) + ", noise: " + std::to_string(sigma) + "}",
        target);
    Batch x = exact_draws(target, 50000, Stream(1));
    step_all(*kernel, x, 60, Stream(2));
    const double expected = sigma * sigma / (1 - (1 - alpha) * (1 - alpha));
    const double variance = double(x.cast<double>().squaredNorm()) / 50000;
    CHECK(std::abs(variance / expected - 1) < 5 * std::sqrt(2 / 50000.));
    Chains chains = kernel->init(x);
    kernel->step(chains, Stream(3));
    CHECK(((chains.statistics.row(2) - sigma * sigma / (2 * alpha)).abs() < 1e-15).all());
    CHECK((chains.statistics.row(0) == 2 * alpha).all());
  }
}

TEST_CASE("the temperature of ula is 1 as long as one step size sets drift and noise") {
  Independent target = Independent::uniform(Domain::real(1));
  const auto kernel = make_sampler("{name: ula, step_size: 0.3}", target);
  Chains chains = kernel->init(Batch::Zero(1, 3));
  kernel->step(chains, Stream(3));
  CHECK(((chains.statistics.row(2) - 1).abs() < 1e-15).all());
}

// On N(0, 1) the variance follows v ← (1 - ε_t/2)² v + ε_t exactly, so the expectation of the
// weighted average is known, and its standard error is measured over independent chains.
TEST_CASE(
    "averages weighted by decreasing step sizes converge where those of a fixed step do not") {
  constexpr Index chains = 400, steps = 4000;
  Independent target = Independent::uniform(Domain::real(1));
  const auto kernel = make_sampler(
      "{name: ula, step_size: 1, schedule: decreasing, offset: 1, exponent: 0.6}", target);
  Chains now = kernel->init(exact_draws(target, chains, Stream(4)));
  Row sum = Row::Zero(chains);
  double weights = 0, variance = 1, expected = 0, early = 0;
  for (Index t = 0; t < steps; ++t) {
    kernel->step(now, Stream(5).at(std::uint64_t(t)));
    const double step = std::pow(1. + double(t), -.6);
    CHECK(std::abs(now.statistics(0, 0) - step) < 1e-14);
    variance = (1 - step / 2) * (1 - step / 2) * variance + step;
    sum += step * now.x.row(0).cast<double>().array().square();
    expected += step * variance;
    weights += step;
    if (t == 10) early = expected / weights;
  }
  Moments moments;
  for (const double x : sum / weights) moments.add(x);
  CHECK(std::abs(moments.mean - expected / weights) <
        5 * std::sqrt(moments.variance() / double(chains)));
  CHECK(std::abs(expected / weights - 1) < .03);
  CHECK(std::abs(expected / weights - 1) < .3 * std::abs(early - 1));
  CHECK(1 / (1 - .25) - 1 > .3);  // what the first step size, kept, would be off by
}

TEST_CASE("clamps of ula act on what they name, and only where asked for") {
  const auto model = make_model("{name: gaussian, units: 2, precision: [100, 0, 0, 1]}");
  const Batch x = (Batch(2, 2) << 1, -0.5, 0.01, 3).finished();
  const auto moved = [&](const std::string& more) {
    const auto kernel = make_sampler("{name: ula, drift: 0.1, noise: 0" + more + "}", *model);
    Chains chains = kernel->init(x);
    kernel->step(chains, Stream(1));
    Row energy;
    Batch gradient;
    model->capability<Differentiable>()->energy_and_gradient(chains.x, energy, gradient);
    CHECK(chains.gradient == gradient);  // what is kept is the model's, not the clamped one
    return chains.x;
  };
  const Batch free = (Batch(2, 2) << 1 - 10, -0.5 + 5, 0.01 - 0.001, 3 - 0.3).finished();
  const Batch slow = (Batch(2, 2) << 1 - 0.2, -0.5 + 0.2, 0.01 - 0.001, 3 - 0.2).finished();
  const Batch inside = (Batch(2, 2) << 0, 1, 0.009, 1).finished();
  CHECK(distance(moved(""), free) < 1e-14);
  CHECK(distance(moved(", gradient_clamp: 2"), slow) < 1e-14);
  CHECK(distance(moved(", state_clamp: [0, 1]"), inside) < 1e-14);
}

TEST_CASE("ula refuses parameters that contradict each other") {
  const auto model = make_model("{name: gaussian, units: 2}");
  const auto refusal = [&](const std::string& spec) {
    return error_of([&] { make_sampler("{name: ula, " + spec + "}", *model); });
  };
  for (const std::string spec : {"drift: 1", "noise: 1", "drift: 1, noise: 1, step_size: 1"})
    CHECK(refusal(spec) == "sampler ula: drift: must be given with noise and without step_size");
  for (const std::string spec : {"state_clamp: [1]", "state_clamp: [1, 0]"})
    CHECK(refusal(spec) == "sampler ula: state_clamp: must be two numbers, the lower one first");
  CHECK_FALSE(refusal("exponent: 0.5").empty());
  CHECK_FALSE(refusal("exponent: 1.01").empty());
  CHECK_FALSE(refusal("gradient_clamp: 0").empty());
}
