#include <cmath>
#include <gibbsite/api/gibbs_scan.hpp>
#include <gibbsite/core/choice.hpp>
#include <numbers>

#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using test::is_reliable;

namespace {

std::string returning(const std::string& more) {
  return "{name: murray_salakhutdinov" + more + "}";
}

}  // namespace

TEST_CASE("over all its random outcomes the estimate of Z has the expectation Z to 1e-12") {
  const Workers one(1);
  const auto rbm = test::recipe_rbm(1, 1, 3);
  const auto boltzmann = test::recipe_boltzmann(2, 1.5, true);
  for (EnergyModel* model : {rbm.get(), boltzmann.get()})
    for (const std::string length : {"1", "2", "3"}) {
      const auto evaluation =
          test::make_evaluation(returning(", runs: 1, pilot: 1, length: " + length),
                                test::context_with(*model, nullptr, nullptr, one));
      double mean = 0, total = 0, log_z = 0;
      Outcomes::walk(
          [&] { log_z = test::value_of(test::evaluate(*evaluation, 1), "log_partition"); },
          [&](double probability) {
            total += probability;
            mean += probability * std::exp(log_z);
          });
      CAPTURE(length);
      CHECK(std::abs(total - 1) < 1e-12);
      CHECK(std::abs(std::log(mean) - test::log_sum_over_states(*model)) <
            test::tolerance(1e-12, 1e-5));
    }
}

TEST_CASE("transition probabilities of a scan are those of its moves, and T~ is T backwards") {
  const auto boltzmann = test::recipe_boltzmann(3, 1, true);
  const GibbsScan scan(*boltzmann, "test");
  const Batch states = test::all_states(boltzmann->domain());
  const Row law = test::law(*boltzmann);
  const auto walked = [&](bool up) {
    Eigen::MatrixXd K = Eigen::MatrixXd::Zero(8, 8);
    for (Index n = 0; n < 8; ++n) {
      GibbsScan::State now;
      Outcomes::walk(
          [&] {
            now = {states.col(n), {}};
            up ? scan.forwards(now, Stream(1)) : scan.backwards(now, Stream(1));
          },
          [&](double p) { K(n, Index(test::state_number(boltzmann->domain(), now.x, 0))) += p; });
    }
    return K;
  };
  const Eigen::MatrixXd T = walked(true), back = walked(false);
  for (Index n = 0; n < 8; ++n)
    for (Index m = 0; m < 8; ++m) {
      const double own = std::exp(scan.log_transition({states.col(m), {}}, {states.col(n), {}}));
      CHECK(std::abs(own - T(n, m)) < 1e-12);
      CHECK(std::abs(law(n) * T(n, m) - law(m) * back(m, n)) < 1e-12);
    }
}

TEST_CASE("it meets the exact value of latent, visible and real models") {
  for (const auto& [spec, exact] : std::vector<std::pair<std::string, double>>{
           {"{name: gaussian, mean: [0.5, -1], precision: [2, 0.6, 0.6, 1]}",
            std::log(2 * std::numbers::pi) - .5 * std::log(2 - .36)}}) {
    const auto model = test::make_model(spec);
    const Result result = test::evaluate(returning(""), *model, 1);
    CHECK(std::abs(test::value_of(result, "log_partition") - exact) <
          4.5 * test::value_of(result, "standard_error"));
    CHECK(is_reliable(result));
  }
  const auto rbm = test::recipe_rbm(8, 6, 1);
  const auto boltzmann = test::recipe_boltzmann(10, .3, true);
  for (const auto& [model, exact] : {std::pair<EnergyModel*, double>{rbm.get(), 11.494515093304},
                                     {boltzmann.get(), 7.205468053186}}) {
    const Result result = test::evaluate(returning(""), *model, 1);
    CHECK(std::abs(test::value_of(result, "log_partition") - exact) <
          4.5 * test::value_of(result, "standard_error"));
    CHECK(test::value_of(result, "standard_error") < .1);
    CHECK(is_reliable(result));
    CHECK(std::get<std::string>(result.attributes.at("bound")) == "unbiased_Z");
  }
}

TEST_CASE("chains that never come back to their state are reported as unreliable") {
  const auto model = test::recipe_rbm(64, 16, 1);
  CHECK_FALSE(is_reliable(test::evaluate(returning(", length: 20, pilot: 1"), *model, 1)));
}

TEST_CASE("energies of ±1e5 and a temperature of .001 overflow nowhere") {
  Row energies(4);
  energies << -1e5, 1e5, 0, 1e5;
  test::TableModel model(Domain::binary(2), energies);
  CHECK(std::abs(
            test::value_of(test::evaluate(returning(", length: 50"), model, 1), "log_partition") -
            1e5) < .1);
  const auto cold = test::make_model(
      "{name: tempered, beta: 1000, model: {name: rbm, visible: 6, hidden: 4, weight_scale: 3}}");
  CHECK(std::isfinite(
      test::value_of(test::evaluate(returning(", length: 50"), *cold, 1), "log_partition")));
}

TEST_CASE("interrupted and resumed chains equal uninterrupted ones, on any threads") {
  const auto model = test::recipe_rbm(8, 6, 1);
  test::check_resumes(returning(", runs: 60, length: 30"), *model, {1, 3, 8});
}
