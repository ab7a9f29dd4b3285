#include <cmath>
#include <numbers>

#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using test::is_reliable;

namespace {

std::string ratio(Index temperatures, const std::string& more = "") {
  return "{name: bennett_acceptance_ratio, temperatures: " + std::to_string(temperatures) + more +
         "}";
}

const std::string base = ", base_model: {name: gaussian, units: 1, precision: [1]}";

}  // namespace

TEST_CASE("1000 + 1000 draws of precisions 1 and 16 err by .0004 on average, and .038 as a rule") {
  // Of 200 normal errors the mean is within 4.5 and the root mean square within 4.5 of their own
  // standard deviations, .038/√200 and .038/√400.
  const auto model = test::make_model("{name: gaussian, units: 1, precision: [16]}");
  const double exact = .5 * std::log(2 * std::numbers::pi / 16);
  const auto evaluation = test::make_evaluation(
      ratio(1, ", chains: 100, draws: 10, warmup: 0, target: exact, sampler: gibbs" + base),
      test::context_with(*model, nullptr));
  Moments errors, claimed, independent;
  int covered = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Result result = test::evaluate(*evaluation, seed);
    errors.add(test::value_of(result, "log_partition") - exact);
    claimed.add(test::value_of(result, "standard_error"));
    independent.add(test::value_of(result, "independent_standard_error"));
    CHECK(is_reliable(result));
    const auto& interval = test::values_of(result, "interval");
    covered += interval[0] <= exact && exact <= interval[1];
  }
  CHECK(std::abs(errors.mean - .0004) < 4.5 * .038 / std::sqrt(200.));
  CHECK(std::abs(std::sqrt(errors.variance()) - .038) < 4.5 * .038 / std::sqrt(400.) + .0005);
  CHECK(std::abs(claimed.mean - .038) < .002);
  CHECK(std::abs(independent.mean - .038) < .002);
  CHECK(covered >= 176);
  CHECK(covered <= 199);
}

TEST_CASE("along a ladder it meets the exact value of latent and visible models") {
  const auto rbm = test::recipe_rbm(16, 10, 2);
  const auto boltzmann = test::recipe_boltzmann(10, 1, true);
  for (const auto& [model, exact] : {std::pair<EnergyModel*, double>{rbm.get(), 28.033443425646},
                                     {boltzmann.get(), 10.502846869318}})
    for (const std::string more : {"", ", schedule: adaptive", ", target: exact"}) {
      CAPTURE(exact);
      CAPTURE(more);
      const Result result = test::evaluate(ratio(20, more), *model, 2);
      const double error = test::value_of(result, "standard_error");
      CHECK(error < .1);
      CHECK(std::abs(test::value_of(result, "log_partition") - exact) < 6 * error);  // t of 19
      CHECK(is_reliable(result));
      CHECK(std::get<std::string>(result.attributes.at("bound")) == "none");
      CHECK(test::values_of(result, "overlap").size() == 20);
      const auto& stages = test::values_of(result, "log_ratio");
      CHECK(stages.size() == 20);
    }
}

TEST_CASE("slow chains have a standard error far above that of independent draws") {
  // Random-walk steps of .3 decorrelate x² in some 2/.09 steps; were chains not compared as wholes,
  // both errors would be alike.
  const auto model = test::make_model("{name: gaussian, units: 1, precision: [2]}");
  const Result slow = test::evaluate(
      ratio(1, ", chains: 40, draws: 200, sampler: {name: ula, step_size: 0.02}" + base), *model,
      1);
  CHECK(test::value_of(slow, "standard_error") >
        2 * test::value_of(slow, "independent_standard_error"));
}

TEST_CASE("poor overlap is reported as unreliable, with the temperatures between which it is") {
  const auto model = test::recipe_rbm(64, 16, 2);
  const Result poor = test::evaluate(ratio(1), *model, 1);
  CHECK_FALSE(is_reliable(poor));
  CHECK(std::get<std::string>(poor.attributes.at("warning")).find("β = 0 and 1 hardly overlap") !=
        std::string::npos);
  CHECK(test::value_of(poor, "smallest_overlap") < .06);
}

TEST_CASE("equal laws overlap fully, and have the exact ratio") {
  const auto model = test::make_model("{name: gaussian, units: 1, precision: [1]}");
  const Result same = test::evaluate(ratio(3, ", sampler: gibbs" + base), *model, 1);
  CHECK(test::value_of(same, "smallest_overlap") == doctest::Approx(1));
  CHECK(std::abs(test::value_of(same, "log_partition") - .5 * std::log(2 * std::numbers::pi)) <
        1e-10);
  CHECK(is_reliable(same));
}

TEST_CASE("energies of ±1e5 and impossible states overflow nowhere, in one stage or 1e5") {
  Row energies(2);
  energies << -1e5, 1e5;
  test::TableModel model(Domain::binary(1), energies);
  for (const Index temperatures : {1, 100000}) {
    const Result result = test::evaluate(
        ratio(temperatures, ", chains: 2, warmup: 0, draws: 2, sampler: gibbs"), model, 1);
    CHECK(std::isfinite(test::value_of(result, "log_partition")));
    if (temperatures == 1) CHECK_FALSE(is_reliable(result));
  }
  Row walls = Row::Constant(8, INFINITY);
  walls(5) = walls(4) = 1;
  test::TableModel narrow(Domain::binary(3), walls);
  const Result result = test::evaluate(ratio(1, ", sampler: exact"), narrow, 1);
  CHECK(std::abs(test::value_of(result, "log_partition") - std::log(2 * std::exp(-1.))) <
        6 * test::value_of(result, "standard_error"));
}

TEST_CASE("interrupted and resumed stages equal uninterrupted ones, on any threads") {
  const auto model = test::recipe_rbm(8, 6, 1);
  test::check_resumes(ratio(30, ", chains: 11, draws: 5, schedule: adaptive"), *model, {1, 15, 30});
}
