// Random-walk Metropolis.
#include <cmath>
#include <numbers>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("from exact starts random_walk keeps a correlated Gaussian and a Gaussian mixture") {
  const auto gaussian =
      make_model("{name: gaussian, mean: [1, -2], precision: [2, -1.2, -1.2, 1]}");
  const auto mixture = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-2, 0, 2, 1], standard_deviations: [.5, "
      "1]}");
  for (EnergyModel* model : {gaussian.get(), mixture.get()}) {
    const Verdict verdict = invariance_test(sampler("{name: random_walk, step_size: 1.2}"), *model);
    INFO("p = " << verdict.smallest_p << " in round " << verdict.rounds);
    CHECK(verdict.passed);
  }
}

// At stationarity on N(0, 1) the mean acceptance is (2/π) atan(2/ε); per-step values lie in
// [0, 1], so 1e5 chains give a standard error below .0016, and z = 5 is .008.
TEST_CASE("the acceptance of random_walk on N(0, 1) is (2/π) atan(2/ε)") {
  const auto model = make_model("{name: gaussian, units: 1}");
  for (const double step : {0.5, 2.0, 6.0}) {
    const auto kernel =
        make_sampler("{name: random_walk, step_size: " + std::to_string(step) + "}", *model);
    Chains chains = kernel->init(exact_draws(*model, 100000, Stream(1)));
    kernel->step(chains, Stream(2));
    CHECK(std::abs(chains.statistics.row(0).mean() - 2 / std::numbers::pi * std::atan(2 / step)) <
          0.008);
  }
}

TEST_CASE("warm-up brings random_walk to acceptance .234 at a step near 2.38/√dim") {
  const auto model = make_model("{name: gaussian, units: 20}");
  const auto kernel = make_sampler("{name: random_walk, step_size: 0.001}", *model);
  Chains chains = kernel->init(exact_draws(*model, 50, Stream(1)));
  constexpr Index warmup = 1000;
  for (Index n = 1; n <= warmup; ++n) {
    kernel->step(chains, Stream(2).at(std::uint64_t(n)));
    kernel->adapt(chains, {n, warmup});
  }
  const Table tuning = chains.tuning;
  double acceptance = 0;
  for (Index n = 0; n < 400; ++n) {
    kernel->step(chains, Stream(3).at(std::uint64_t(n)));
    acceptance += chains.statistics.row(0).mean() / 400;
  }
  CHECK(std::abs(acceptance - 0.234) < 0.06);
  CHECK(std::abs(tuning.row(0).mean() * std::sqrt(20) - 2.38) < 0.4);
  CHECK((chains.tuning == tuning).all());
}

TEST_CASE("random_walk takes one energy per chain and step, none besides the first") {
  const auto model = make_model("{name: gaussian, units: 2}");
  const auto kernel = make_sampler("{name: random_walk}", *model);
  const Evaluations before = model->evaluations();
  Chains chains = kernel->init(Batch::Zero(2, 7));
  for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(1).at(n));
  CHECK(model->evaluations() - before == Evaluations{.energy = 7 * 4});
}
