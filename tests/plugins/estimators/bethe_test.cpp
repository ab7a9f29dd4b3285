#include "support/graphs.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Result run(EnergyModel& model, const std::string& more = "") {
  return evaluate(*make_evaluation("{name: bethe" + more + "}", context_with(model, nullptr)), 1);
}
Result run(const PairwiseGraph& graph, const std::string& more = "") {
  GraphModel model(graph);
  return run(model, more);
}
double value(const PairwiseGraph& graph) { return value_of(run(graph), "log_partition"); }
std::string bound(const Result& result) {
  return std::get<std::string>(result.attributes.at("bound"));
}
bool reliable(const Result& result) { return std::get<bool>(result.attributes.at("reliable")); }

}  // namespace

TEST_CASE("Bethe has its tabulated values, above and below ln Z") {
  CHECK(std::abs(value(triangle(.5, .2)) - 2.59275636) < 1e-8);
  CHECK(std::abs(value(triangle(-.5, .2)) - 2.46190131) < 1e-8);
  CHECK(std::abs(value(triangle(-1, 0)) - 3.38078403) < 1e-8);
  CHECK(std::abs(value(triangle(-2, 0)) - 6.05444978) < 1e-8);
  CHECK(std::abs(value(recipe_grid(3, .5, false)) - 7.070162) < 1e-6);
  CHECK(std::abs(value(recipe_grid(3, 1.5, true)) - 11.673964) < 1e-6);
  CHECK(std::abs(value(recipe_grid(4, 1, false)) - 16.744253) < 1e-6);
  CHECK(std::abs(value(recipe_grid(4, 1.5, true)) - 22.225497) < 1e-6);
}

TEST_CASE("the tables of the bounds are about the same graphs: their exact values") {
  CHECK(std::abs(log_z(triangle(.5, .2)) - 2.66291221) < 1e-8);
  CHECK(std::abs(log_z(triangle(-.5, .2)) - 2.36272589) < 1e-8);
  CHECK(std::abs(log_z(triangle(-1, 0)) - 2.79784612) < 1e-8);
  CHECK(std::abs(log_z(triangle(-2, 0)) - 3.79187128) < 1e-8);
  CHECK(std::abs(log_z(recipe_grid(3, .5, false)) - 7.0934656403) < 1e-10);
  CHECK(std::abs(log_z(recipe_grid(3, 1.5, true)) - 11.5347295630) < 1e-10);
  CHECK(std::abs(log_z(recipe_grid(4, 1, false)) - 17.2438440051) < 1e-10);
  CHECK(std::abs(log_z(recipe_grid(4, 1.5, true)) - 21.5563640720) < 1e-10);
}

TEST_CASE("Bethe is exact on forests, and says so") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const PairwiseGraph graph = random_tree({2, 3, 2, 4, 2, 3, 2}, 2, Stream(seed));
    const Result result = run(graph);
    CHECK(std::abs(value_of(result, "log_partition") - log_z(graph)) < 1e-12);
    CHECK(bound(result) == "exact");
    CHECK(reliable(result));
    CHECK(values_of(result, "interval")[0] == values_of(result, "interval")[1]);
  }
}

TEST_CASE("Bethe is a lower bound for attractive couplings, whatever units are turned over") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    PairwiseGraph graph = random_graph(std::vector<Index>(8, 2), .5, .5, 1, Stream(seed));
    const Row turned = Stream(seed).split("turned").uniform(8);
    for (auto& edge : graph.edges) {
      const bool apart = (turned(edge.first) < .5) != (turned(edge.second) < .5);
      edge = spin_edge(edge.first, edge.second, (apart ? -1 : 1) * std::abs(edge.energy(0, 0)));
    }
    CAPTURE(seed);
    const Result result = run(graph);
    CHECK(bound(result) == (is_forest(graph) ? "exact" : "lower"));
    CHECK(value_of(result, "residual") <= 1e-10);
    CHECK(value_of(result, "log_partition") <= log_z(graph) + 1e-12);
  }
}

