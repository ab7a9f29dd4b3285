#include "gibbsite/api/network_energy.hpp"

#include <algorithm>

namespace gibbsite {

NetworkEnergy::NetworkEnergy(Domain domain, Network network, double precision)
    : domain_(std::move(domain)), network_(std::move(network)), precision_(precision) {}

bool NetworkEnergy::offers(std::string_view capability) const {
  return capability != Differentiable::name || domain_.all(Domain::Kind::real);
}

Shape NetworkEnergy::input_shape(const std::vector<Index>& sizes, const Context& c, Index labels) {
  if (!sizes.empty()) return Shape::of(sizes, c.subject + ": shape");
  const Index width = c.require_train().dim() - labels;
  if (width < 1)
    throw Error(c.subject + ": needs data of more than " + std::to_string(labels) + " columns");
  return {width};
}

void NetworkEnergy::shape_field(Fields& f, std::vector<Index>& sizes, bool required) {
  f.integers("shape", sizes, "size of x: [units], or [channels, height, width] of an image",
             {.minimum = 1,
              .maximum = 1e7,
              .required = required,
              .unset = required ? "" : "a vector as wide as the data"});
}

void NetworkEnergy::precision_field(Fields& f, double& precision) {
  f.real("reference_precision", precision,
         "λ of λ|x|²/2, a normal reference law; with 0 the law is improper on R^d and only of use "
         "to chains that do not converge",
         {.minimum = 0});
}

namespace {

// Calls visit(columns first … first + count - 1 of x, first) in parts whose tape fits a cache.
template <class Visit>
void each_part(const BatchView& x, Visit visit) {
  constexpr Index most = 64;
  for (Index first = 0; first < x.cols(); first += most)
    visit(x.middleCols(first, std::min(most, x.cols() - first)), first);
}

}  // namespace

void NetworkEnergy::evaluate(const BatchView& x, Network::Tape& tape, Batch& slope,
                             Eigen::Ref<Row> energy) const {
  const Batch& outputs = network_.forward(x, tape);
  slope.resize(outputs.rows(), outputs.cols());
  Vector by_output(outputs.rows());
  for (Index n = 0; n < x.cols(); ++n) {
    energy(n) = energy_of(outputs.col(n), x.col(n).data(), by_output);
    slope.col(n) = by_output;
    if (precision_ != 0)
      energy(n) += 0.5 * precision_ * x.col(n).head(network_.inputs()).cast<double>().squaredNorm();
  }
}

void NetworkEnergy::do_energy(const BatchView& x, Row& energy) const {
  Network::Tape tape;
  Batch slope;
  each_part(x, [&](const BatchView& part, Index first) {
    evaluate(part, tape, slope, energy.segment(first, part.cols()));
  });
}

void NetworkEnergy::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  Network::Tape tape;
  Batch slope;
  each_part(x, [&](const BatchView& part, Index first) {
    evaluate(part, tape, slope, energy.segment(first, part.cols()));
    gradient.middleCols(first, part.cols()) =
        network_.backward(slope, {}, tape, nullptr) + Real(precision_) * part;
  });
}

void NetworkEnergy::do_parameter_gradient(const BatchView& x, const Row& weights,
                                          Parameters& out) const {
  Network::Tape tape;
  Batch slope;
  Row energy;
  each_part(x, [&](const BatchView& part, Index first) {
    energy.resize(part.cols());
    evaluate(part, tape, slope, energy);
    network_.backward(slope, weights.segment(first, part.cols()), tape, out.data());
  });
}

}  // namespace gibbsite
