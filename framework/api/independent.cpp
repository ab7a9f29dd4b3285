#include "gibbsite/api/independent.hpp"

#include <cmath>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {

Independent::Independent(Domain domain, Vector natural)
    : domain_(std::move(domain)), natural_(std::move(natural)) {
  Index row = 0;
  for (Index i = 0; i < domain_.dim(); ++i) {
    first_row_.push_back(row);
    const Index site[] = {i};
    row += natural_rows(domain_.select(site));
  }
  first_row_.push_back(row);
  if (row != natural_.size()) throw Error("independent units: wrong number of natural parameters");
  if (!std::isfinite(gibbsite::log_partition(domain_, natural_)(0)))
    throw Error("independent units: every precision must be > 0 and every parameter finite");
}

Independent Independent::uniform(const Domain& domain) {
  Vector natural = Vector::Zero(natural_rows(domain));
  Index row = 0;
  for (Index i = 0; i < domain.dim(); ++i) {
    const Index site[] = {i};
    if (!domain.site(i).is_discrete()) natural(row + 1) = 1;
    row += natural_rows(domain.select(site));
  }
  return {domain, std::move(natural)};
}

Independent Independent::from_data(const Domain& domain, const Dataset& data, double pseudo_count) {
  const Batch x = data.observed().all(Stream(0));
  require_inside(domain.select(all_sites(x.rows())), x);
  Vector natural = Vector::Zero(natural_rows(domain));
  Index row = 0;
  for (Index i = 0; i < domain.dim(); ++i) {
    const Domain::Part part = domain.site(i);
    if (part.kind == Domain::Kind::real) {
      Moments moments;
      for (Index n = 0; n < x.cols(); ++n) moments.add(double(x(i, n)));
      const double precision = 1 / (moments.variance() > 1e-12 ? moments.variance() : 1.0);
      natural(row++) = Real(precision * moments.mean);
      natural(row++) = Real(precision);
      continue;
    }
    if (part.kind == Domain::Kind::rectified) {
      const double square = x.row(i).cast<double>().squaredNorm() / double(x.cols());
      natural(row++) = 0;
      natural(row++) = Real(1 / (square > 1e-12 ? square : 1.0));
      continue;
    }
    const bool open = i >= x.rows();
    Eigen::ArrayXd counts = Eigen::ArrayXd::Constant(part.levels, open ? 1 : pseudo_count);
    const bool spin = part.kind == Domain::Kind::spin;
    for (Index n = 0; !open && n < x.cols(); ++n)
      counts(spin ? Index(x(i, n) > 0) : Index(x(i, n))) += 1;
    if (part.kind == Domain::Kind::categorical) {
      for (Index k = 0; k < part.levels; ++k)
        natural(row++) = Real(std::log(counts(k) / counts.sum()));
    } else {
      natural(row++) = Real(std::log(counts(1) / counts(0)) * (spin ? 0.5 : 1.0));
    }
  }
  return {domain, std::move(natural)};
}

bool Independent::offers(std::string_view capability) const {
  if (capability == DiscreteGradient::name || capability == Pairwise::name)
    return domain_.is_discrete();
  return capability != Differentiable::name || domain_.all(Domain::Kind::real);
}

std::vector<std::vector<Index>> Independent::independent_sets() const { return {all_sites(dim())}; }

std::optional<double> Independent::log_partition(double beta) const {
  const double value = gibbsite::log_partition(domain_, Vector(Real(beta) * natural_))(0);
  if (!std::isfinite(value)) return {};
  return value;
}

void Independent::draw(Stream random, Eigen::Ref<Batch> x) const {
  sample(domain_, natural_.replicate(1, x.cols()), random, x);
}

void Independent::do_energy(const BatchView& x, Row& energy) const {
  energy.resize(x.cols());
  for (Index c = 0; c < x.cols(); ++c) energy(c) = -natural_energy(domain_, natural_, x.col(c))(0);
}

void Independent::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  do_energy(x, energy);
  for (Index c = 0; c < x.cols(); ++c)
    for (Index i = 0; i < x.rows(); ++i)
      gradient(i, c) = natural_(2 * i + 1) * x(i, c) - natural_(2 * i);
}

void Independent::do_natural(std::span<const Index> sites, const BatchView& x,
                             Batch& natural) const {
  Index rows = 0;
  for (const Index i : sites) rows += first_row_[std::size_t(i) + 1] - first_row_[std::size_t(i)];
  natural.resize(rows, x.cols());
  Index row = 0;
  for (const Index i : sites)
    for (Index r = first_row_[std::size_t(i)]; r < first_row_[std::size_t(i) + 1]; ++r)
      natural.row(row++).setConstant(natural_(r));
}

void Independent::do_energy_and_local_natural(const BatchView& x, Row& energy,
                                              Batch& natural) const {
  do_energy(x, energy);
  natural = natural_.replicate(1, x.cols());
}

}  // namespace gibbsite
