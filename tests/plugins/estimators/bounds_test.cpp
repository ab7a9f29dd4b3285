// Annealing downwards: reverse AIS, bidirectional Monte Carlo and RAISE.
#include <cmath>
#include <gibbsite/core/choice.hpp>
#include <numbers>

#include "support/annealed.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;

namespace {

const double log_2_pi = std::log(2 * std::numbers::pi);

std::string evaluation(const std::string& name, Index temperatures, const std::string& more = "") {
  return "{name: " + name + ", temperatures: " + std::to_string(temperatures) + more + "}";
}

std::string reverse(Index temperatures, const std::string& more = "") {
  return evaluation("reverse_annealed_importance_sampling", temperatures, more);
}

std::string both_ways(Index temperatures, const std::string& more = "") {
  return evaluation("bidirectional_monte_carlo", temperatures, more);
}

double exact_log_z(const EnergyModel& model) {
  return exact_sum(model, test::workers(), false).log_partition;
}

std::string text(const Result& result, const std::string& name) {
  return std::get<std::string>(result.attributes.at(name));
}

// p(x_T) of the annealed model on evenly spaced β.
Eigen::RowVectorXd annealed_law(EnergyModel& model, Index temperatures) {
  auto base = Independent::uniform(model.domain());
  return test::enumerate_annealing(base, model, test::even_ladder(temperatures)).law;
}

// E[value] over all random outcomes of an evaluation on one row of data.
template <class Value>
double expectation(const std::string& yaml, EnergyModel& model, const Batch& row, Value value) {
  const Workers one(1);
  const test::Rows data(row);
  const auto made = test::make_evaluation(yaml, test::context_with(model, &data, nullptr, one));
  double mean = 0, now = 0;
  Outcomes::walk([&] { now = value(test::evaluate(*made, 1)); },
                 [&](double probability) { mean += probability * now; });
  return mean;
}

}  // namespace

TEST_CASE("over exact starts and all its outcomes a reverse weight has the mean Z_0 / Z to 1e-12") {
  const auto model = test::recipe_rbm(2, 1, 2);
  const Batch states = test::all_states(model->domain());
  const Row law = test::law(*model);
  double mean = 0;
  for (Index n = 0; n < states.cols(); ++n)
    mean += law(n) * expectation(reverse(3, ", runs: 1, start: data"), *model, states.col(n),
                                 [](const Result& result) {
                                   return std::exp(test::value_of(result, "log_weights"));
                                 });
  const double log_z0 = 3 * std::numbers::ln2;  // the hidden unit is free at β = 0, too
  CHECK(std::abs(std::log(mean) - (log_z0 - exact_log_z(*model))) < 1e-12);
}

TEST_CASE("perfect transitions between precisions 1 and 16: E ln w is -1.9460 and -1.0671") {
  // Gibbs on one coordinate draws it anew; 9 inverse temperatures.
  const auto model = test::make_model("{name: gaussian, units: 1, precision: [16]}");
  const Result result = test::evaluate(
      both_ways(8,
                ", runs: 20000, sampler: {name: gibbs, scan: palindromic}, base_model: "
                "{name: gaussian, units: 1, precision: [1]}"),
      *model, 2);
  const auto check = [&](const std::string& name, double sign, double expected) {
    Moments m;
    for (const double log_weight : test::values_of(result, name)) m.add(sign * log_weight);
    CHECK(std::abs(m.mean - expected) < 4.5 * std::sqrt(m.variance() / m.count));
  };
  check("log_weights", 1, -1.9460226686);
  check("reverse_log_weights", -1, -1.0671164186);
  CHECK(test::value_of(result, "log_partition_single_lower") - log_2_pi / 2 < -1.38629);
  CHECK(test::value_of(result, "log_partition_single_upper") - log_2_pi / 2 > -1.38629);
}

TEST_CASE("on average the reverse estimate lies above the exact one and the forward one below") {
  // Each mean is 4.5 of its own standard errors or more away on the right side.
  const auto model = test::recipe_rbm(16, 10, 2);
  const double exact = exact_log_z(*model);
  Moments low, high;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const Result result = test::evaluate(both_ways(5, ", runs: 10"), *model, seed);
    low.add(test::value_of(result, "log_partition") - exact);
    high.add(test::value_of(result, "log_partition_upper") - exact);
  }
  CHECK(low.mean < -4.5 * std::sqrt(low.variance() / low.count));
  CHECK(high.mean > 4.5 * std::sqrt(high.variance() / high.count));
}

TEST_CASE("the reverse estimate is labelled as an upper bound and meets the exact value") {
  const auto model = test::recipe_rbm(16, 10, 2);
  const test::Rows data(states(model->domain(), 0, 100));
  const Result result = test::evaluate(reverse(500), *model, 1, &data);
  CHECK(text(result, "bound") == "upper");
  CHECK(text(result, "log_likelihood_bound") == "lower");
  CHECK(std::get<bool>(result.attributes.at("reliable")));
  CHECK(std::abs(test::value_of(result, "log_partition") - exact_log_z(*model)) <
        4.5 * test::value_of(result, "standard_error"));
  const Result assumed = test::evaluate(reverse(500, ", start: data"), *model, 1, &data);
  CHECK(text(assumed, "assumes") == "the training data are exact draws from this model");
  CHECK_FALSE(std::get<bool>(assumed.attributes.at("reliable")));
}

