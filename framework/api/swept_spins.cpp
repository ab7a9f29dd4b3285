#include "gibbsite/api/swept_spins.hpp"

#include "gibbsite/api/spin_energy.hpp"

namespace gibbsite {
namespace {

Batch bits_of(const BatchView& spins) { return (Real(.5) * (spins.array() + Real(1))).matrix(); }

}  // namespace

SweptSpins::SweptSpins(const Context& c, Lattice lattice, double coupling,
                       const std::vector<double>& field)
    : PairwiseSpins(c, std::move(lattice), coupling, field) {
  prepare();
}

void SweptSpins::set_parameters(const Parameters& theta) {
  PairwiseSpins::set_parameters(theta);
  prepare();
}

void SweptSpins::prepare() {
  law_ = uniform_law();
  dense_ = independent_sets().empty() ? std::optional(dense()) : std::nullopt;
}

std::optional<CheckerboardLaw> SweptSpins::uniform_law() const {
  const Index side = lattice().square_torus;
  if (side == 0 || side % 2 == 1 || (couplings().array() != couplings()(0)).any() ||
      (fields().array() != fields()(0)).any())
    return std::nullopt;
  std::array<Real, 5> natural;
  for (int up = 0; up <= 4; ++up)
    natural[std::size_t(up)] = Real(double(fields()(0)) + (2 * up - 4) * double(couplings()(0)));
  return checkerboard_law(natural);
}

// Twice the natural parameters of spins by the bits x = (1 + s)/2: 2 (h + J s) = 2 h - 2 J 1 + 4 J
// x.
DenseSweeps SweptSpins::dense() const {
  Batch A = Batch::Zero(dim(), dim());
  Eigen::VectorXd a = 2 * fields().cast<double>();
  for (std::size_t b = 0; b < lattice().bonds.size(); ++b) {
    const Bond& bond = lattice().bonds[b];
    const Real J = couplings()(Index(b));
    A(bond.first, bond.second) += 4 * J;
    A(bond.second, bond.first) += 4 * J;
    a(bond.first) -= 2 * double(J);
    a(bond.second) -= 2 * double(J);
  }
  return {A, a.cast<Real>()};
}

bool SweptSpins::do_gibbs_sweeps(Index sweeps, Eigen::Ref<Batch> x, Stream& random) const {
  if (law_) {
    checkerboard_sweeps(*law_, lattice().square_torus, sweeps, x, random);
    return true;
  }
  if (!dense_) return false;
  Batch bits = bits_of(x);
  dense_->draw(sweeps, bits, random);
  x = (Real(2) * bits.array() - Real(1)).matrix();
  return true;
}

void SweptSpins::do_energy(const BatchView& x, Row& energy) const {
  Batch logits;
  if (dense_) dense_->logits(bits_of(x), logits);
  for (Index n = 0; n < x.cols(); ++n)
    energy(n) = law_     ? uniform_energy(x.col(n))
                : dense_ ? dense_energy(x.col(n), logits.col(n))
                         : spin_energy(lattice().bonds, couplings(), fields(), x.col(n).data());
}

double SweptSpins::dense_energy(const Eigen::Ref<const Vector>& x,
                                const Eigen::Ref<const Vector>& logits) const {
  return -.5 * x.cast<double>().dot(.5 * logits.cast<double>() + fields().cast<double>());
}

double SweptSpins::uniform_energy(const Eigen::Ref<const Vector>& x) const {
  const Index side = lattice().square_torus;
  double bonds = 0, spins = 0;
  for (Index row = 0; row < side; ++row) {
    // Sums of signs are exact in either precision.
    const auto here = x.segment(row * side, side);
    bonds += double(here.dot(x.segment((row + 1) % side * side, side))) +
             double(here.head(side - 1).dot(here.tail(side - 1)) + here(side - 1) * here(0));
    spins += double(here.sum());
  }
  return -(double(couplings()(0)) * bonds + double(fields()(0)) * spins);
}

}  // namespace gibbsite
