#include "gibbsite/api/class_marginal.hpp"

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

Parametric& parametric_of(EnergyModel& model) {
  auto* parametric = model.capability<Parametric>();
  if (parametric == nullptr) throw Error("a model of x and its class needs parameters");
  return *parametric;
}

// p(y|x) from -E(x, y).
Table softmax(const Table& logits) {
  Table p(logits.rows(), logits.cols());
  for (Index n = 0; n < p.cols(); ++n)
    p.col(n) = (logits.col(n) - log_sum_exp(logits.col(n))).exp();
  return p;
}

}  // namespace

void NetworkClasses::do_class_energies(const BatchView& x, Table& energy) const {
  Network::Tape tape;
  energy = -f_.forward(x, tape).cast<double>().array();
  energy.rowwise() += 0.5 * precision_ * x.cast<double>().colwise().squaredNorm().array();
}

void NetworkClasses::do_class_gradient(const BatchView& x, const Table& weights,
                                       Batch& gradient) const {
  Network::Tape tape;
  f_.forward(x, tape);
  gradient = f_.backward(-weights.matrix().cast<Real>(), {}, tape, nullptr);
  for (Index n = 0; n < x.cols(); ++n)
    gradient.col(n) += Real(precision_ * weights.col(n).sum()) * x.col(n);
}

void NetworkClasses::do_class_parameter_gradient(const BatchView& x, const Table& weights,
                                                 Parameters& out) const {
  Network::Tape tape;
  f_.forward(x, tape);
  f_.backward(-weights.matrix().cast<Real>(), Row::Ones(x.cols()), tape, out.data());
}

ClassMarginal::ClassMarginal(EnergyModel& joint)
    : joint_(joint),
      parametric_(parametric_of(joint)),
      all_classes_(joint.capability<AllClasses>()) {
  const Index last = joint.dim() - 1;
  if (last < 1 || joint.domain().site(last).kind != Domain::Kind::categorical)
    throw Error("needs a model of x and its class, a category in the last coordinate, got " +
                joint.domain().text());
  domain_ = joint.domain().select(all_sites(last));
  classes_ = joint.domain().site(last).levels;
}

bool ClassMarginal::offers(std::string_view capability) const {
  if (capability == Differentiable::name)
    return all_classes_ != nullptr && domain_.all(Domain::Kind::real);
  if (capability == Conditional::name) return domain_.is_discrete();
  if (capability == Normalized::name) return joint_.capability<Normalized>() != nullptr;
  return capability != Exact::name || joint_.capability<Exact>() != nullptr;
}

// At another temperature the sum over y does not commute with the power.
std::optional<double> ClassMarginal::log_partition(double beta) const {
  if (beta != 1) return {};
  return joint_.capability<Normalized>()->log_partition(1);
}

bool ClassMarginal::expected_parameter_gradient(double beta, Parameters& out) const {
  return beta == 1 && joint_.capability<Normalized>()->expected_parameter_gradient(1, out);
}

void ClassMarginal::draw(Stream random, Eigen::Ref<Batch> x) const {
  Batch whole(joint_.dim(), x.cols());
  joint_.capability<Exact>()->draw(random, whole);
  x = whole.topRows(dim());
}

Batch ClassMarginal::with_classes(const BatchView& x) const {
  Batch whole(joint_.dim(), x.cols() * classes_);
  for (Index n = 0; n < x.cols(); ++n)
    for (Index y = 0; y < classes_; ++y) whole.col(n * classes_ + y) << x.col(n), Real(y);
  return whole;
}

Table ClassMarginal::class_energies(const BatchView& x) const {
  Table energy;
  if (all_classes_ != nullptr) {
    all_classes_->class_energies(x, energy);
    return energy;
  }
  Row all;
  joint_.energy(with_classes(x), all);
  return all.reshaped(classes_, x.cols());
}

Table ClassMarginal::log_class_probabilities(const BatchView& x) const {
  Table logs = -class_energies(x);
  for (Index n = 0; n < logs.cols(); ++n) logs.col(n) -= log_sum_exp(logs.col(n));
  return logs;
}

void ClassMarginal::class_parameter_gradient(const BatchView& x, const Table& weights,
                                             Parameters& out) const {
  if (all_classes_ != nullptr) return all_classes_->class_parameter_gradient(x, weights, out);
  parametric_.parameter_gradient(with_classes(x), weights.reshaped().transpose(), out);
}

void ClassMarginal::do_energy(const BatchView& x, Row& energy) const {
  const Table all = class_energies(x);
  for (Index n = 0; n < x.cols(); ++n) energy(n) = -log_sum_exp(-all.col(n));
}

void ClassMarginal::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  const Table all = class_energies(x);
  for (Index n = 0; n < x.cols(); ++n) energy(n) = -log_sum_exp(-all.col(n));
  all_classes_->class_gradient(x, softmax(-all), gradient);
}

void ClassMarginal::do_parameter_gradient(const BatchView& x, const Row& weights,
                                          Parameters& out) const {
  const Table p = softmax(-class_energies(x));
  class_parameter_gradient(x, p.rowwise() * weights, out);
}

void WithoutClass::columns(std::span<const Index> indices, Stream random,
                           Eigen::Ref<Batch> out) const {
  Batch whole(whole_.dim(), Index(indices.size()));
  whole_.columns(indices, random, whole);
  out = whole.topRows(dim());
}

}  // namespace gibbsite
