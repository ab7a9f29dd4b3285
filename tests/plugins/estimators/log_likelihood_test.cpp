#include <algorithm>
#include <cmath>
#include <gibbsite/api/completion.hpp>

#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;

namespace {

const std::string ais = "{name: annealed_importance_sampling, temperatures: 200}";

std::string several(const std::string& estimators) {
  return "{name: log_likelihood, estimators: [" + estimators + "]}";
}

std::string text(const Result& result, const std::string& name) {
  return std::get<std::string>(result.attributes.at(name));
}

}  // namespace

TEST_CASE("every estimator stands beside the others as it is by itself") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows train(test::two_of_four()), held_out(states(model->domain(), 0, 50));
  const auto context = test::context_with(*model, &train, &held_out);
  const Result result = test::evaluate(
      *test::make_evaluation(several(ais + ", exact_log_partition, " + ais), context), 3);
  const Result alone = test::evaluate(*test::make_evaluation(ais, context),
                                      Stream(3).split("annealed_importance_sampling").key());
  const Result exact = test::evaluate(*test::make_evaluation("exact_log_partition", context), 1);
  for (const std::string which : {"train", "test"}) {
    const auto& means = test::values_of(result, "estimator_mean_log_likelihood_" + which);
    REQUIRE(means.size() == 3);
    CHECK(means[0] == test::value_of(alone, "mean_log_likelihood_" + which));
    CHECK(means[1] == test::value_of(exact, "mean_log_likelihood_" + which));
    CHECK(means[2] != means[0]);  // random numbers of its own
    CHECK(
        test::values_of(result, "estimator_mean_log_likelihood_" + which + "_standard_error")[0] ==
        test::value_of(alone, "standard_error"));
    for (const std::string end : {"_lower", "_upper"})
      CHECK(test::near(test::value_of(result, "mean_log_likelihood_" + which + end), means[1],
                       1e-12));
  }
  CHECK(text(result, "estimators") ==
        "annealed_importance_sampling (unbiased_Z), exact_log_partition (exact), "
        "annealed_importance_sampling_2 (unbiased_Z)");
  CHECK(test::value_of(result, "gap") == 0);
  CHECK(std::get<bool>(result.attributes.at("reliable")));
}

TEST_CASE(
    "a lower bound on log Z is an upper bound on the log-likelihood, and the other way round") {
  const auto model = test::recipe_rbm(64, 16, 2);
  const test::Rows data(Batch::Zero(64, 3));
  const auto context = test::context_with(*model, &data);
  const std::string rest = ", temperatures: 5}";
  const Result result = test::evaluate(
      *test::make_evaluation(several("{name: annealed_importance_sampling" + rest +
                                     ", {name: reverse_annealed_importance_sampling" + rest +
                                     ", {name: sequential_monte_carlo" + rest),
                             context),
      1);
  const auto& log_z = test::values_of(result, "estimator_log_partition");
  const auto& likelihood = test::values_of(result, "estimator_mean_log_likelihood_train");
  CHECK(test::value_of(result, "log_partition_lower") == std::max(log_z[0], log_z[2]));
  CHECK(test::value_of(result, "log_partition_upper") == log_z[1]);
  CHECK(test::near(test::value_of(result, "mean_log_likelihood_train_upper"),
                   std::min(likelihood[0], likelihood[2]), 1e-12));
  CHECK(
      test::near(test::value_of(result, "mean_log_likelihood_train_lower"), likelihood[1], 1e-12));
  const double gap = test::value_of(result, "gap");
  CHECK(gap > 1);
  CHECK(text(result, "sandwich") == "forward and reverse disagree by " +
                                        number_text(std::round(10 * gap) / 10) +
                                        " nats: not converged; use more than 5 temperatures");
  CHECK(text(result, "warning").find(text(result, "sandwich")) == 0);
  CHECK_FALSE(std::get<bool>(result.attributes.at("reliable")));
}

TEST_CASE("the likelihood of a deep machine by every estimator of ln Z (|z| < 5)") {
  const auto model = test::make_model(
      "{name: deep_boltzmann_machine, visible: 6, hidden: [5, 4], weight_scale: 0.5}");
  const test::Rows v(states(Domain::binary(6), 20, 10));
  const CompletedData data(v, *model);
  const Result result = test::evaluate(
      *test::make_evaluation(
          several("exact_log_partition, {name: mbar, temperatures: 6, draws: 200}, "
                  "{name: bennett_acceptance_ratio, temperatures: 6}, "
                  "{name: importance_sampling, base: uniform}, "
                  "{name: wang_landau, bin_width: 0.5, sweeps: 4000}, murray_salakhutdinov, "
                  "conservative_likelihood, " +
                  ais),
          test::context_with(*model, &data)),
      1);
  const auto& likelihood = test::values_of(result, "estimator_mean_log_likelihood_train");
  const auto& error = test::values_of(result, "estimator_mean_log_likelihood_train_standard_error");
  REQUIRE(likelihood.size() == 8);
  for (std::size_t k = 1; k < 8; ++k) {
    CAPTURE(k);
    CHECK(error[k] > 0);
    CHECK(error[k] < .2);
    CHECK(std::abs(likelihood[k] - likelihood[0]) < 5 * error[k]);
  }
  CHECK(test::value_of(result, "gap") == 0);
}

