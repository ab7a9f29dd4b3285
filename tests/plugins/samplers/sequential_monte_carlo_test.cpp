// Iterated conditional sequential Monte Carlo: exact transition matrices and the reciprocal of Z.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("conditional particles keep small laws to 1e-12, reversibly, with as few as two") {
  const double limit = tolerance(1e-12, 1e-6);
  const auto boltzmann = recipe_boltzmann(3, 1, true);
  const auto two = recipe_boltzmann(2, 2, true);
  const auto rbm = recipe_rbm(2, 1, 3);
  const std::string flips = ", sampler: {name: metropolis, updates: 1}}";
  for (const auto& [spec, model] : {std::pair<std::string, EnergyModel*>{
                                        "temperatures: 1, particles: 2" + flips, boltzmann.get()},
                                    {"temperatures: 1, particles: 4" + flips, boltzmann.get()},
                                    {"temperatures: 2, particles: 2" + flips, boltzmann.get()},
                                    {"temperatures: 2, particles: 3" + flips, two.get()},
                                    {"temperatures: 3, particles: 2" + flips, two.get()},
                                    {"temperatures: 2, particles: 2}", rbm.get()}}) {
    CAPTURE(spec);
    const auto kernel = make_sampler("{name: sequential_monte_carlo, " + spec, *model);
    CHECK(kernel->is_reversible());
    const Eigen::MatrixXd K = transition_matrix(*kernel, *model);
    CHECK(invariance_defect(K, *model) < limit);
    CHECK(reversibility_defect(K, *model) < limit);
    CHECK((K.diagonal().array() < .999).all());
  }
}

TEST_CASE("one temperature is iterated sampling importance resampling, in closed form") {
  const auto model = recipe_boltzmann(3, 1, true);
  const auto kernel = make_sampler(
      "{name: sequential_monte_carlo, temperatures: 1, particles: 2, sampler: metropolis}", *model);
  const Eigen::VectorXd law = probabilities(*model);
  // Of x and a uniform y, y is taken with probability p(y) / (p(x) + p(y)): Barker's rule.
  Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(8, 8);
  for (Index x = 0; x < 8; ++x)
    for (Index y = 0; y < 8; ++y) {
      const double taken = law(y) / (law(x) + law(y)) / 8;
      expected(x, y) += taken;
      expected(x, x) += 1. / 8 - taken;
    }
  CHECK((transition_matrix(*kernel, *model) - expected).cwiseAbs().maxCoeff() < 1e-12);
}

// Under the model's law the mean of 1/Ẑ is 1/Z; 4.5 standard errors, false-alarm rate 7e-6.
TEST_CASE("the reciprocal of the estimated Z of a pass is unbiased") {
  const auto rbm = recipe_rbm(6, 4, 1);
  const double log_z = log_sum_over_states(*rbm);
  const auto kernel =
      make_sampler("{name: sequential_monte_carlo, temperatures: 4, particles: 3}", *rbm);
  Chains chains = kernel->init(exact_draws(*rbm, 10000, Stream(1)));
  kernel->step(chains, Stream(2));
  const Row ratio = (log_z - chains.statistics.row(1)).exp();
  const double error = std::sqrt((ratio - ratio.mean()).square().sum()) / double(ratio.size());
  CHECK(std::abs(ratio.mean() - 1) < 4.5 * error);
  CHECK(error < .05);
  CHECK(chains.statistics.row(1).mean() > log_z);
  CHECK((chains.statistics.row(2) > 1 - 1e-9 && chains.statistics.row(2) < 3 + 1e-9).all());
}

TEST_CASE("more particles and temperatures move x more often, between modes too") {
  const auto model = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-3, 3], standard_deviations: [.3, .3]}");
  const auto moved = [&](const std::string& numbers) {
    const auto kernel = make_sampler("{name: sequential_monte_carlo, " + numbers +
                                         ", sampler: {name: random_walk, step_size: 1}}",
                                     *model);
    Chains chains = kernel->init(Batch::Constant(1, 1000, Real(3)));
    for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(3).at(n));
    CHECK((chains.statistics.row(0) == 1 || chains.statistics.row(0) == 0).all());
    return std::pair(chains.statistics.row(0).mean(),
                     double((chains.x.array() < 0).count()) / 1000);
  };
  const auto [few, few_crossed] = moved("temperatures: 2, particles: 2");
  const auto [many, many_crossed] = moved("temperatures: 12, particles: 12");
  CHECK(few < many);
  CHECK(many > .5);
  CHECK(few_crossed < many_crossed);
  CHECK(many_crossed > .1);
}

TEST_CASE("sequential Monte Carlo keeps a law on real coordinates from exact starts") {
  const auto model = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-2, 2], standard_deviations: [.5, 1]}");
  CHECK(invariance_test(sampler("{name: sequential_monte_carlo, temperatures: 4, particles: 4, "
                                "sampler: {name: mala, step_size: .5}}"),
                        *model, {.count = 20000})
            .passed);
}

TEST_CASE("sequential Monte Carlo refuses a path without a law to start from") {
  const auto model = recipe_rbm(3, 2, 1);
  CHECK(error_of([&] {
          make_sampler("{name: sequential_monte_carlo, base: none}", *model);
        }).find("base") != std::string::npos);
  CHECK(error_of([&] {
          make_sampler("{name: sequential_monte_carlo, particles: 1}", *model);
        }).find("must be >= 2") != std::string::npos);
}
