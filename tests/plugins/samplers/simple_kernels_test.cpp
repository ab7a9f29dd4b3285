// Kernels whose law the conformance suite tests on every small model; here what is theirs alone.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// The variance of x on N(0, 1) under `kernel`, by independent chains after 50 steps.
double stationary_variance(const std::string& spec) {
  Independent target = Independent::uniform(Domain::real(1));
  const auto kernel = sampler(spec)(target);
  Batch x = exact_draws(target, 50000, Stream(1));
  step_all(*kernel, x, 50, Stream(2));
  return double(x.cast<double>().squaredNorm()) / 50000;
}

double five_errors(double variance) { return 5 * variance * std::sqrt(2 / 50000.); }

}  // namespace

TEST_CASE("BAOAB has the exact variance of x on a normal law at any stable step") {
  for (const std::string step : {"0.3", "1", "1.7"})
    CHECK(std::abs(stationary_variance("{name: underdamped_langevin, step_size: " + step + "}") -
                   1) < five_errors(1));
}

// Of any number of steps; with one, no two positions are nearly opposite, as they are with two
// of 1.5.
TEST_CASE("HMC without rejection has the variance 1 / (1 - ε²/4) on N(0, 1)") {
  Independent target = Independent::uniform(Domain::real(1));
  const std::string unadjusted = "{name: hmc, adjust: false, adapt: false, jitter: 0, steps: 1, ";
  for (const double step : {.5, 1., 1.5}) {
    const double expected = 1 / (1 - step * step / 4);
    const std::string spec = unadjusted + "step_size: " + std::to_string(step) + "}";
    CHECK(std::abs(stationary_variance(spec) - expected) < five_errors(expected));
  }
  const auto kernel = make_sampler(unadjusted + "step_size: 3}", target);
  CHECK_FALSE(kernel->is_exact());
  CHECK_FALSE(kernel->is_reversible());
  CHECK_THROWS_AS(make_sampler("{name: hmc, adjust: false}", target), Error);
}

TEST_CASE("HMC without rejection stays where its trajectory leaves the finite numbers") {
  Independent target = Independent::uniform(Domain::real(1));
  const auto kernel =
      make_sampler("{name: hmc, adjust: false, adapt: false, step_size: 1e30, steps: 20}", target);
  Chains chains = kernel->init(exact_draws(target, 20, Stream(3)));
  const Batch start = chains.x;
  kernel->step(chains, Stream(4));
  CHECK(chains.x == start);
  CHECK(chains.statistics.row(4).minCoeff() == 1);
}

TEST_CASE(
    "BAOAB has velocities of variance 1 - h²/4 on N(0, 1), so it does not call itself exact") {
  Independent target = Independent::uniform(Domain::real(1));
  const auto kernel = make_sampler("{name: underdamped_langevin, step_size: 1}", target);
  CHECK_FALSE(kernel->is_exact());
  CHECK(make_sampler("{name: underdamped_langevin, adjust: true}", target)->is_exact());
  Chains chains = kernel->init(exact_draws(target, 50000, Stream(12)));
  for (std::uint64_t n = 0; n < 100; ++n) kernel->step(chains, Stream(13).at(n));
  const double variance = 2 * chains.statistics.row(0).mean();
  CHECK(std::abs(variance - .75) < five_errors(.75));
}

TEST_CASE("velocities of underdamped_langevin start from their law and persist") {
  Independent target = Independent::uniform(Domain::real(2));
  const auto kernel =
      make_sampler("{name: underdamped_langevin, step_size: 0.01, friction: 0.01}", target);
  Chains chains = kernel->init(exact_draws(target, 20000, Stream(3)));
  kernel->step(chains, Stream(4));
  const Batch first = chains.aux.topRows(2);
  CHECK(std::abs(chains.statistics.row(0).mean() - 1) < 5 / std::sqrt(20000.));
  kernel->step(chains, Stream(5));
  CHECK((chains.aux.topRows(2) - first).cwiseAbs().maxCoeff() < .2);
}

TEST_CASE("exact draws a new configuration in every step, whatever the last one was") {
  const auto model = recipe_rbm(6, 3, 2);
  const auto kernel = make_sampler("exact", *model);
  Chains ones = kernel->init(Batch::Ones(6, 50)), zeros = kernel->init(Batch::Zero(6, 50));
  kernel->step(ones, Stream(6));
  kernel->step(zeros, Stream(6));
  CHECK(ones.x == zeros.x);
  CHECK(ones.x != Batch::Ones(6, 50));
}

TEST_CASE("exact refuses a model that it cannot draw from") {
  const auto model =
      make_model("{name: logistic_regression, dataset: {name: two_moons, size: 9, seed: 3}}");
  CHECK(error_of([&] { make_sampler("exact", *model); })
            .find("sampler exact: needs a model with "
                  "draws of its own") == 0);
}

TEST_CASE("barker keeps the law where a step is far too large for Langevin, at a price") {
  const auto model = make_model("{name: gaussian, mean: [1, -2], precision: [400, 0, 0, 1]}");
  const Verdict verdict =
      invariance_test(sampler("{name: barker, step_size: 1}"), *model, {.count = 20000});
  CHECK(verdict.passed);
  const auto kernel = make_sampler("{name: barker, step_size: 1}", *model);
  Chains chains = kernel->init(exact_draws(*model, 2000, Stream(7)));
  kernel->step(chains, Stream(8));
  const double rate = chains.statistics.row(0).mean();
  CHECK(rate > .01);
  CHECK(rate < .5);
}

TEST_CASE("slice keeps the law of separate modes though it may step out only a few widths") {
  const auto model = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-4, 4], standard_deviations: [.5, 1]}");
  for (const std::string spec :
       {"{name: slice, width: 0.5, max_steps_out: 3}", "{name: slice, width: 20}"}) {
    CAPTURE(spec);
    CHECK(invariance_test(sampler(spec), *model, {.count = 20000}).passed);
  }
}

TEST_CASE("elliptical_slice accepts at once where the model is its normal law") {
  const auto model = make_model("{name: gaussian, units: 5, precision: [4]}");
  const auto kernel = make_sampler("{name: elliptical_slice, prior_scale: 0.5}", *model);
  Chains chains = kernel->init(exact_draws(*model, 500, Stream(9)));
  kernel->step(chains, Stream(10));
  CHECK((chains.statistics.row(0) == 1).all());
}

TEST_CASE("metropolis moves every coordinate and counts what it accepted") {
  const auto model = recipe_boltzmann(5, .5, true);
  const auto kernel = make_sampler("{name: metropolis, updates: 1}", *model);
  Chains chains = kernel->init(Batch::Zero(5, 4000));
  kernel->step(chains, Stream(11));
  const auto moved = (chains.x.array() != 0).cast<double>();
  for (Index c = 0; c < 4000; ++c) REQUIRE(moved.col(c).sum() == chains.statistics(0, c));
  CHECK((moved.rowwise().sum() > 100).all());
  Independent real = Independent::uniform(Domain::real(2));
  CHECK(error_of([&] { make_sampler("metropolis", real); }) ==
        "sampler metropolis: needs a model on discrete coordinates, got 2 real");
}
