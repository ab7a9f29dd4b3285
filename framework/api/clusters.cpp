#include "gibbsite/api/clusters.hpp"

#include <cmath>
#include <numeric>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

// J of b(k, l) = f(k) + g(l) - J δ(k, l), with f added to `first` and g to `second`; NaN where the
// table is not of this form. What is left of b without its row and column means is
// -J (δ(k, l) - 1/K).
double take_apart(const Eigen::MatrixXd& b, Eigen::VectorXd& first, Eigen::VectorXd& second) {
  if (b.rows() == 2 && b.cols() == 2) {  // without temporaries: the many bonds of lattices
    first(1) += .5 * (b(1, 0) + b(1, 1) - b(0, 0) - b(0, 1));
    second(1) += .5 * (b(0, 1) + b(1, 1) - b(0, 0) - b(1, 0));
    return .5 * (b(0, 1) + b(1, 0) - b(0, 0) - b(1, 1));
  }
  const Eigen::VectorXd f = b.rowwise().mean();
  const Eigen::RowVectorXd g = b.colwise().mean().array() - b.mean();
  Eigen::MatrixXd rest = (b.colwise() - f).rowwise() - g;
  const auto levels = double(b.rows());
  const double J = b.rows() == b.cols() ? -rest.trace() / (levels - 1) : 0;
  if (b.rows() == b.cols()) {
    rest.array() -= J / levels;
    rest.diagonal().array() += J;
  }
  // The sums above round to about this.
  const double rounding = 1e-12 * (1 + double(b.size())) * b.cwiseAbs().maxCoeff();
  if (!(rest.cwiseAbs().maxCoeff() <= rounding)) return std::nan("");
  first += f;
  second += g.transpose();
  return std::abs(J) <= rounding ? 0 : J;
}

}  // namespace

ClusterForm cluster_form(PairwiseGraph graph, const std::string& subject) {
  ClusterForm form{.fields = std::move(graph.sites), .bonds = {}};
  form.bonds.reserve(graph.edges.size());
  for (const PairwiseGraph::Edge& edge : graph.edges) {
    const auto refuse = [&](const std::string& rule) {
      throw Error(subject + ": the energy of units " + std::to_string(edge.first) + " and " +
                  std::to_string(edge.second) + " must " + rule);
    };
    if (!edge.energy.allFinite()) refuse("be finite");
    const double J = take_apart(edge.energy, form.fields[std::size_t(edge.first)],
                                form.fields[std::size_t(edge.second)]);
    const bool two_states = edge.energy.size() == 4;
    if (std::isnan(J))
      refuse("be -J δ(k, l) in their states k and l, plus terms of one of them alone");
    if (J < 0 && !two_states) refuse("have J >= 0 in -J δ(k, l), as more than two states need");
    if (J == 0) continue;
    ClusterForm::Bond bond{edge.first, edge.second, std::abs(J), J < 0};
    const bool as_before = !form.bonds.empty() && form.bonds.back().strength == bond.strength;
    bond.log_probability =
        as_before ? form.bonds.back().log_probability : std::log(-std::expm1(-bond.strength));
    form.bonds.push_back(bond);
  }
  return form;
}

DisjointSets::DisjointSets(Index count) : parent_(all_sites(count)), size_(parent_.size(), 1) {}

Index DisjointSets::find(Index i) {
  while (parent_[std::size_t(i)] != i) {
    parent_[std::size_t(i)] = parent_[std::size_t(parent_[std::size_t(i)])];
    i = parent_[std::size_t(i)];
  }
  return i;
}

void DisjointSets::join(Index i, Index j) {
  i = find(i);
  j = find(j);
  if (i == j) return;
  if (size_[std::size_t(i)] < size_[std::size_t(j)]) std::swap(i, j);
  parent_[std::size_t(j)] = i;
  size_[std::size_t(i)] += size_[std::size_t(j)];
}

}  // namespace gibbsite
