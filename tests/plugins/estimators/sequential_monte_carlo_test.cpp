#include <gibbsite/core/choice.hpp>

#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;

namespace {

std::string smc(Index temperatures, const std::string& more = "") {
  return "{name: sequential_monte_carlo, temperatures: " + std::to_string(temperatures) + more +
         "}";
}

}  // namespace

TEST_CASE("over all its random outcomes the estimate of Z has the expectation Z to 1e-12") {
  const Workers one(1);
  for (const auto& [visible, temperatures] : {std::pair{Index{1}, Index{3}}, {2, 2}})
    for (const std::string resample : {"0", "0.9", "1"}) {
      const auto model = test::recipe_rbm(visible, 1, 3);
      const auto evaluation = test::make_evaluation(
          smc(temperatures, ", particles: 2, runs: 1, resample_below: " + resample),
          test::context_with(*model, nullptr, nullptr, one));
      double mean = 0, total = 0, log_z = 0;
      Outcomes::walk(
          [&] { log_z = test::value_of(test::evaluate(*evaluation, 1), "log_partition"); },
          [&](double probability) {
            total += probability;
            mean += probability * std::exp(log_z);
          });
      CAPTURE(resample);
      CHECK(std::abs(total - 1) < 1e-12);
      CHECK(std::abs(std::log(mean) - exact_sum(*model, one, false).log_partition) < 1e-12);
    }
}

TEST_CASE("without resampling it is annealed importance sampling, population by population") {
  const auto model = test::recipe_rbm(12, 8, 1);
  const Result result =
      test::evaluate(smc(20, ", particles: 7, runs: 3, resample_below: 0"), *model, 5);
  const Result annealed =
      test::evaluate("{name: annealed_importance_sampling, temperatures: 20, runs: 21}", *model, 5);
  const auto& weights = test::values_of(annealed, "log_weights");
  for (Index r = 0; r < 3; ++r)
    CHECK(std::abs(test::values_of(result, "log_weights")[std::size_t(r)] -
                   log_mean_exp(Eigen::Map<const Eigen::ArrayXd>(weights.data() + 7 * r, 7))) <
          test::tolerance(1e-11, 1e-3));
}

TEST_CASE("the interval covers the exact log partition function in at least 15 of 20 seeds") {
  // An exact 95 % interval would fail this in 3 of 10000 cases.
  const auto model = test::recipe_rbm(16, 10, 2);
  const double exact = exact_sum(*model, test::workers(), false).log_partition;
  for (const std::string schedule : {"linear", "adaptive"}) {
    const auto evaluation = test::make_evaluation(smc(50, ", particles: 50, schedule: " + schedule),
                                                  test::context_with(*model, nullptr));
    int covered = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      const Result result = test::evaluate(*evaluation, seed);
      const auto& interval = test::values_of(result, "interval");
      covered += interval[0] <= exact && exact <= interval[1];
      CHECK(std::get<std::string>(result.attributes.at("bound")) == "unbiased_Z");
      CHECK(test::value_of(result, "standard_error") < .1);
    }
    CAPTURE(schedule);
    CHECK(covered >= 15);
  }
}

TEST_CASE("effective sample sizes are kept for every step, and resampling where they fell") {
  const auto model = test::recipe_rbm(16, 10, 2);
  const Result result =
      test::evaluate(smc(12, ", particles: 50, runs: 4, resample_below: 0.6"), *model, 3);
  const auto& ess = test::values_of(result, "particle_effective_sample_size");
  REQUIRE(ess.size() == 4 * 12);
  double lowest = 50;
  for (std::size_t run = 0; run < 4; ++run) {
    int below = 0;
    for (std::size_t step = 0; step < 11; ++step) {
      const double value = ess[run * 12 + step];
      CHECK(value >= 1 - 1e-9);
      CHECK(value <= 50 + 1e-9);
      below += value < 30;
      lowest = std::min(lowest, value);
    }
    CHECK(test::values_of(result, "resampled_times")[run] == below);
  }
  CHECK(lowest < 30);
}

TEST_CASE("interrupted and resumed populations equal uninterrupted ones, on any threads") {
  const auto model = test::recipe_rbm(12, 8, 1);
  test::check_resumes(smc(150, ", particles: 9, runs: 5, schedule: adaptive"), *model, {1, 40, 70});
}

TEST_CASE("a population without a possible particle estimates 0, the others go on") {
  // Only one of 8 states is possible, so of two particles there is none in most populations.
  Row energies = Row::Constant(8, INFINITY);
  energies(5) = 1;
  test::TableModel model(Domain::binary(3), energies);
  const Result result =
      test::evaluate(smc(1, ", particles: 2, runs: 2000, sampler: gibbs"), model, 4);
  Moments z;
  for (const double log_z : test::values_of(result, "log_weights")) z.add(std::exp(log_z) * 8);
  CHECK(std::abs(z.mean - std::exp(-1.)) < 4.5 * std::sqrt(z.variance() / z.count));
  CHECK(test::value_of(result, "effective_sample_size") < 1000);
}
