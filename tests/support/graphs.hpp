// Pairwise models for tests: graphs of one's own making, and the recipes of the tabulated bounds.
#pragma once

#include <gibbsite/api/joint_graph.hpp>
#include <gibbsite/plugin.hpp>
#include <vector>

namespace gibbsite::test {

/// The energy of any graph; sites of two states are binary, others categorical.
class GraphModel final : public EnergyModel, public Pairwise {
 public:
  explicit GraphModel(PairwiseGraph graph);
  const Domain& domain() const override { return domain_; }
  PairwiseGraph graph() const override { return graph_; }

 private:
  void do_energy(const BatchView& x, Row& energy) const override;

  PairwiseGraph graph_;
  Domain domain_;
};

/// An edge -J s s' of spins (state 0 is -1).
PairwiseGraph::Edge spin_edge(Index first, Index second, double J);
/// Spins with fields h and no edges yet: -Σ h_i s_i.
PairwiseGraph spins(const Eigen::VectorXd& h);

/// Three spins with one coupling and one field.
PairwiseGraph triangle(double J, double h);
/// n x n spins with open ends, s_(x,y) at n x + y; edges x-major, for each (x, y) to (x+1, y), then
/// to (x, y+1), number k = 1, 2, …: J_k = scale sin(1 + 1.7k) if `mixed`, else its absolute value;
/// h_i = .3 cos(1 + i).
PairwiseGraph recipe_grid(Index n, double scale, bool mixed);

/// Sites with the given numbers of states, every pair joined with `probability`, all energies
/// N(0, 1) times a scale.
PairwiseGraph random_graph(const std::vector<Index>& levels, double probability, double site_scale,
                           double edge_scale, Stream random);
/// Likewise a tree: each site but the first is joined to an earlier one.
PairwiseGraph random_tree(const std::vector<Index>& levels, double scale, Stream random);

/// ln Z by adding up all configurations.
double log_z(const PairwiseGraph& graph);

}  // namespace gibbsite::test
