// Where the temperatures of annealed importance sampling lie.
#include <cmath>

#include "support/annealed.hpp"
#include "support/rows.hpp"

using namespace gibbsite;
using test::ais;

TEST_CASE(
    "the schedule of Salakhutdinov and Murray has 500, 4000 and 10000 steps in its three ranges") {
  const auto model = test::recipe_rbm(2, 1, 1);
  const Result result =
      test::evaluate(ais(14500, ", runs: 1, schedule: salakhutdinov_murray"), *model, 1);
  const auto& beta = test::values_of(result, "inverse_temperature");
  REQUIRE(beta.size() == 14501);
  CHECK(beta[0] == 0);
  CHECK(beta[500] == doctest::Approx(.5).epsilon(1e-14));
  CHECK(beta[4500] == doctest::Approx(.9).epsilon(1e-14));
  CHECK(beta[14500] == 1);
  CHECK(beta[1] == doctest::Approx(.001).epsilon(1e-12));
  CHECK(beta[501] - beta[500] == doctest::Approx(.0001).epsilon(1e-9));
  CHECK(beta[14500] - beta[14499] == doctest::Approx(.00001).epsilon(1e-6));
}

TEST_CASE("an adaptive ladder goes where the law changes, which lowers the exact variance of w") {
  // Coupled units make up their mind early on the path; even steps waste the rest of it.
  const auto model = test::recipe_rbm(6, 4, 8);
  auto base = Independent::uniform(model->domain());
  const auto variance = [&](const std::string& schedule) {
    const Result result = test::evaluate(ais(20, ", runs: 2, schedule: " + schedule), *model, 1);
    const auto& beta = test::values_of(result, "inverse_temperature");
    CHECK(beta.size() == 21);
    CHECK(beta.front() == 0);
    CHECK(beta.back() == 1);
    for (std::size_t t = 1; t < beta.size(); ++t) CHECK(beta[t] > beta[t - 1]);
    return test::enumerate_annealing(base, *model, beta).relative_variance();
  };
  CHECK(variance("adaptive") < variance("linear"));
}

TEST_CASE("between precisions 1 and 16 an adaptive ladder is geometric in the precision") {
  // The conditional effective sample size of two Gaussians depends on the ratio of their precisions
  // alone. The pilot's noise is .007 in ln λ, straight lines between its steps add up to .015.
  const auto model = test::make_model("{name: gaussian, units: 1, precision: [16]}");
  const Result result =
      test::evaluate(ais(16,
                         ", runs: 2, schedule: adaptive, pilot: 20000, sampler: gibbs, "
                         "base_model: {name: gaussian, units: 1, precision: [1]}"),
                     *model, 1);
  const auto& beta = test::values_of(result, "inverse_temperature");
  for (std::size_t t = 0; t <= 16; ++t)
    CHECK(std::abs(std::log(1 + 15 * beta[t]) - double(t) / 16 * std::log(16.)) < .05);
}

TEST_CASE("the ladder of a pilot does not depend on the runs that use it") {
  const auto model = test::recipe_rbm(12, 8, 2);
  const auto ladder = [&](const std::string& more) {
    return test::values_of(test::evaluate(ais(30, ", schedule: adaptive" + more), *model, 1),
                           "inverse_temperature");
  };
  CHECK(ladder(", runs: 3") == ladder(", runs: 50"));
  CHECK(ladder(", runs: 3") != ladder(", runs: 3, pilot: 50"));
}
