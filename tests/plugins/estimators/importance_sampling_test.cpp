#include <cmath>
#include <numbers>

#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using test::is_reliable;

namespace {

std::string sampling(const std::string& more) { return "{name: importance_sampling" + more + "}"; }

}  // namespace

TEST_CASE("weights have the enumerated mean and variance, from either base (|z| < 4.5)") {
  const auto model = test::recipe_rbm(6, 4, 1);
  const test::Rows data(test::bars_and_stripes(3).topRows(6));
  for (const bool from_data : {true, false}) {
    const auto base = from_data ? Independent::from_data(model->domain(), data, .03125 * 16)
                                : Independent::uniform(model->domain());
    const Batch x = test::all_states(model->domain());
    const Row log_w = test::energies(base, x) - test::energies(*model, x), q = test::law(base);
    const double mean = (q * log_w.exp()).sum(), square = (q * (2 * log_w).exp()).sum();
    const double log_zq = *base.log_partition(1);
    CHECK(std::log(mean) + log_zq == doctest::Approx(test::log_sum_over_states(*model)));
    const Result result =
        test::evaluate(sampling(std::string(", draws: 20000, smoothing: 0.03125, base: ") +
                                (from_data ? "data" : "uniform")),
                       *model, 3, &data);
    Moments first, second;
    for (const double one : test::values_of(result, "log_weights")) {
      first.add(std::exp(one) / mean);
      second.add(std::exp(2 * one) / square);
    }
    CHECK(std::abs(first.mean - 1) < 4.5 * std::sqrt((square / (mean * mean) - 1) / first.count));
    CHECK(std::abs(second.mean - 1) < 4.5 * std::sqrt(second.variance() / second.count));
    CHECK(test::value_of(result, "log_partition") ==
          doctest::Approx(std::log(first.mean * mean) + log_zq).epsilon(1e-12));
  }
}

TEST_CASE("ln Z, likelihood and the normalised mean of the energy meet the exact ones") {
  const auto model = test::recipe_rbm(8, 6, .5);
  const test::Rows data(test::two_of_four());
  const Result result = test::evaluate(sampling(", draws: 20000"), *model, 5, &data);
  CHECK(is_reliable(result));
  CHECK(std::get<std::string>(result.attributes.at("bound")) == "unbiased_Z");
  const double error = test::value_of(result, "standard_error");
  CHECK(error < .02);
  CHECK(std::abs(test::value_of(result, "log_partition") - 10.203880195404) < 4.5 * error);
  CHECK(std::abs(test::value_of(result, "mean_log_likelihood_train") + 5.7964489695) < 4.5 * error);
  const Batch x = test::all_states(model->domain());
  const double energy = (test::law(*model) * test::energies(*model, x)).sum();
  CHECK(std::abs(test::value_of(result, "mean_energy") - energy) <
        4.5 * test::value_of(result, "mean_energy_standard_error"));
  CHECK(test::value_of(result, "mean_energy_standard_error") < .05);
}

TEST_CASE(
    "a proposal with thin tails is found out by the Pareto shape, one with thick ones is not") {
  // From precision a to precision b < a, P(w > t) falls as t^{-a/(a-b)}: the shape is 1 - b/a, in
  // the tail of 400000 draws still .1 less. The fit's own error is .043, 3.6 times below .7.
  const auto gaussian = [](const std::string& precision) {
    return "{name: gaussian, units: 1, precision: [" + precision + "]}";
  };
  const auto wide = test::make_model(gaussian("1")), narrow = test::make_model(gaussian("64"));
  const Result thin =
      test::evaluate(sampling(", draws: 400000, proposal: " + gaussian("64")), *wide, 1);
  CHECK(test::value_of(thin, "pareto_shape") > .7);
  CHECK(test::value_of(thin, "pareto_shape") < 1.05);
  CHECK_FALSE(is_reliable(thin));
  CHECK(std::get<std::string>(thin.attributes.at("warning")).find("Pareto tail") !=
        std::string::npos);
  const Result thick =
      test::evaluate(sampling(", draws: 10000, proposal: " + gaussian("1")), *narrow, 1);
  CHECK(test::value_of(thick, "pareto_shape") < .3);
  CHECK(is_reliable(thick));
  CHECK(
      std::abs(test::value_of(thick, "log_partition") - .5 * std::log(2 * std::numbers::pi / 64)) <
      4.5 * test::value_of(thick, "standard_error"));
}

TEST_CASE(
    "from precision 16 to 1, where weights have no variance, 1000 draws err by .48 as a rule") {
  // An independent computation of 4000 repetitions has .481; of 400 it has a spread of .023.
  const auto model = test::make_model("{name: gaussian, units: 1, precision: [1]}");
  const auto evaluation = test::make_evaluation(
      sampling(", draws: 1000, proposal: {name: gaussian, units: 1, precision: [16]}"),
      test::context_with(*model, nullptr));
  double squares = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed)
    squares += std::pow(test::value_of(test::evaluate(*evaluation, seed), "log_partition") -
                            .5 * std::log(2 * std::numbers::pi),
                        2);
  CHECK(std::abs(std::sqrt(squares / 400) - .481) < 5 * .023);
}

TEST_CASE("a proposal that is the model has equal weights, and the exact answer from any draws") {
  const auto model = test::make_model("{name: gaussian, units: 2, precision: [4]}");
  const Result result = test::evaluate(
      sampling(", draws: 30, proposal: {name: gaussian, units: 2, precision: [4]}"), *model, 1);
  CHECK(std::abs(test::value_of(result, "log_partition") - std::log(std::numbers::pi / 2)) < 1e-12);
  CHECK(test::value_of(result, "standard_error") < 1e-12);
  CHECK(is_reliable(result));
}

TEST_CASE(
    "draws that the model makes impossible have weight 0; where all are, nothing is claimed") {
  Row energies = Row::Constant(8, INFINITY);
  energies(5) = -1e5;
  test::TableModel model(Domain::binary(3), energies);
  const Result result = test::evaluate(sampling(", base: uniform, draws: 4000"), model, 4);
  CHECK(std::abs(test::value_of(result, "log_partition") - 1e5) <
        4.5 * test::value_of(result, "standard_error"));
  CHECK(test::value_of(result, "mean_energy") == doctest::Approx(-1e5));
  energies(5) = INFINITY;
  test::TableModel nowhere(Domain::binary(3), energies);
  CHECK_FALSE(is_reliable(test::evaluate(sampling(", base: uniform, draws: 100"), nowhere, 4)));
}

TEST_CASE("interrupted and resumed draws equal uninterrupted ones, on any threads") {
  const auto model = test::recipe_rbm(8, 6, 1);
  test::check_resumes(sampling(", base: uniform, draws: 3001"), *model, {1, 20, 47});
}

TEST_CASE("proposals of another domain, without draws or without data are refused") {
  const auto model = test::recipe_rbm(4, 3, 1);
  const auto error = [&](const std::string& more) {
    return test::error_of([&] { test::evaluate(sampling(more), *model, 1); });
  };
  CHECK(error("").find("data section") != std::string::npos);
  CHECK(error(", proposal: {name: gaussian, units: 4}").find("4 binary, got 4 real") !=
        std::string::npos);
  CHECK(error(", proposal: {name: rbm, visible: 4, hidden: 2}").find("known log Z") !=
        std::string::npos);
}
