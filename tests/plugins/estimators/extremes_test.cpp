// Every estimator of ln Z on energies and temperatures at which e^{-E} has long left double
// numbers.
#include <cmath>

#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;

namespace {

const std::vector<std::string> estimators = {
    "{name: annealed_importance_sampling, temperatures: 50, runs: 20}",
    "{name: sequential_monte_carlo, temperatures: 50, particles: 10, runs: 5}",
    "{name: reverse_annealed_importance_sampling, temperatures: 50, runs: 20}",
    "{name: bidirectional_monte_carlo, temperatures: 50, runs: 20}",
    "{name: raise, temperatures: 50, runs: 10, forward_runs: 10}",
    "{name: importance_sampling, draws: 1000}",
    "{name: bennett_acceptance_ratio, temperatures: 20, draws: 10}",
    "{name: mbar, temperatures: 10, draws: 30, runs: 4}",
    "{name: thermodynamic_integration, temperatures: 20, draws: 20}",
    "{name: wang_landau, sweeps: 3000, bin_width: 1}",
    "{name: murray_salakhutdinov, length: 50}",
    "{name: conservative_likelihood, warmup: 20, samples: 10, chains: 10}",
    "{name: exact_log_partition}",
    "{name: mean_field}",
    "{name: bethe}",
    "{name: tree_reweighted}",
    "{name: perturb_and_map, draws: 20}"};

// Weights and biases of ±1e5 (3 visible, 2 hidden units).
std::unique_ptr<EnergyModel> steep() {
  auto model = test::make_model("{name: rbm, visible: 3, hidden: 2}");
  Parameters theta(11);
  theta << 1e5, -1e5, -1e5, 1e5, 1e5, 1e5, -1e5, 1e5, 0, 1e5, -1e5;
  model->capability<Parametric>()->set_parameters(theta);
  return model;
}

}  // namespace

TEST_CASE(
    "weights of ±1e5 and a temperature of .001 overflow no estimator, and bounds stay bounds") {
  const auto wide = steep();
  const auto cold = test::make_model(
      "{name: tempered, beta: 1000, model: {name: rbm, visible: 5, hidden: 3, weight_scale: 1}}");
  for (const auto& [title, model] :
       {std::pair<std::string, EnergyModel*>{"steep", wide.get()}, {"cold", cold.get()}}) {
    const double exact = exact_sum(*model, test::workers(), false).log_partition;
    const test::Rows data(test::all_states(model->domain()).leftCols(6));
    for (const std::string& yaml : estimators) {
      CAPTURE(title);
      CAPTURE(yaml);
      const Result result =
          test::evaluate(*test::make_evaluation(yaml, test::context_with(*model, &data)), 1);
      for (const double likelihood : test::values_of(result, "log_likelihood"))
        CHECK_FALSE(std::isnan(likelihood));
      if (yaml.starts_with("{name: raise")) continue;  // says nothing of ln Z
      const double value = test::value_of(result, "log_partition");
      CHECK_FALSE(std::isnan(value));
      if (!std::get<bool>(result.attributes.at("reliable"))) continue;
      const std::string bound = std::get<std::string>(result.attributes.at("bound"));
      const double error = test::value_of(result, "standard_error");
      const double slack = 1e-9 * std::abs(exact) + 8 * (std::isnan(error) ? 0 : error);
      CHECK(std::isfinite(value));
      if (bound != "upper" && bound != "none") CHECK(value <= exact + slack);
      if (bound == "upper" || bound == "exact") CHECK(value >= exact - slack);
    }
  }
}