TEST_CASE("Bethe claims no bound where a cycle is frustrated, nor where it has not converged") {
  const Result frustrated = run(triangle(-1, 0));
  CHECK(bound(frustrated) == "none");
  CHECK_FALSE(reliable(frustrated));
  CHECK(std::get<std::string>(frustrated.attributes.at("warning")).find("frustrated") !=
        std::string::npos);
  CHECK(std::isnan(values_of(frustrated, "interval")[0]));
  CHECK(value_of(frustrated, "log_partition") > log_z(triangle(-1, 0)));
  const Result early = run(recipe_grid(4, 1, false), ", most_iterations: 3");
  CHECK(bound(early) == "none");
  CHECK_FALSE(reliable(early));
  CHECK(value_of(early, "residual") > 1e-10);
  CHECK(value_of(early, "iterations") == 3);
}

TEST_CASE("Bethe of an RBM with one hidden unit is exact: a star has no cycle") {
  const auto star = recipe_rbm(8, 1, 3);
  const Result result = run(*star);
  CHECK(
      near(value_of(result, "log_partition"), log_sum_over_states(*star), tolerance(1e-12, 1e-5)));
  CHECK(bound(result) == "exact");
}

TEST_CASE("Bethe of Ising and Potts tori at high temperature is that of uniform beliefs") {
  const auto ising = make_model("{name: ising, sides: [8], coupling: 0.2}");
  const Result result = run(*ising);
  const double uniform = 64 * (std::log(2.) + 2 * std::log(std::cosh(.2)));
  CHECK(near(value_of(result, "log_partition"), uniform, 1e-12));
  CHECK(bound(result) == "lower");
  const auto potts = make_model("{name: potts, sides: [3], levels: 3, coupling: 0.5}");
  const Result three = run(*potts);
  const double of_three = 9 * (std::log(3.) + 2 * std::log((std::exp(.5) + 2) / 3));
  CHECK(near(value_of(three, "log_partition"), of_three, 1e-12));
  CHECK(bound(three) == "none");
}

TEST_CASE(
    "Bethe breaks the symmetry of a strong ferromagnet, whose uniform beliefs are no maximum") {
  const auto ising = make_model("{name: ising, sides: [4], coupling: 1}");
  const Result result = run(*ising);
  const double exact = *ising->capability<Normalized>()->log_partition(1);
  const double uniform = 16 * (std::log(2.) + 2 * std::log(std::cosh(1.)));
  const double aligned = 32;  // beliefs that hold one configuration for certain
  CHECK(uniform < aligned);
  CHECK(value_of(result, "log_partition") > aligned);
  CHECK(value_of(result, "log_partition") < exact);
  CHECK(bound(result) == "lower");
}

TEST_CASE("Bethe reports starts that end in different fixed points, and takes the highest") {
  PairwiseGraph graph = recipe_grid(4, 1, false);
  for (auto& edge : graph.edges) edge = spin_edge(edge.first, edge.second, 1);
  for (auto& site : graph.sites) site = Eigen::Vector2d(.02, -.02);
  const Result result = run(graph, ", restarts: 30");
  CHECK(value_of(result, "agreeing_restarts") > 0);
  CHECK(value_of(result, "agreeing_restarts") < 30);
  CHECK_FALSE(reliable(result));
  CHECK(bound(result) == "lower");
  for (const int restarts : {1, 2, 5})
    CHECK(value_of(run(graph, ", restarts: " + std::to_string(restarts)), "log_partition") <=
          value_of(result, "log_partition") + 1e-12);
}

TEST_CASE("Bethe refuses models that are not pairwise") {
  const auto model = make_model("{name: gaussian, units: 2}");
  CHECK(error_of([&] { run(*model); }).find("needs a pairwise model") != std::string::npos);
}

TEST_CASE("interrupted and resumed messages end where uninterrupted ones do, in whichever start") {
  GraphModel model(recipe_grid(4, 1.5, true));
  const auto make = [&] {
    return make_evaluation("{name: bethe, damping: 0.9, restarts: 3}",
                           context_with(model, nullptr));
  };
  const Result whole = evaluate(*make(), 4);
  for (const int at : {1, 5, 30}) CHECK(identical(evaluate_interrupted(make, 4, at), whole));
}
