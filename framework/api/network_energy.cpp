#include "gibbsite/api/network_energy.hpp"

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

double NetworkEnergy::evaluate(const Real* x, Network::Tape& tape, Vector& slope) const {
  const Vector& outputs = network_.forward(x, tape);
  slope.resize(outputs.size());
  double squares = 0;
  if (precision_ != 0)
    for (Index i = 0; i < network_.inputs(); ++i) squares += double(x[i]) * double(x[i]);
  return energy_of(outputs, x, slope) + 0.5 * precision_ * squares;
}

void NetworkEnergy::do_energy(const BatchView& x, Row& energy) const {
  Network::Tape tape;
  Vector slope;
  for (Index n = 0; n < x.cols(); ++n) energy(n) = evaluate(x.col(n).data(), tape, slope);
}

void NetworkEnergy::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  Network::Tape tape;
  Vector slope;
  for (Index n = 0; n < x.cols(); ++n) {
    energy(n) = evaluate(x.col(n).data(), tape, slope);
    gradient.col(n) = network_.backward(slope, 1, tape, nullptr) + Real(precision_) * x.col(n);
  }
}

void NetworkEnergy::do_parameter_gradient(const BatchView& x, const Row& weights,
                                          Parameters& out) const {
  Network::Tape tape;
  Vector slope;
  for (Index n = 0; n < x.cols(); ++n) {
    evaluate(x.col(n).data(), tape, slope);
    network_.backward(slope, weights(n), tape, out.data());
  }
}

}  // namespace gibbsite