// 21 units in the second hidden layer, 3 in the first: with v held, ln p(v) is a sum over the
// first, while sums over the second are out of reach.
TEST_CASE("the likelihood of a deep machine that cannot be summed is a lower bound, and says so") {
  const auto model = test::make_model(
      "{name: deep_boltzmann_machine, visible: 4, hidden: [3, 21], weight_scale: 1}");
  const test::Rows v(test::all_states(Domain::binary(4)));
  const CompletedData data(v, *model);
  const Result result = test::evaluate(
      *test::make_evaluation(several("exact_log_partition, {name: tree_reweighted}, " + ais),
                             test::context_with(*model, &data)),
      1);
  CHECK(text(result, "likelihood_train") == "variational_lower_bound");
  for (const Variable& variable : result.variables) {
    CAPTURE(variable.name);
    CHECK(variable.name.find("log_likelihood_train") == variable.name.npos);
  }
  const double log_z = exact_sum(*model, test::workers(), false).log_partition;
  double exact = 0;
  for (Index n = 0; n < 16; ++n)
    exact += exact_sum(Clamped(*model, {0, 1, 2, 3}, v.x().col(n)), test::workers(), false)
                 .log_partition /
             16;
  exact -= log_z;
  const auto& bound = test::values_of(result, "estimator_mean_log_likelihood_bound_train");
  REQUIRE(bound.size() == 3);
  CHECK(bound[0] < exact);
  CHECK(bound[0] > exact - 3);
  CHECK(bound[1] < bound[0]);
  CHECK(std::abs(bound[2] - bound[0]) <
        5 * test::values_of(result, "estimator_mean_log_likelihood_bound_train_standard_error")[2]);
  // ln Z lies between the two ends, as one of the estimators is exact.
  for (const std::string end : {"_lower", "_upper"})
    CHECK(test::near(test::value_of(result, "mean_log_likelihood_bound_train" + end), bound[0],
                     1e-11));
  std::vector<std::string> headlines;
  for (const auto& [name, value] : result.headline) headlines.push_back(name);
  CHECK(std::find(headlines.begin(), headlines.end(), "annealed_importance_sampling_bound_train") !=
        headlines.end());
}

TEST_CASE("without an upper bound nothing is called converged") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows data(test::two_of_four());
  const Result result =
      test::evaluate(*test::make_evaluation(several(ais), test::context_with(*model, &data)), 1);
  CHECK(text(result, "sandwich").find("nothing here is an upper bound") == 0);
  CHECK_FALSE(std::get<bool>(result.attributes.at("reliable")));
  CHECK(std::isnan(test::value_of(result, "log_partition_upper")));
}

TEST_CASE("a raised bound on the annealed model takes no part in the sandwich") {
  const auto model = test::recipe_rbm(8, 6, 3);
  const test::Rows data(test::two_of_four());
  const Result result =
      test::evaluate(*test::make_evaluation(
                         several("exact_log_partition, {name: raise, temperatures: 5, runs: 200}"),
                         test::context_with(*model, &data)),
                     1);
  CHECK(test::values_of(result, "estimator_mean_log_likelihood_train")[1] > -13);
  CHECK(test::value_of(result, "mean_log_likelihood_train_lower") ==
        doctest::Approx(-15.6213696777).epsilon(1e-9));
  CHECK(test::value_of(result, "mean_log_likelihood_train_upper") ==
        doctest::Approx(-15.6213696777).epsilon(1e-9));
}

TEST_CASE("an interrupted and resumed comparison equals the uninterrupted one, warnings and all") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows data(test::two_of_four());
  const auto make = [&] {
    return test::make_evaluation(
        several("{name: annealed_importance_sampling, temperatures: 1, runs: 2}, "
                "{name: bidirectional_monte_carlo, temperatures: 40, runs: 9}, "
                "{name: thermodynamic_integration, temperatures: 10, chains: 3, draws: 5}"),
        test::context_with(*model, &data));
  };
  const Result whole = test::evaluate(*make(), 9);
  for (const int at : {1, 2, 3, 40, 83, 84, 90, 95}) {
    CAPTURE(at);
    const Result again = test::evaluate_interrupted(make, 9, at);
    CHECK(test::identical(again, whole));
    CHECK(again.attributes == whole.attributes);
  }
}

TEST_CASE("estimators are required, read by their own rules, and need data") {
  const auto model = test::recipe_rbm(4, 3, 1);
  const test::Rows data(states(model->domain(), 0, 4));
  const auto error = [&](const std::string& yaml, const Dataset* train) {
    return test::error_of([&] { test::make_evaluation(yaml, test::context_with(*model, train)); });
  };
  CHECK(error("log_likelihood", &data).find("estimators: is required") != std::string::npos);
  CHECK(error(several("{name: annealed_importance_sampling, temperature: 3}"), &data)
            .find("did you mean 'temperatures'") != std::string::npos);
  CHECK(error(several("exact_log_partition"), nullptr).find("data section") != std::string::npos);
}
