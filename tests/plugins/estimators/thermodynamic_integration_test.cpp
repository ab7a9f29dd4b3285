#include <cmath>
#include <numbers>

#include "support/rows.hpp"

using namespace gibbsite;

namespace {

std::string integration(Index temperatures, const std::string& more = "") {
  return "{name: thermodynamic_integration, temperatures: " + std::to_string(temperatures) + more +
         "}";
}

}  // namespace

TEST_CASE("on a Gaussian path the rules err by the tabulated discretisation, apart from noise") {
  // Gibbs on one coordinate draws it anew, so the means are those of independent draws.
  const auto model = test::make_model("{name: gaussian, units: 1, precision: [16]}");
  const std::string more =
      ", chains: 50, warmup: 0, draws: 400, sampler: gibbs, base_model: {name: gaussian, units: 1, "
      "precision: [1]}";
  const double log_z0 = std::log(2 * std::numbers::pi) / 2;
  for (const auto& [steps, lines] :
       {std::pair{Index{4}, -1.764480}, {Index{16}, -1.420343}, {Index{64}, -1.388562}}) {
    CAPTURE(steps);
    const Result result = test::evaluate(integration(steps, more), *model, 1);
    const double error = test::value_of(result, "standard_error");
    CHECK(error < .02);
    CHECK(std::abs(test::value_of(result, "log_partition") - log_z0 - lines) < 5 * error);
    CHECK(test::value_of(result, "log_partition") ==
          test::value_of(result, "log_partition_trapezoid"));
    CHECK(std::get<bool>(result.attributes.at("reliable")) == (steps == 64));
    if (steps < 64) {
      const double gap = test::value_of(result, "discretisation_error");
      CHECK(gap > .5 * (-1.386294 - lines));
      CHECK(gap < 2 * (-1.386294 - lines));
      CHECK(std::get<std::string>(result.attributes.at("warning")).find("too coarse") !=
            std::string::npos);
    }
    const auto& interval = test::values_of(result, "interval");
    CHECK(interval[0] - log_z0 < -1.386294);
    if (steps == 64) CHECK(interval[1] - log_z0 > -1.386294);
  }
  const Result parabolas = test::evaluate(integration(64, more + ", rule: simpson"), *model, 1);
  CHECK(std::abs(test::value_of(parabolas, "log_partition") - log_z0 + 1.38629436) <
        5 * test::value_of(parabolas, "standard_error"));
  CHECK(test::value_of(parabolas, "log_partition") ==
        test::value_of(parabolas, "log_partition_simpson"));
}

TEST_CASE("it agrees with the exact value of latent and visible models within 5 standard errors") {
  const auto rbm = test::recipe_rbm(8, 6, 1);
  const auto boltzmann = test::recipe_boltzmann(10, .3, true);
  for (const auto& [model, exact] : {std::pair<EnergyModel*, double>{rbm.get(), 11.494515093304},
                                     {boltzmann.get(), 7.205468053186}})
    for (const std::string schedule : {"linear", "adaptive"}) {
      CAPTURE(exact);
      CAPTURE(schedule);
      const Result result =
          test::evaluate(integration(60, ", rule: simpson, schedule: " + schedule), *model, 1);
      const double error = test::value_of(result, "standard_error");
      CHECK(error < .01);
      CHECK(std::abs(test::value_of(result, "log_partition") - exact) <
            5 * error + test::value_of(result, "discretisation_error"));
      CHECK(std::get<std::string>(result.attributes.at("bound")) == "none");
    }
}

TEST_CASE("an integral that was interrupted and resumed equals the uninterrupted one") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const auto make = [&] {
    return test::make_evaluation(integration(20, ", chains: 11, draws: 5"),
                                 test::context_with(*model, nullptr));
  };
  const Result whole = test::evaluate(*make(), 9);
  for (const int at : {1, 8, 20})
    CHECK(test::identical(test::evaluate_interrupted(make, 9, at), whole));
}
