#include "support/graphs.hpp"

#include <cmath>

namespace gibbsite::test {
namespace {

Eigen::MatrixXd normal(Index rows, Index columns, double scale, Stream& random) {
  Batch out(rows, columns);
  random.normal(out);
  return scale * out.cast<double>();
}

}  // namespace

GraphModel::GraphModel(PairwiseGraph graph) : graph_(std::move(graph)) {
  for (const Eigen::VectorXd& site : graph_.sites)
    domain_.parts.push_back(
        {site.size() == 2 ? Domain::Kind::binary : Domain::Kind::categorical, 1, site.size()});
}

void GraphModel::do_energy(const BatchView& x, Row& energy) const {
  for (Index n = 0; n < x.cols(); ++n) {
    energy(n) = graph_.constant;
    for (const Index i : all_sites(dim()))
      energy(n) += graph_.sites[std::size_t(i)](Index(x(i, n)));
    for (const PairwiseGraph::Edge& edge : graph_.edges)
      energy(n) += edge.energy(Index(x(edge.first, n)), Index(x(edge.second, n)));
  }
}

PairwiseGraph::Edge spin_edge(Index first, Index second, double J) {
  return {first, second, (Eigen::MatrixXd(2, 2) << -J, J, J, -J).finished()};
}

PairwiseGraph spins(const Eigen::VectorXd& h) {
  PairwiseGraph graph;
  for (const double field : h) graph.sites.emplace_back(Eigen::Vector2d(field, -field));
  return graph;
}

PairwiseGraph triangle(double J, double h) {
  PairwiseGraph graph = spins(Eigen::Vector3d::Constant(h));
  graph.edges = {spin_edge(0, 1, J), spin_edge(1, 2, J), spin_edge(0, 2, J)};
  return graph;
}

PairwiseGraph recipe_grid(Index n, double scale, bool mixed) {
  Eigen::VectorXd h(n * n);
  for (Index i = 0; i < h.size(); ++i) h(i) = .3 * std::cos(1 + double(i));
  PairwiseGraph graph = spins(h);
  Index k = 0;
  const auto join = [&](Index first, Index second) {
    const double J = scale * std::sin(1 + 1.7 * double(++k));
    graph.edges.push_back(spin_edge(first, second, mixed ? J : std::abs(J)));
  };
  for (Index x = 0; x < n; ++x)
    for (Index y = 0; y < n; ++y) {
      if (x + 1 < n) join(n * x + y, n * (x + 1) + y);
      if (y + 1 < n) join(n * x + y, n * x + y + 1);
    }
  return graph;
}

PairwiseGraph random_graph(const std::vector<Index>& levels, double probability, double site_scale,
                           double edge_scale, Stream random) {
  PairwiseGraph graph;
  for (const Index count : levels)
    graph.sites.emplace_back(normal(count, 1, site_scale, random).col(0));
  for (std::size_t i = 0; i < levels.size(); ++i)
    for (std::size_t j = i + 1; j < levels.size(); ++j)
      if (random.number() < probability)
        graph.edges.push_back(
            {Index(i), Index(j), normal(levels[i], levels[j], edge_scale, random)});
  return graph;
}

PairwiseGraph random_tree(const std::vector<Index>& levels, double scale, Stream random) {
  PairwiseGraph graph = random_graph(levels, 0, scale, scale, random.split("sites"));
  for (std::size_t j = 1; j < levels.size(); ++j) {
    const Index i = Index(random.number() * double(j));
    graph.edges.push_back({i, Index(j), normal(levels[std::size_t(i)], levels[j], scale, random)});
  }
  return graph;
}

double log_z(const PairwiseGraph& graph) { return log_sum_exp(-energies_of_states(graph)); }

}  // namespace gibbsite::test
