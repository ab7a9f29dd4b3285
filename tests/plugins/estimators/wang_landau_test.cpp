#include <cmath>
#include <map>

#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using test::is_reliable;

namespace {

std::string walks(const std::string& more = "") { return "{name: wang_landau" + more + "}"; }

// The states of a small model by energy, in the order of energies.
std::map<double, double> counted(const EnergyModel& model) {
  std::map<double, double> out;
  for (const double E : test::energies(model, test::all_states(model.domain())))
    out[std::round(1e6 * E) / 1e6] += 1;
  return out;
}

}  // namespace

TEST_CASE("the density of states of the 4 x 4 Ising model is the known one") {
  // The mean of 12 walks of this length has a spread of about .02 in ln g.
  const auto model = test::make_model("{name: ising, sides: [4], coupling: 0.44068679350977147}");
  const Result result = test::evaluate(walks(", runs: 12, sweeps: 10000"), *model, 1);
  const double states[] = {2,     32,   64,   424, 1728, 6688, 13568, 20524,
                           13568, 6688, 1728, 424, 64,   32,   2};
  const double energies[] = {-32, -24, -20, -16, -12, -8, -4, 0, 4, 8, 12, 16, 20, 24, 32};
  const auto& density = test::values_of(result, "log_density_of_states");
  REQUIRE(density.size() == 15);
  for (std::size_t k = 0; k < 15; ++k) {
    CAPTURE(energies[k]);
    CHECK(result.coordinates.at("energy_level")[k] ==
          doctest::Approx(.44068679350977147 * energies[k]));
    CHECK(std::abs(density[k] - std::log(states[k])) < .1);
  }
  CHECK(std::abs(test::value_of(result, "log_partition") - 15.521915458755) <
        7 * test::value_of(result, "standard_error"));  // t of 11
  CHECK(test::value_of(result, "standard_error") < .05);
  CHECK(is_reliable(result));
  for (const double flatness : test::values_of(result, "flatness")) CHECK(flatness > .5);
  CHECK(std::get<std::string>(result.attributes.at("bound")) == "none");
}

TEST_CASE("levels of other models are found: bits, categories and impossible states") {
  const auto potts = test::make_model("{name: potts, sides: [3], levels: 3, coupling: 1.5}");
  Row energies(16);
  for (Index n = 0; n < 16; ++n) energies(n) = n % 5 == 3 ? INFINITY : double(n % 3);
  test::TableModel table(Domain::binary(4), energies);
  for (EnergyModel* model : {potts.get(), static_cast<EnergyModel*>(&table)}) {
    const Result result = test::evaluate(walks(", sweeps: 10000"), *model, 2);
    const auto exact = counted(*model);
    const auto& density = test::values_of(result, "log_density_of_states");
    REQUIRE(density.size() == exact.size());
    std::size_t k = 0;
    for (const auto& [energy, states] : exact) {
      CAPTURE(energy);
      CHECK(std::abs(density[k++] - std::log(states)) < .15);
    }
    CHECK(std::abs(test::value_of(result, "log_partition") - test::log_sum_over_states(*model)) <
          8 * test::value_of(result, "standard_error"));  // t of 9
    CHECK(is_reliable(result));
  }
}

TEST_CASE("bins of energies lose nothing: the mean of e^{-E} in each is its own") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const Result result = test::evaluate(walks(", bin_width: 0.5, sweeps: 4000"), *model, 3);
  CHECK(std::abs(test::value_of(result, "log_partition") - 11.494515093304) <
        8 * test::value_of(result, "standard_error"));
  CHECK(test::value_of(result, "standard_error") < .05);
  CHECK(is_reliable(result));
}

TEST_CASE("too few sweeps are reported as unreliable") {
  const auto model = test::make_model("{name: ising, sides: [8], coupling: 0.44}");
  const Result result = test::evaluate(walks(", sweeps: 200"), *model, 1);
  CHECK_FALSE(is_reliable(result));
  CHECK(std::get<std::string>(result.attributes.at("warning")).find("more sweeps") !=
        std::string::npos);
}

TEST_CASE("energies of ±1e5 and a temperature of .001 overflow nowhere") {
  Row energies(4);
  energies << -1e5, 1e5, 0, 1e5;
  test::TableModel model(Domain::binary(2), energies);
  const Result result = test::evaluate(walks(", sweeps: 2000"), model, 1);
  CHECK(std::abs(test::value_of(result, "log_partition") - 1e5) < .1);
  const auto cold = test::make_model("{name: ising, sides: [3], coupling: 440}");
  const Result frozen = test::evaluate(walks(", sweeps: 5000"), *cold, 1);
  CHECK(std::abs(test::value_of(frozen, "log_partition") - 18 * 440 - std::log(2)) <
        8 * test::value_of(frozen, "standard_error"));
}

TEST_CASE("interrupted and resumed walks equal uninterrupted ones, on any threads") {
  const auto model = test::make_model("{name: ising, sides: [3], coupling: 0.4}");
  test::check_resumes(walks(", runs: 3, sweeps: 250"), *model, {1, 40, 80});
}

TEST_CASE("real coordinates and models without conditionals are refused, and too many levels") {
  const auto gaussian = test::make_model("{name: gaussian, units: 2}");
  CHECK(test::error_of([&] { test::evaluate(walks(), *gaussian, 1); }).find("discrete") !=
        std::string::npos);
  const auto rbm = test::recipe_rbm(13, 3, 1);
  CHECK(test::error_of([&] {
          test::evaluate(walks(", sweeps: 3000"), *rbm, 1);
        }).find("bin_width") != std::string::npos);
}
