#include <gibbsite/api/belief_propagation.hpp>

#include "support/graphs.hpp"
#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// The share of spanning forests (one tree per component) that each edge is in, by trying every set
// of edges.
Eigen::ArrayXd counted_shares(const PairwiseGraph& graph) {
  const std::size_t edges = graph.edges.size();
  const std::vector<Index> whole = components(graph);
  Eigen::ArrayXd counts = Eigen::ArrayXd::Zero(Index(edges));
  double forests = 0;
  for (std::size_t set = 0; set < std::size_t{1} << edges; ++set) {
    PairwiseGraph part{0, graph.sites, {}};
    for (std::size_t e = 0; e < edges; ++e)
      if ((set >> e) & 1) part.edges.push_back(graph.edges[e]);
    if (!is_forest(part) || components(part) != whole) continue;
    forests += 1;
    for (std::size_t e = 0; e < edges; ++e) counts(Index(e)) += double((set >> e) & 1);
  }
  return counts / forests;
}

BeliefPropagation propagate(const PairwiseGraph& graph, const MessageSchedule& schedule = {}) {
  QuietDesk desk;
  Saved saved;
  return propagate_beliefs(graph, Eigen::ArrayXd::Ones(Index(graph.edges.size())), schedule, saved,
                           desk);
}

}  // namespace

TEST_CASE("shares of spanning trees are those of counting all of them") {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const PairwiseGraph graph =
        random_graph(std::vector<Index>(6, 2), seed < 5 ? .5 : .8, 1, 1, Stream(seed));
    CAPTURE(graph.edges.size());
    const Eigen::ArrayXd shares = spanning_tree_shares(graph);
    CHECK(distance(shares, counted_shares(graph)) < 1e-12);
    const std::vector<Index> component = components(graph);
    CHECK(shares.sum() ==
          doctest::Approx(double(5 - *std::max_element(component.begin(), component.end())))
              .epsilon(1e-12));
  }
  CHECK(distance(spanning_tree_shares(triangle(1, 0)), Eigen::ArrayXd::Constant(3, 2. / 3)) <
        1e-14);
}

TEST_CASE("on trees the value is ln Z, whatever the damping and the numbers of states") {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const double damping : {0., .5}) {
      const PairwiseGraph graph = random_tree({2, 3, 2, 4, 2, 3}, 2, Stream(seed));
      const BeliefPropagation found = propagate(graph, {.damping = damping});
      CHECK(found.converged);
      CHECK(near(found.log_partition, log_z(graph), 1e-13));
      CHECK(distance(spanning_tree_shares(graph), Eigen::ArrayXd::Ones(5)) < 1e-13);
    }
}

TEST_CASE("an iteration that is cut short says so, and its residual shrinks with more sweeps") {
  const PairwiseGraph graph = recipe_grid(4, 1, true);
  const BeliefPropagation five = propagate(graph, {.most_iterations = 5});
  const BeliefPropagation twenty = propagate(graph, {.most_iterations = 20});
  CHECK_FALSE(five.converged);
  CHECK(five.iterations == 5);
  CHECK(twenty.residual < five.residual);
  CHECK(five.residual > 1e-10);
}

TEST_CASE("the value is stationary: its error is of the second order in the residual") {
  const PairwiseGraph graph = recipe_grid(4, 1, false);
  const double limit = propagate(graph, {.tolerance = 1e-13}).log_partition;
  const BeliefPropagation rough = propagate(graph, {.tolerance = 1e-4});
  CHECK(rough.residual > 1e-6);
  CHECK(std::abs(rough.log_partition - limit) < 1e3 * rough.residual * rough.residual);
}
