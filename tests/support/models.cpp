#include "support/models.hpp"

#include <cmath>
#include <limits>

namespace gibbsite::test {

std::uint64_t state_number(const Domain& domain, const BatchView& x, Index column) {
  std::uint64_t number = 0, scale = 1;
  for (Index i = 0; i < domain.dim(); ++i) {
    const Domain::Part part = domain.site(i);
    const double value = double(x(i, column));
    number += scale * std::uint64_t(part.kind == Domain::Kind::spin ? (value + 1) / 2 : value);
    scale *= std::uint64_t(part.levels);
  }
  return number;
}

TableModel TableModel::rugged(const Domain& domain) {
  const Index count = Index(std::llround(std::exp(domain.log_states())));
  Row energies(count);
  for (Index n = 0; n < count; ++n) energies(n) = 2 * std::sin(1 + 1.7 * double(n * n));
  return {domain, energies};
}

void TableModel::do_energy(const BatchView& x, Row& energy) const {
  for (Index c = 0; c < x.cols(); ++c) energy(c) = energies_(Index(state_number(domain_, x, c)));
}

void TableModel::do_natural(std::span<const Index> sites, const BatchView& x,
                            Batch& natural) const {
  natural_from_energies(sites, x, natural);
}

void HalfNan::do_energy(const BatchView& x, Row& energy) const {
  Batch gradient(x.rows(), x.cols());
  do_energy_and_gradient(x, energy, gradient);
}

void HalfNan::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  for (Index c = 0; c < x.cols(); ++c) {
    const double r2 = x.col(c).cast<double>().squaredNorm();
    energy(c) = r2 / 2 + r2 * r2 / 10;
    gradient.col(c) = Real(1 + 0.4 * r2) * x.col(c);
    if (x(0, c) <= 0) continue;
    energy(c) = std::numeric_limits<double>::quiet_NaN();
    gradient.col(c).setConstant(std::numeric_limits<Real>::quiet_NaN());
  }
}

}  // namespace gibbsite::test
