#include "gibbsite/api/bilinear.hpp"

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/kernels.hpp"

namespace gibbsite {

Bilinear::Bilinear(Index visible, Index hidden, double weight_scale, Stream random)
    : weights_by_visible_(hidden, visible),
      b_(Vector::Zero(visible)),
      c_(Vector::Zero(hidden)),
      visible_offsets_(b_),
      hidden_offsets_(c_) {
  random.normal(weights_by_visible_);
  weights_by_visible_ *= Real(weight_scale);
  prepare();
}

void Bilinear::set_visible_bias(const Vector& b) {
  b_ = b;
  prepare();
}

void Bilinear::set_offsets(Vector visible, Vector hidden) {
  visible_offsets_ = std::move(visible);
  hidden_offsets_ = std::move(hidden);
  centred_ = !visible_offsets_.isZero(0) || !hidden_offsets_.isZero(0);
  prepare();
}

std::vector<ParameterBlock> Bilinear::blocks() const {
  const Index D = visible(), M = hidden();
  return {{"W", {"visible", "hidden"}, {D, M}}, {"b", {"visible"}, {D}}, {"c", {"hidden"}, {M}}};
}

Parameters Bilinear::parameters() const {
  Parameters theta(size());
  // Column i of weights_by_visible_ is row i of W, so its storage is W row-major.
  theta << weights_by_visible_.reshaped().cast<double>(), b_.cast<double>(), c_.cast<double>();
  return theta;
}

void Bilinear::set_parameters(const Eigen::Ref<const Parameters>& theta,
                              const std::string& subject) {
  if (!theta.allFinite()) throw Error(subject + ": W, b and c must be finite");
  const Index weights = weights_by_visible_.size();
  weights_by_visible_.reshaped() = theta.head(weights).cast<Real>();
  b_ = theta.segment(weights, b_.size()).cast<Real>();
  c_ = theta.tail(c_.size()).cast<Real>();
  prepare();
}

void Bilinear::prepare() {
  weights_by_hidden_ = weights_by_visible_.transpose();
  visible_constant_ = b_;
  hidden_constant_ = c_;
  constant_ = 0;
  if (!centred_) return;
  const Eigen::MatrixXd W = weights_by_hidden_.cast<double>();
  const Eigen::VectorXd mu = visible_offsets_.cast<double>(), b = b_.cast<double>();
  const Eigen::VectorXd lambda = hidden_offsets_.cast<double>(), c = c_.cast<double>();
  visible_constant_ = (b - W * lambda).cast<Real>();
  hidden_constant_ = (c - W.transpose() * mu).cast<Real>();
  // As the rounded constants have it, so that both layers belong to one joint energy.
  constant_ = mu.dot(b) + lambda.dot(hidden_constant_.cast<double>());
}

void Bilinear::visible_energy(const BatchView& v, Row& energy) const {
  energy = -(visible_constant_.cast<double>().transpose() * v.cast<double>()).array();
  if (centred_) energy += constant_;
}

void Bilinear::hidden_field(const BatchView& v, Batch& out) const {
  out.resize(hidden(), v.cols());
  for (Index n = 0; n < v.cols(); ++n)
    kernels<Real>().affine(weights_by_visible_.data(), hidden(), visible(), hidden_constant_.data(),
                           v.col(n).data(), out.col(n).data());
}

void Bilinear::visible_field(const BatchView& h, Batch& out) const {
  out.resize(visible(), h.cols());
  for (Index n = 0; n < h.cols(); ++n)
    kernels<Real>().affine(weights_by_hidden_.data(), visible(), hidden(), visible_constant_.data(),
                           h.col(n).data(), out.col(n).data());
}

void Bilinear::accumulate(const BatchView& v, const BatchView& h, const Row& weights,
                          Parameters& out) const {
  const Index D = visible(), M = hidden();
  Vector from_mu, from_lambda;
  for (Index n = 0; n < v.cols(); ++n) {
    from_mu = v.col(n) - visible_offsets_;
    from_lambda = h.col(n) - hidden_offsets_;
    kernels<Real>().rank_one(-weights(n), from_mu.data(), D, from_lambda.data(), M, out.data());
    out.segment(D * M, D) -= weights(n) * from_mu.cast<double>();
    out.segment(D * M + D, M) -= weights(n) * from_lambda.cast<double>();
  }
}

void BilinearParams::fields(Fields& f) {
  f.integer("hidden", hidden, "number M of hidden units",
            {.minimum = 1, .maximum = 1e7, .required = true});
  f.integer("visible", visible, "number D of visible units",
            {.minimum = 1, .maximum = 1e7, .unset = "the width of the data"});
  f.real("weight_scale", weight_scale, "standard deviation of the initial weights W",
         {.minimum = 0});
  f.choice("visible_bias", visible_bias, {"zero", "data"},
           "initial b: zero, or from the visible units' own laws in the data, log odds or means "
           "(zero without data; Hinton 2012, section 8.1)");
}

std::optional<Vector> BilinearParams::visible_law(const Domain& domain, const Context& c) const {
  if (visible_bias != "data" || c.train == nullptr || c.train->dim() != domain.dim()) return {};
  return Independent::from_data(domain, *c.train, 1).natural_parameters();
}

BilinearModel::BilinearModel(std::string name, Domain visible, Domain hidden, Bilinear pairs)
    : name_(std::move(name)),
      visible_(std::move(visible)),
      hidden_(std::move(hidden)),
      pairs_(std::move(pairs)) {}

void BilinearModel::do_energy(const BatchView& v, Row& energy) const {
  Batch eta;
  do_hidden_natural(v, eta);
  visible_energy(v, energy);
  energy -= log_partition(hidden_, eta);
}

void BilinearModel::do_parameter_gradient(const BatchView& v, const Row& weights,
                                          Parameters& out) const {
  Batch eta;
  do_hidden_natural(v, eta);
  gradient_over_hidden(v, eta, weights, out);
}

}  // namespace gibbsite
