#include "support/graphs.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Result run(EnergyModel& model, const std::string& more = "") {
  return evaluate(
      *make_evaluation("{name: tree_reweighted" + more + "}", context_with(model, nullptr)), 1);
}
Result run(const PairwiseGraph& graph, const std::string& more = "") {
  GraphModel model(graph);
  return run(model, more);
}
double value(const PairwiseGraph& graph) { return value_of(run(graph), "log_partition"); }

}  // namespace

TEST_CASE("tree-reweighted bounds have their tabulated values") {
  CHECK(std::abs(value(triangle(.5, .2)) - 2.71655605) < 1e-8);
  CHECK(std::abs(value(triangle(-.5, .2)) - 2.61412241) < 1e-8);
  CHECK(std::abs(value(triangle(-1, 0)) - 3.79032188) < 1e-8);
  CHECK(std::abs(value(triangle(-2, 0)) - 6.69809855) < 1e-8);
  CHECK(std::abs(value(recipe_grid(3, .5, false)) - 7.357210) < 1e-6);
  CHECK(std::abs(value(recipe_grid(3, 1.5, true)) - 12.972238) < 1e-6);
  CHECK(std::abs(value(recipe_grid(4, 1, false)) - 18.717588) < 1e-6);
  CHECK(std::abs(value(recipe_grid(4, 1.5, true)) - 25.336750) < 1e-6);
}

TEST_CASE("the bound is above ln Z on random graphs of any numbers of states, connected or not") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const PairwiseGraph graph =
        random_graph({2, 3, 2, 4, 2, 2, 3}, seed % 2 == 0 ? .25 : .7, 1, 1.5, Stream(seed));
    CAPTURE(seed);
    const Result result = run(graph);
    REQUIRE(std::get<bool>(result.attributes.at("reliable")));
    CHECK(value_of(result, "log_partition") >= log_z(graph) - 1e-12);
    const bool forest = is_forest(graph);
    CHECK(std::get<std::string>(result.attributes.at("bound")) == (forest ? "exact" : "upper"));
    if (forest) CHECK(near(value_of(result, "log_partition"), log_z(graph), 1e-12));
  }
}

TEST_CASE("bonds between the same two sites count as one edge") {
  // A torus of sides 2: two bonds between neighbours make a cycle of four, ρ = 3/4.
  const auto torus = make_model("{name: ising, sides: [2], coupling: 0.3}");
  const Result result = run(*torus);
  CHECK(values_of(result, "edge_appearance").size() == 4);
  CHECK(value_of(result, "edge_appearance") == doctest::Approx(.75).epsilon(1e-14));
  const auto ring = make_model("{name: ising, lattice: chain, sides: [4], coupling: 0.6}");
  CHECK(near(value_of(result, "log_partition"), value_of(run(*ring), "log_partition"), 1e-12));
}

TEST_CASE("a value that has not converged is no bound") {
  const Result early = run(recipe_grid(4, 1, true), ", most_iterations: 3");
  CHECK(std::get<std::string>(early.attributes.at("bound")) == "none");
  CHECK_FALSE(std::get<bool>(early.attributes.at("reliable")));
  CHECK(std::isnan(values_of(early, "interval")[1]));
}

TEST_CASE("the bound of an RBM makes likelihoods too low, and says so") {
  const auto model = recipe_rbm(8, 6, 1);
  const Rows data(two_of_four());
  const Result result =
      evaluate(*make_evaluation("{name: tree_reweighted}", context_with(*model, &data)), 1);
  CHECK(value_of(result, "log_partition") > 11.494515093304);
  CHECK(value_of(result, "mean_log_likelihood_train") < -6.6471602110);
  CHECK(std::get<std::string>(result.attributes.at("log_likelihood_bound")) == "lower");
  CHECK(values_of(result, "interval")[0] == -std::numeric_limits<double>::infinity());
  CHECK(values_of(result, "edge_appearance").size() == 48);
}

TEST_CASE("tree-reweighted bounds refuse models that are not pairwise") {
  const auto model = make_model("{name: gaussian, units: 2}");
  CHECK(error_of([&] { run(*model); }).find("needs a pairwise model") != std::string::npos);
}

TEST_CASE("interrupted and resumed messages end where uninterrupted ones do") {
  GraphModel model(recipe_grid(4, 1.5, true));
  const auto make = [&] {
    return make_evaluation("{name: tree_reweighted, damping: 0.9}", context_with(model, nullptr));
  };
  const Result whole = evaluate(*make(), 4);
  for (const int at : {1, 5}) CHECK(identical(evaluate_interrupted(make, 4, at), whole));
}
