#include <cmath>

#include "support/rows.hpp"

using namespace gibbsite;

TEST_CASE(
    "gradient_error finds the tabulated bias of CD-k within its own standard error (|z| < 5)") {
  struct Case {
    double scale;
    int steps;
    double bias, cosine;
  };
  const test::Rows rows(test::two_of_four().replicate(1, 20));
  for (const Case& c : {Case{.5, 1, .118956, .999066}, Case{1, 1, .309096, .994597},
                        Case{3, 2, .219597, .993469}, Case{6, 10, .064513, .998991}}) {
    const auto model = test::recipe_rbm(8, 6, c.scale);
    const Result result =
        test::evaluate(*test::make_evaluation("{name: gradient_error, repeats: 1000, gradient: "
                                              "{name: contrastive_divergence, steps: " +
                                                  std::to_string(c.steps) + "}}",
                                              test::context_with(*model, &rows)),
                       3);
    CAPTURE(c.scale);
    CAPTURE(c.steps);
    CHECK(result.group == "gradients");
    const double error = test::value_of(result, "standard_error"),
                 size = test::value_of(result, "exact_norm");
    // One direction of the error, that along the bias, moves |bias| to first order.
    CHECK(std::abs(test::value_of(result, "bias_norm_corrected") / size - c.bias) <
          5 * error / size);
    CHECK(error / size < .2 * c.bias);
    CHECK(std::abs(test::value_of(result, "cosine") - c.cosine) < 5 * error / size);
    CHECK(test::value_of(result, "relative_bias") >=
          test::value_of(result, "bias_norm_corrected") / size);
  }
}

TEST_CASE("the exact gradient has no bias and no variance") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  const Result result =
      test::evaluate(*test::make_evaluation("{name: gradient_error, repeats: 3, gradient: exact}",
                                            test::context_with(*model, &rows)),
                     3);
  CHECK(test::value_of(result, "bias_norm") < 1e-12);
  CHECK(test::value_of(result, "cosine") == doctest::Approx(1));
  CHECK(test::value_of(result, "exact_norm") == doctest::Approx(1.375870).epsilon(1e-6));
  for (const double variance : test::values_of(result, "variance")) CHECK(variance < 1e-25);
}

TEST_CASE(
    "PCD at fixed parameters shows no bias beyond 5 of its own standard errors, which batch means "
    "widen") {
  const auto model = test::recipe_rbm(8, 6, 6);  // λ₂ = .78: successive calls are correlated
  const test::Rows rows(test::two_of_four());
  const Result result = test::evaluate(
      *test::make_evaluation("{name: gradient_error, repeats: 2000, warmup: 50, gradient: {name: "
                             "contrastive_divergence, persistent: true, chains: 50}}",
                             test::context_with(*model, &rows)),
      3);
  const double error = test::value_of(result, "standard_error");
  double independent = 0;
  for (const double variance : test::values_of(result, "variance")) independent += variance / 2000;
  CHECK(test::value_of(result, "bias_norm") < 2 * error);
  CHECK(error > 1.3 * std::sqrt(independent));
}

TEST_CASE("kept draws have the reported mean and variance") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  const Result result = test::evaluate(
      *test::make_evaluation(
          "{name: gradient_error, repeats: 50, keep_draws: true, gradient: contrastive_divergence}",
          test::context_with(*model, &rows)),
      3);
  const auto& draws = test::values_of(result, "draws");
  REQUIRE(draws.size() == 50 * 62);
  for (std::size_t i = 0; i < 62; ++i) {
    Moments moments;
    for (std::size_t n = 0; n < 50; ++n) moments.add(draws[n * 62 + i]);
    CHECK(moments.mean == doctest::Approx(test::values_of(result, "mean")[i]).epsilon(1e-12));
    CHECK(moments.variance() ==
          doctest::Approx(test::values_of(result, "variance")[i]).epsilon(1e-10));
  }
}

TEST_CASE("interrupted and resumed, gradient_error equals the uninterrupted one bit for bit") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  for (const std::string gradient :
       {"contrastive_divergence", "{name: contrastive_divergence, persistent: true}"}) {
    const auto make = [&] {
      return test::make_evaluation(
          "{name: gradient_error, repeats: 450, warmup: 30, keep_draws: true, gradient: " +
              gradient + "}",
          test::context_with(*model, &rows));
    };
    const Result whole = test::evaluate(*make(), 9);
    for (const int at : {1, 3})
      CHECK(test::identical(test::evaluate_interrupted(make, 9, at), whole));
  }
}

TEST_CASE("the cost of a call of CD-2 is counted in evaluations of the model") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  const Result result =
      test::evaluate(*test::make_evaluation("{name: gradient_error, repeats: 10, gradient: {name: "
                                            "contrastive_divergence, steps: 2, energy_gap: false}}",
                                            test::context_with(*model, &rows)),
                     3);
  CHECK(test::value_of(result, "parameter_gradient_per_call") == 2 * 6);
  CHECK(test::value_of(result, "site_updates_per_call") == 6 * 2 * (8 + 6));
  CHECK(test::value_of(result, "energy_per_call") == 0);
}

TEST_CASE(
    "gradient_error without an exact gradient, without data or with too large a batch is refused") {
  const test::Rows rows(Batch::Zero(40, 5));
  const auto large = test::make_model("{name: rbm, visible: 40, hidden: 40}");
  const std::string yaml = "{name: gradient_error, gradient: contrastive_divergence}";
  CHECK_THROWS_AS(test::make_evaluation(yaml, test::context_with(*large, &rows)), Error);
  const auto small = test::make_model("{name: rbm, visible: 40, hidden: 4}");
  CHECK_THROWS_AS(test::make_evaluation(yaml, test::context_with(*small, nullptr)), Error);
  CHECK_NOTHROW(test::make_evaluation(yaml, test::context_with(*small, &rows)));
  CHECK_THROWS_AS(
      test::make_evaluation("{name: gradient_error, batch: 6, gradient: contrastive_divergence}",
                            test::context_with(*small, &rows)),
      Error);
}
