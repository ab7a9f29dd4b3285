#include "gibbsite/api/pairwise_spins.hpp"

#include "gibbsite/api/spin_energy.hpp"

namespace gibbsite {

PairwiseSpins::PairwiseSpins(const Context& c, Lattice lattice, double coupling,
                             const std::vector<double>& field)
    : domain_(Domain::spin(lattice.sites)),
      lattice_(std::move(lattice)),
      neighbors_(neighbors(lattice_)),
      sets_(gibbsite::independent_sets(neighbors_)) {
  if (field.size() != 1 && Index(field.size()) != dim())
    throw Error(c.subject + ": field: must have 1 or " + std::to_string(dim()) + " values, got " +
                std::to_string(field.size()));
  Parameters theta(Index(lattice_.bonds.size()) + dim());
  for (std::size_t b = 0; b < lattice_.bonds.size(); ++b)
    theta(Index(b)) = coupling * lattice_.bonds[b].factor;
  for (Index i = 0; i < dim(); ++i)
    theta(theta.size() - dim() + i) = field[field.size() == 1 ? 0 : std::size_t(i)];
  set_parameters(theta);
}

std::vector<ParameterBlock> PairwiseSpins::blocks() const {
  return {{"couplings", {"bond"}, {Index(lattice_.bonds.size())}}, {"fields", {"unit"}, {dim()}}};
}

Parameters PairwiseSpins::parameters() const {
  Parameters theta(couplings_.size() + fields_.size());
  theta << couplings_.cast<double>(), fields_.cast<double>();
  return theta;
}

void PairwiseSpins::set_parameters(const Parameters& theta) {
  const Vector rounded = theta.cast<Real>();
  if (!rounded.allFinite()) throw Error("couplings and fields of spins must be finite");
  couplings_ = rounded.head(Index(lattice_.bonds.size()));
  fields_ = rounded.tail(dim());
}

void PairwiseSpins::do_energy(const BatchView& x, Row& energy) const {
  for (Index n = 0; n < x.cols(); ++n)
    energy(n) = spin_energy(lattice_.bonds, couplings_, fields_, x.col(n).data());
}

void PairwiseSpins::do_natural(std::span<const Index> sites, const BatchView& x,
                               Batch& natural) const {
  natural.resize(Index(sites.size()), x.cols());
  for (Index n = 0; n < x.cols(); ++n) {
    const Real* s = x.col(n).data();
    for (std::size_t k = 0; k < sites.size(); ++k) {
      double sum = double(fields_(sites[k]));
      for (const Neighbor& other : neighbors_[std::size_t(sites[k])])
        sum += double(couplings_(other.bond) * s[other.site]);
      natural(Index(k), n) = Real(sum);
    }
  }
}

// The conditionals are linear in the other spins, so that this expansion is exact.
void PairwiseSpins::do_energy_and_local_natural(const BatchView& x, Row& energy,
                                                Batch& natural) const {
  do_energy(x, energy);
  do_natural(all_sites(dim()), x, natural);
}

PairwiseGraph PairwiseSpins::graph() const {
  PairwiseGraph graph = graph_of_units(domain_, fields_);
  for (std::size_t b = 0; b < lattice_.bonds.size(); ++b) {
    const double J = double(couplings_(Index(b)));
    graph.edges.push_back(
        {lattice_.bonds[b].first, lattice_.bonds[b].second, Eigen::Matrix2d{{-J, J}, {J, -J}}});
  }
  return graph;
}

void PairwiseSpins::do_parameter_gradient(const BatchView& x, const Row& weights,
                                          Parameters& out) const {
  for (Index n = 0; n < x.cols(); ++n) {
    const Real* s = x.col(n).data();
    for (std::size_t b = 0; b < lattice_.bonds.size(); ++b) {
      const Bond& bond = lattice_.bonds[b];
      out(Index(b)) -= weights(n) * double(s[bond.first] * s[bond.second]);
    }
    out.tail(dim()) -= weights(n) * x.col(n).cast<double>();
  }
}

QuadraticEnergy binary_from_spins(const Eigen::MatrixXd& J, const Eigen::VectorXd& h) {
  const Eigen::VectorXd row_sums = J.rowwise().sum();
  return {2 * J, 2 * h - 2 * row_sums, h.sum() - 0.5 * row_sums.sum()};
}

QuadraticEnergy spins_from_binary(const Eigen::MatrixXd& W, const Eigen::VectorXd& b) {
  const Eigen::MatrixXd J = 0.5 * W;
  const Eigen::VectorXd h = 0.5 * b + J.rowwise().sum();
  return {J, h, 0.5 * J.sum() - h.sum()};
}

}  // namespace gibbsite
