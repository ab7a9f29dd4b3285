#include "gibbsite/api/discrete_units.hpp"

#include <cmath>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {

DiscreteUnits::DiscreteUnits(Domain domain, std::string block, Vector natural)
    : domain_(std::move(domain)),
      block_(std::move(block)),
      rows_(natural_rows(domain_) / std::max(dim(), Index{1})) {
  if (domain_.parts.size() != 1 || !domain_.is_discrete())
    throw Error("discrete units must all be of one discrete kind, got " + domain_.text());
  if (natural.size() != natural_rows(domain_))
    throw Error("discrete units: " + block_ + " must have " +
                std::to_string(natural_rows(domain_)) + " values, got " +
                std::to_string(natural.size()));
  set_parameters(natural.cast<double>());
}

std::vector<std::vector<Index>> DiscreteUnits::independent_sets() const {
  return {all_sites(dim())};
}

std::vector<ParameterBlock> DiscreteUnits::blocks() const {
  if (domain_.all(Domain::Kind::categorical)) return {{block_, {"unit", "level"}, {dim(), rows_}}};
  return {{block_, {"unit"}, {dim()}}};
}

void DiscreteUnits::set_parameters(const Parameters& theta) {
  const Vector rounded = theta.cast<Real>();
  if (!rounded.allFinite()) throw Error("discrete units: " + block_ + " must be finite");
  natural_ = rounded;
}

std::optional<double> DiscreteUnits::log_partition(double beta) const {
  const double value = gibbsite::log_partition(domain_, natural_, beta)(0);
  if (!std::isfinite(value)) return {};
  return value;
}

bool DiscreteUnits::expected_parameter_gradient(double beta, Parameters& out) const {
  const Eigen::ArrayXd eta = beta * natural_.cast<double>().array();
  if (domain_.all(Domain::Kind::categorical)) {
    for (Index first = 0; first < eta.size(); first += rows_) {
      const auto unit = eta.segment(first, rows_);
      out.segment(first, rows_).array() -= (unit - log_sum_exp(unit)).exp();
    }
  } else {
    const bool spin = domain_.all(Domain::Kind::spin);
    for (Index i = 0; i < dim(); ++i) out(i) -= spin ? std::tanh(eta(i)) : sigmoid(eta(i));
  }
  return true;
}

void DiscreteUnits::draw(Stream random, Eigen::Ref<Batch> x) const {
  sample(domain_, natural_.replicate(1, x.cols()), random, x);
}

void DiscreteUnits::do_energy(const BatchView& x, Row& energy) const {
  for (Index n = 0; n < x.cols(); ++n) energy(n) = -natural_energy(domain_, natural_, x.col(n))(0);
}

void DiscreteUnits::do_natural(std::span<const Index> sites, const BatchView& x,
                               Batch& natural) const {
  natural.resize(Index(sites.size()) * rows_, x.cols());
  for (std::size_t k = 0; k < sites.size(); ++k)
    natural.middleRows(Index(k) * rows_, rows_) =
        natural_.segment(sites[k] * rows_, rows_).replicate(1, x.cols());
}

void DiscreteUnits::do_energy_and_local_natural(const BatchView& x, Row& energy,
                                                Batch& natural) const {
  do_energy(x, energy);
  natural = natural_.replicate(1, x.cols());
}

void DiscreteUnits::do_parameter_gradient(const BatchView& x, const Row& weights,
                                          Parameters& out) const {
  const bool categorical = domain_.all(Domain::Kind::categorical);
  for (Index n = 0; n < x.cols(); ++n)
    for (Index i = 0; i < dim(); ++i) {
      const double value = double(x(i, n));
      if (categorical)
        out(i * rows_ + Index(value)) -= weights(n);
      else
        out(i) -= weights(n) * value;
    }
}

}  // namespace gibbsite
