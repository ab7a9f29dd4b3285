// NUTS and what it adapts: the law on hard targets, the trajectory's bookkeeping, the masses.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

constexpr Index acceptance = 0, n_steps = 2, depth = 3, energy_error = 4, hamiltonian = 5,
                diverging = 6;

}  // namespace

TEST_CASE("nuts keeps the law of a funnel, a banana and a mixture from exact starts") {
  for (const std::string target :
       {"{name: funnel, units: 3, scale: 1.5}", "{name: rosenbrock, a: 0.5, b: 5, mu: 1}",
        "{name: gaussian_mixture, weights: [.3, .7], means: [-2, 0, 2, 1], "
        "standard_deviations: [.5, 1]}"}) {
    CAPTURE(target);
    const auto model = make_model(target);
    const Verdict verdict =
        invariance_test(sampler("{name: nuts, step_size: 0.3}"), *model, {.count = 10000});
    INFO("p = " << verdict.smallest_p << " in round " << verdict.rounds);
    CHECK(verdict.passed);
  }
}

TEST_CASE("a nuts trajectory of depth k has made between 2^(k-1) and 2^k - 1 steps") {
  const auto model = make_model("{name: gaussian, units: 4}");
  const auto kernel = make_sampler("{name: nuts, step_size: 0.15}", *model);
  Chains chains = kernel->init(exact_draws(*model, 300, Stream(1)));
  kernel->step(chains, Stream(2));
  double deepest = 0;
  for (Index c = 0; c < 300; ++c) {
    const double k = chains.statistics(depth, c), steps = chains.statistics(n_steps, c);
    CHECK(steps >= std::pow(2, k - 1));
    CHECK(steps <= std::pow(2, k) - 1);
    deepest = std::max(deepest, k);
  }
  // Half a period of the oscillator is π/0.15 = 21 steps: 2^5 - 1 = 31 reach it, 2^6 never start.
  CHECK(deepest >= 4);
  CHECK(deepest <= 6);
}

TEST_CASE("nuts reports the Hamiltonian of its draw, from which E-BFMI is computed") {
  const auto model = make_model("{name: gaussian, units: 2}");
  const auto kernel = make_sampler("{name: nuts, step_size: 0.4}", *model);
  Chains chains = kernel->init(exact_draws(*model, 20000, Stream(3)));
  kernel->step(chains, Stream(4));
  // H - E is |p|²/2 in two dimensions: Exp(1), mean 1.
  const Row kinetic = chains.statistics.row(hamiltonian) - chains.energy;
  CHECK((kinetic >= 0).all());
  CHECK(std::abs(kinetic.mean() - 1) < 5 / std::sqrt(20000.0));
  CHECK((chains.statistics.row(acceptance) > 0 && chains.statistics.row(acceptance) <= 1).all());
  CHECK(chains.statistics.row(energy_error).abs().maxCoeff() > 1e-4);
}

TEST_CASE("nuts calls a trajectory diverging that leaves the energy shell, and stays put") {
  const auto model = make_model("{name: gaussian, units: 1, precision: [1e6]}");
  const auto kernel = make_sampler("{name: nuts, step_size: 1}", *model);
  Chains chains = kernel->init(exact_draws(*model, 50, Stream(5)));
  const Batch before = chains.x;
  kernel->step(chains, Stream(6));
  CHECK((chains.statistics.row(diverging) == 1).all());
  CHECK(chains.x == before);
}

TEST_CASE("nuts stops at the depth it may have") {
  const auto model = make_model("{name: gaussian, units: 2}");
  const auto kernel = make_sampler("{name: nuts, step_size: 0.001, max_depth: 3}", *model);
  Chains chains = kernel->init(exact_draws(*model, 20, Stream(7)));
  kernel->step(chains, Stream(8));
  CHECK((chains.statistics.row(depth) == 3).all());
  CHECK((chains.statistics.row(n_steps) == 7).all());
}

TEST_CASE("warm-up gives nuts the variances of the target as inverse masses") {
  const auto model = make_model("{name: gaussian, units: 3, precision: [100, 1, 0.01]}");
  const auto kernel = make_sampler("nuts", *model);
  constexpr Index warmup = 1000, chains_count = 16;
  Chains chains = kernel->init(exact_draws(*model, chains_count, Stream(9)));
  for (Index n = 1; n <= warmup; ++n) {
    kernel->step(chains, Stream(10).at(std::uint64_t(n)));
    kernel->adapt(chains, {n, warmup});
  }
  // The last window has 500 nearly independent draws: log variances spread by about √(2/500).
  const Table inverse_mass = chains.tuning.middleRows(DualAveraging::rows, 3);
  const double truth[] = {.01, 1, 100};
  for (Index i = 0; i < 3; ++i) {
    const Row off = (inverse_mass.row(i) / truth[i]).log();
    CHECK(std::abs(off.mean()) < 5 * std::sqrt(3 * 2 / 500. / double(chains_count)));
    CHECK(off.abs().maxCoeff() < 5 * std::sqrt(3 * 2 / 500.));
  }
  // Warm-up aims at .8; a mean of 16 numbers in [0, 1] is below .3 with probability e^{-2·16·.5²}
  // = 3e-4 at most (Hoeffding).
  CHECK(chains.statistics.row(acceptance).mean() > .3);
}

TEST_CASE("mass windows double, the last reaches to 50 steps before the end, few steps have none") {
  const auto closings = [](Index total) {
    const MassAdaptation mass(0, 1);
    Table tuning(mass.rows(), 1);
    mass.init(tuning);
    std::vector<Index> at;
    for (Index n = 1; n <= total; ++n)
      if (mass.adapt(tuning, Batch::Constant(1, 1, Real(n % 3)), {n, total})) at.push_back(n);
    return at;
  };
  CHECK(closings(1000) == std::vector<Index>{100, 150, 250, 450, 950});
  CHECK(closings(150) == std::vector<Index>{100});
  CHECK(closings(100) == std::vector<Index>{90});
  CHECK(closings(19).empty());
}
