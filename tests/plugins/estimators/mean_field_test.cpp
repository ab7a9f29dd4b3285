#include "support/graphs.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Result run(EnergyModel& model, const std::string& more = "", std::uint64_t seed = 1,
           const Workers& threads = workers()) {
  return evaluate(*make_evaluation("{name: mean_field" + more + "}",
                                   context_with(model, nullptr, nullptr, threads)),
                  seed);
}
Result run(const PairwiseGraph& graph, const std::string& more = "") {
  GraphModel model(graph);
  return run(model, more);
}
double value(const PairwiseGraph& graph) { return value_of(run(graph), "log_partition"); }

}  // namespace

TEST_CASE("mean field finds the tabulated optima of triangles and grids") {
  CHECK(std::abs(value(triangle(.5, .2)) - 2.42469861) < 1e-8);
  CHECK(std::abs(value(triangle(-.5, .2)) - 2.10941653) < 1e-8);
  CHECK(std::abs(value(triangle(-2, 0)) - 2.73248932) < 1e-8);
  CHECK(std::abs(value(recipe_grid(3, .5, false)) - 6.416397) < 1e-6);
  CHECK(std::abs(value(recipe_grid(3, 1.5, true)) - 10.527590) < 1e-6);
  // At J = -1 the optimum is a degenerate one: 3 ln 2 - O(m⁴), where m falls as 1/√sweeps.
  CHECK(std::abs(value(triangle(-1, 0)) - 2.07944152) < 1e-7);
}

TEST_CASE("mean field is below ln Z on random graphs of any numbers of states, even cut short") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const PairwiseGraph graph = random_graph({2, 3, 2, 4, 2, 2, 3}, .6, 1, 1.5, Stream(seed));
    CAPTURE(seed);
    const double exact = log_z(graph);
    CHECK(value(graph) < exact);
    const Result early = run(graph, ", restarts: 1, most_iterations: 2");
    CHECK(value_of(early, "log_partition") < exact);
    CHECK_FALSE(std::get<bool>(early.attributes.at("reliable")));
    CHECK(std::get<std::string>(early.attributes.at("bound")) == "lower");
  }
}

TEST_CASE("mean field is exact for units that do not interact") {
  const auto model = make_model("{name: bernoulli, probabilities: [0.2, 0.5, 0.9, 0.6]}");
  const Result result = run(*model);
  CHECK(near(value_of(result, "log_partition"), log_sum_over_states(*model), 1e-14));
  CHECK(value_of(result, "agreeing_restarts") == 10);
  CHECK(std::get<bool>(result.attributes.at("reliable")));
}

TEST_CASE("starts that end in different optima are reported, and the best is taken") {
  PairwiseGraph graph = triangle(1.5, 0);  // two optima, one of them favoured by the field
  graph.sites[0] = Eigen::Vector2d(.1, -.1);
  const Result result = run(graph, ", restarts: 30");
  const auto& bounds = values_of(result, "bounds");
  CHECK(value_of(result, "log_partition") == *std::max_element(bounds.begin(), bounds.end()));
  const double agreeing = value_of(result, "agreeing_restarts");
  CHECK(agreeing > 0);
  CHECK(agreeing < 30);
  CHECK_FALSE(std::get<bool>(result.attributes.at("reliable")));
  CHECK(std::get<std::string>(result.attributes.at("warning")).find("of 30 starts") !=
        std::string::npos);
}

TEST_CASE("mean field of an RBM treats hidden units alike, and makes likelihoods too high") {
  const auto model = recipe_rbm(8, 6, 1);
  const Rows data(two_of_four());
  const Result result =
      evaluate(*make_evaluation("{name: mean_field}", context_with(*model, &data)), 1);
  CHECK(value_of(result, "log_partition") < 11.494515093304);
  CHECK(value_of(result, "log_partition") > 10);
  CHECK(value_of(result, "mean_log_likelihood_train") > -6.6471602110);
  CHECK(std::get<std::string>(result.attributes.at("log_likelihood_bound")) == "upper");
  CHECK(values_of(result, "interval")[1] == std::numeric_limits<double>::infinity());
}

TEST_CASE("mean field gives the same bits on one thread and two, and after an interruption") {
  GraphModel model(recipe_grid(4, 1, true));
  const Workers one(1);
  const Result whole = run(model, ", restarts: 7");
  CHECK(identical(run(model, ", restarts: 7", 1, one), whole));
  CHECK_FALSE(identical(run(model, ", restarts: 7", 2), whole));
  const auto make = [&] {
    return make_evaluation("{name: mean_field, restarts: 7}", context_with(model, nullptr));
  };
  CHECK(identical(evaluate_interrupted(make, 1, 2), whole));
}

TEST_CASE("mean field refuses models that are not pairwise") {
  const auto model = make_model("{name: gaussian, units: 2}");
  CHECK(error_of([&] { run(*model); }).find("needs a pairwise model") != std::string::npos);
}