TEST_CASE("kernels that are not reversible, too few rows and models without draws are refused") {
  const auto boltzmann = test::recipe_boltzmann(6, .5, true);
  const test::Rows data(states(boltzmann->domain(), 0, 10));
  for (const std::string name :
       {"reverse_annealed_importance_sampling", "bidirectional_monte_carlo", "raise"}) {
    CAPTURE(name);
    const auto error = [&](const std::string& more) {
      return test::error_of(
          [&] { test::evaluate(evaluation(name, 5, more), *boltzmann, 1, &data); });
    };
    CHECK(error("").find("must be reversible") != std::string::npos);
    CHECK(error(", sampler: {name: gibbs, scan: palindromic}").empty());
  }
  CHECK(test::error_of([&] {
          test::evaluate(
              reverse(5, ", start: data, runs: 11, sampler: {name: gibbs, scan: random}"),
              *boltzmann, 1, &data);
        }).find("at most the training data's 10 rows, got 11") != std::string::npos);
  const auto large = test::recipe_rbm(30, 30, 1);
  CHECK(test::error_of([&] { test::evaluate(reverse(5), *large, 1); }).find("start: data") !=
        std::string::npos);
  CHECK(test::error_of([&] {
          test::evaluate(evaluation("raise", 5), *large, 1);
        }).find("data section") != std::string::npos);
}

TEST_CASE("bidirectional Monte Carlo has the weights of both estimators, bit for bit") {
  const auto model = test::recipe_rbm(12, 8, 1);
  const Result both = test::evaluate(both_ways(30), *model, 7);
  CHECK(test::values_of(both, "log_weights") ==
        test::values_of(test::evaluate(evaluation("annealed_importance_sampling", 30), *model, 7),
                        "log_weights"));
  CHECK(test::values_of(both, "reverse_log_weights") ==
        test::values_of(test::evaluate(reverse(30), *model, 7), "log_weights"));
}

TEST_CASE("a gap is reported with the temperatures it takes more of, and closes") {
  const auto model = test::recipe_rbm(64, 16, 2);
  const Result poor = test::evaluate(both_ways(5), *model, 1);
  CHECK(test::value_of(poor, "gap") > 1);
  CHECK(text(poor, "verdict").find("not converged; use more than 5 temperatures") !=
        std::string::npos);
  CHECK(text(poor, "warning") == text(poor, "verdict"));
  const Result fine = test::evaluate(both_ways(1000), *model, 1);
  CHECK(std::abs(test::value_of(fine, "gap")) < .5);
  CHECK(std::get<bool>(fine.attributes.at("reliable")));
  const auto& interval = test::values_of(fine, "interval");
  CHECK(interval[0] < 129.6561338075);
  CHECK(interval[1] > 129.6561338075);
}

TEST_CASE("over all its outcomes RAISE estimates the annealed model's probability to 1e-12") {
  const auto model = test::recipe_rbm(2, 1, 2);
  const Batch states = test::all_states(model->domain());
  const Eigen::RowVectorXd law = annealed_law(*model, 2);
  for (Index n = 0; n < states.cols(); ++n) {
    const double mean =
        expectation(evaluation("raise", 2, ", runs: 1, forward_runs: 1"), *model, states.col(n),
                    [](const Result& result) {
                      return std::exp(test::value_of(result, "mean_log_likelihood_train"));
                    });
    CHECK(std::abs(mean - law(n)) < 1e-12);
  }
}

TEST_CASE("RAISE says where the annealed model gives data more than the target does") {
  const auto model = test::recipe_rbm(8, 6, 3);
  const test::Rows data(test::two_of_four());
  const Eigen::RowVectorXd law = annealed_law(*model, 5);
  double expected = 0;
  for (Index n = 0; n < 6; ++n) {
    Index number = 0;
    for (Index i = 0; i < 8; ++i) number += Index(data.x()(i, n)) << i;
    expected += std::log(law(number)) / 6;
  }
  CHECK(expected == doctest::Approx(-11.395242).epsilon(1e-6));  // the target has -15.621370
  const Result result =
      test::evaluate(evaluation("raise", 5, ", runs: 3000, forward_runs: 2000"), *model, 1, &data);
  CHECK(std::abs(test::value_of(result, "mean_log_likelihood_train") - expected) <
        4.5 * test::value_of(result, "mean_log_likelihood_train_standard_error"));
  CHECK(test::value_of(result, "annealed_minus_target_train") > 3);
  CHECK(text(result, "warning").find("no bound on the target") != std::string::npos);
  CHECK(text(result, "bound") == "none");
  CHECK(test::values_of(result, "log_likelihood").size() == 6);
}

TEST_CASE("interrupted and resumed passes up and down equal uninterrupted ones") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows data(test::two_of_four());
  for (const std::string& spec :
       {both_ways(150, ", runs: 20"), reverse(150, ", runs: 20"),
        evaluation("raise", 150, ", runs: 5, forward_runs: 8, schedule: adaptive")}) {
    CAPTURE(spec);
    const auto make = [&] {
      return test::make_evaluation(spec, test::context_with(*model, &data));
    };
    const Result whole = test::evaluate(*make(), 9);
    for (const int at : {1, 50, 70})
      CHECK(test::identical(test::evaluate_interrupted(make, 9, at), whole));
  }
}
