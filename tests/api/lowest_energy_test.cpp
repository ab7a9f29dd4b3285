#include <gibbsite/api/lowest_energy.hpp>

#include "support/graphs.hpp"
#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Eigen::ArrayXd normal(Index count, std::uint64_t seed) {
  Batch out(count, 1);
  Stream(seed).normal(out);
  return 2 * out.col(0).cast<double>().array();
}

// The lowest energy by adding to the graph's own sites and looking at every configuration.
double looked_up(PairwiseGraph graph, const Eigen::ArrayXd& added) {
  Index row = 0;
  for (Eigen::VectorXd& site : graph.sites) {
    site += added.segment(row, site.size()).matrix();
    row += site.size();
  }
  return energies_of_states(graph).minCoeff();
}

// E(x) + Σ_i c_i(x_i) of a configuration.
double energy_of(const PairwiseGraph& graph, const std::vector<Index>& x,
                 const Eigen::ArrayXd& added) {
  double energy = graph.constant;
  Index row = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    energy += graph.sites[i](x[i]) + added(row + x[i]);
    row += graph.sites[i].size();
  }
  for (const auto& edge : graph.edges)
    energy += edge.energy(x[std::size_t(edge.first)], x[std::size_t(edge.second)]);
  return energy;
}

// Attractive couplings of general form, b(0,0) + b(1,1) <= b(0,1) + b(1,0); then some sites turned
// over.
PairwiseGraph attractive(Index sites, std::uint64_t seed) {
  PairwiseGraph graph =
      random_graph(std::vector<Index>(std::size_t(sites), 2), .5, 1, 1, Stream(seed));
  const Row turned = Stream(seed).split("turned").uniform(sites);
  for (auto& edge : graph.edges) {
    Eigen::MatrixXd& b = edge.energy;
    if (b(0, 0) + b(1, 1) > b(0, 1) + b(1, 0)) b.row(0).swap(b.row(1));
    if (turned(edge.first) < .5) b.row(0).swap(b.row(1));
    if (turned(edge.second) < .5) b.col(0).swap(b.col(1));
  }
  return graph;
}

}  // namespace

TEST_CASE("a minimum cut has the energy of the best of all configurations") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    PairwiseGraph graph = attractive(9, seed);
    graph.constant = .7;
    const LowestEnergy lowest(graph, 0);
    CHECK(lowest.method() == "graph_cut");
    const Eigen::ArrayXd added = normal(18, seed);
    CHECK(near(lowest(added), looked_up(graph, added), 1e-12));
    CHECK(near(energy_of(graph, lowest.configuration(added), added), lowest(added), 1e-12));
  }
}

TEST_CASE("frustrated graphs and those of more states are enumerated") {
  for (std::uint64_t seed = 0; seed < 20; ++seed)
    for (const PairwiseGraph& graph :
         {random_graph({2, 3, 4, 2}, .8, 1, 1, Stream(seed)), recipe_grid(3, 1, true)}) {
      const LowestEnergy lowest(graph, 10);
      CHECK(lowest.method() == "enumeration");
      const Eigen::ArrayXd added = normal(lowest.states(), seed);
      CHECK(near(lowest(added), looked_up(graph, added), 1e-12));
      CHECK(near(energy_of(graph, lowest.configuration(added), added), lowest(added), 1e-12));
    }
}

TEST_CASE("a large frustrated graph is refused, a large attractive one is not") {
  CHECK(LowestEnergy::method(recipe_grid(6, 1, true), 20).empty());
  CHECK(LowestEnergy::method(recipe_grid(4, 1, true), 16) == "enumeration");
  CHECK(LowestEnergy::method(recipe_grid(4, 1, true), 15).empty());
  CHECK(error_of([] { LowestEnergy(recipe_grid(6, 1, true), 20); }) ==
        "the lowest energy needs two-state units without frustrated cycles or at most 2^20 states, "
        "got 2^36 states");
  // Without fields all spins agree: 2 · 40 · 39 bonds of -1, and one spin held against its 4
  // costs 8.
  PairwiseGraph graph = recipe_grid(40, 1, false);
  for (auto& edge : graph.edges) edge = spin_edge(edge.first, edge.second, 1);
  for (auto& site : graph.sites) site.setZero();
  const LowestEnergy lowest(graph, 20);
  Eigen::ArrayXd added = Eigen::ArrayXd::Zero(3200);
  CHECK(lowest(added) == -3120);
  added(2 * 820) = added(2 * 860 + 1) = 100;
  CHECK(lowest(added) == -3120 + 8);
  const std::vector<Index> found = lowest.configuration(added);
  CHECK(found[820] == 1);
  CHECK(found[860] == 0);
}
