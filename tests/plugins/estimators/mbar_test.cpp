#include <cmath>
#include <numbers>

#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using test::is_reliable;

namespace {

std::string mbar(Index temperatures, const std::string& more = "") {
  return "{name: mbar, temperatures: " + std::to_string(temperatures) + more + "}";
}

}  // namespace

TEST_CASE("at every temperature ln Z of harmonic oscillators is the analytic one (|z| < 4.5)") {
  const auto model = test::make_model("{name: gaussian, units: 1, precision: [16]}");
  const Result result = test::evaluate(
      mbar(6,
           ", runs: 20, draws: 100, sampler: gibbs, base_model: {name: gaussian, units: 1, "
           "precision: [1]}"),
      *model, 1);
  const auto& beta = test::values_of(result, "inverse_temperature");
  const auto& found = test::values_of(result, "log_partition_at");
  const auto& covariance = test::values_of(result, "covariance");
  REQUIRE(covariance.size() == 49);
  CHECK(covariance[0] == 0);
  for (std::size_t k = 0; k < 7; ++k) {
    CAPTURE(k);
    const double exact = .5 * std::log(2 * std::numbers::pi / (1 + 15 * beta[k]));
    CHECK(std::abs(found[k] - exact) <= 4.5 * std::sqrt(covariance[k * 7 + k]) + 1e-12);
    for (std::size_t j = 0; j < 7; ++j)
      CHECK(std::abs(covariance[k * 7 + j] - covariance[j * 7 + k]) < 1e-12);
  }
  CHECK(test::value_of(result, "log_partition") == found[6]);
  CHECK(test::value_of(result, "asymptotic_standard_error") ==
        doctest::Approx(std::sqrt(covariance[48])));
  CHECK(is_reliable(result));
}

TEST_CASE("it meets the exact value of latent and visible models, from ladders of either kind") {
  const auto rbm = test::recipe_rbm(16, 10, 2);
  const auto boltzmann = test::recipe_boltzmann(10, 1, true);
  for (const auto& [model, exact] : {std::pair<EnergyModel*, double>{rbm.get(), 28.033443425646},
                                     {boltzmann.get(), 10.502846869318}})
    for (const std::string schedule : {"linear", "adaptive"}) {
      CAPTURE(exact);
      CAPTURE(schedule);
      const Result result =
          test::evaluate(mbar(10, ", draws: 100, schedule: " + schedule), *model, 1);
      const double error = test::value_of(result, "standard_error");
      CHECK(error < .1);
      CHECK(std::abs(test::value_of(result, "log_partition") - exact) < 8 * error);  // t of 7
      CHECK(is_reliable(result));
      for (const double count : test::values_of(result, "independent_draws")) CHECK(count <= 800);
    }
}

TEST_CASE("draws of slow kernels are thinned by their autocorrelation, those of the base are not") {
  const auto model = test::make_model("{name: gaussian, units: 4, precision: [3]}");
  const Result result =
      test::evaluate(mbar(2, ", thin: 1, sampler: {name: mala, step_size: 0.05}"), *model, 1);
  const auto& counts = test::values_of(result, "independent_draws");
  CHECK(counts[0] > 500);
  CHECK(counts[2] < .5 * counts[0]);
}

TEST_CASE("temperatures too far apart are reported as unreliable") {
  const auto model = test::recipe_rbm(64, 16, 2);
  const Result poor = test::evaluate(mbar(1), *model, 1);
  CHECK_FALSE(is_reliable(poor));
  CHECK(std::get<std::string>(poor.attributes.at("warning")).find("hardly overlap") !=
        std::string::npos);
}

TEST_CASE("energies of ±1e5 and a frozen model overflow nowhere") {
  Row energies(2);
  energies << -1e5, 1e5;
  test::TableModel model(Domain::binary(1), energies);
  const Result far = test::evaluate(mbar(3, ", sampler: gibbs"), model, 1);
  CHECK(std::abs(test::value_of(far, "log_partition") - 1e5) < .5);
  const auto cold = test::make_model(
      "{name: tempered, beta: 1000, model: {name: rbm, visible: 6, hidden: 4, weight_scale: 3}}");
  const Result frozen = test::evaluate(mbar(10), *cold, 1);
  CHECK_FALSE(is_reliable(frozen));
  CHECK_FALSE(std::isnan(test::value_of(frozen, "log_partition")));
}

TEST_CASE("more energies than 10^8 are refused when the plugin is built") {
  const auto model = test::recipe_rbm(4, 3, 1);
  CHECK(test::error_of([&] { test::evaluate(mbar(100000), *model, 1); }).find("at most 10^8") !=
        std::string::npos);
}

TEST_CASE("interrupted and resumed tempering equals the uninterrupted one, on any threads") {
  const auto model = test::recipe_rbm(8, 6, 1);
  test::check_resumes(mbar(4, ", runs: 11, warmup: 40, draws: 40, schedule: adaptive"), *model,
                      {1, 30, 60});
}
