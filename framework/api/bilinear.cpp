#include "gibbsite/api/bilinear.hpp"

#include <algorithm>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/finite.hpp"
#include "gibbsite/core/kernels.hpp"
#include "gibbsite/core/parallel.hpp"

namespace gibbsite {
namespace {

constexpr Index panel = 64;  // hidden units whose weights stay in the cache

}  // namespace

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
  set_parameters(theta, subject, Workers(1));
}

void Bilinear::set_parameters(const Eigen::Ref<const Parameters>& theta, const std::string& subject,
                              const Workers& workers) {
  const Index D = visible(), M = hidden();
  std::vector<char> finite(static_cast<std::size_t>(strip_count()));
  workers.run(strip_count(), [&](Index s) {
    const auto [first, count] = strip_of(s);
    finite[std::size_t(s)] = all_finite(theta.segment(first * M, count * M));
  });
  if (std::count(finite.begin(), finite.end(), char(0)) > 0 || !all_finite(theta.tail(D + M)))
    throw Error(subject + ": W, b and c must be finite");
  b_ = theta.segment(D * M, D).cast<Real>();
  c_ = theta.tail(M).cast<Real>();
  prepare(workers, theta.data());
}

void Bilinear::prepare() { prepare(Workers(1), nullptr); }

void Bilinear::prepare(const Workers& workers, const double* W) {
  const Index M = hidden();
  const Eigen::VectorXd mu = visible_offsets_.cast<double>(), b = b_.cast<double>();
  const Eigen::VectorXd lambda = hidden_offsets_.cast<double>(), c = c_.cast<double>();
  weights_by_hidden_.resize(visible(), M);
  visible_constant_ = b_;
  hidden_constant_ = c_;
  constant_ = 0;
  Eigen::MatrixXd W_mu = Eigen::MatrixXd::Zero(centred_ ? M : 0, centred_ ? strip_count() : 0);
  workers.run(strip_count(), [&](Index s) {
    const auto [first, count] = strip_of(s);
    auto weights = weights_by_visible_.middleCols(first, count);
    if (W != nullptr)
      weights = Eigen::Map<const Eigen::MatrixXd>(W + first * M, M, count).cast<Real>();
    weights_by_hidden_.middleRows(first, count) = weights.transpose();
    if (!centred_) return;
    for (Index i = 0; i < count; ++i) {
      const auto column = weights.col(i).cast<double>();
      visible_constant_(first + i) = Real(b(first + i) - column.dot(lambda));
      W_mu.col(s) += mu(first + i) * column;
    }
  });
  if (!centred_) return;
  hidden_constant_ = (c - W_mu.rowwise().sum()).cast<Real>();
  // As the rounded constants have it, so that both layers belong to one joint energy.
  constant_ = mu.dot(b) + lambda.dot(hidden_constant_.cast<double>());
}

void Bilinear::visible_energy(const BatchView& v, Row& energy) const {
  energy = -(visible_constant_.cast<double>().transpose() * v.cast<double>()).array();
  if (centred_) energy += constant_;
}

void Bilinear::hidden_field(const BatchView& v, Batch& out) const {
  out.resize(hidden(), v.cols());
  kernels<Real>().affine(weights_by_visible_.data(), hidden(), hidden(), visible(),
                         hidden_constant_.data(), v.data(), v.outerStride(), v.cols(), out.data(),
                         out.outerStride());
}

void Bilinear::hidden_field(const BatchView& v, const Workers& workers, Batch& out) const {
  const Index M = hidden();
  out.resize(M, v.cols());
  workers.run((M + panel - 1) / panel, [&](Index task) {
    const Index first = task * panel;
    kernels<Real>().affine(weights_by_visible_.data() + first, M, std::min(panel, M - first),
                           visible(), hidden_constant_.data() + first, v.data(), v.outerStride(),
                           v.cols(), out.data() + first, out.outerStride());
  });
}

void Bilinear::visible_field(const BatchView& h, Batch& out) const {
  out.resize(visible(), h.cols());
  kernels<Real>().affine(weights_by_hidden_.data(), visible(), visible(), hidden(),
                         visible_constant_.data(), h.data(), h.outerStride(), h.cols(), out.data(),
                         out.outerStride());
}

void Bilinear::accumulate(const BatchView& v, const BatchView& h, const Row& weights,
                          Parameters& out) const {
  accumulate(v, h, weights, Workers(1), out);
}

// (v - μ)(h - λ)ᵀ as v (h - λ)ᵀ - μ (h - λ)ᵀ: v is often binary, v - μ is not. Tasks are panels of
// hidden units, each of which adds up all columns.
void Bilinear::accumulate(const BatchView& v, const BatchView& h, const Row& weights,
                          const Workers& workers, Parameters& out) const {
  const Index D = visible(), M = hidden();
  const Row minus = -weights;
  Batch off;
  if (centred_) off = h.colwise() - hidden_offsets_;
  const BatchView& y = centred_ ? BatchView(off) : h;
  const Eigen::VectorXd mu = visible_offsets_.cast<double>();
  workers.run((M + panel - 1) / panel, [&](Index task) {
    const Index first = task * panel, count = std::min(panel, M - first);
    kernels<Real>().products(minus.data(), v.data(), v.outerStride(), D, y.data() + first,
                             y.outerStride(), count, v.cols(), out.data() + first, M);
    Eigen::VectorXd sum = Eigen::VectorXd::Zero(count);
    for (Index n = 0; n < v.cols(); ++n)
      sum += minus(n) * y.col(n).segment(first, count).cast<double>();
    out.segment(D * M + D + first, count) += sum;
    if (!centred_) return;
    for (Index i = 0; i < D; ++i) out.segment(i * M + first, count) -= mu(i) * sum;
  });
  auto by_b = out.segment(D * M, D);
  for (Index n = 0; n < v.cols(); ++n) by_b += minus(n) * v.col(n).cast<double>();
  if (centred_) by_b -= minus.sum() * mu;
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

void BilinearModel::gradient_by_layers(const BatchView& v, const Row& weights,
                                       const Workers& workers, Parameters& out, Row* energy) const {
  const Index width = block_width(v.cols());
  if (energy != nullptr) energy->resize(v.cols());
  Batch h;
  pairs_.hidden_field(v, workers, h);
  workers.run(block_count(v.cols()), [&](Index b) {
    const Index first = b * width, count = std::min(width, v.cols() - first);
    auto eta = h.middleCols(first, count);
    if (energy != nullptr) {
      Row own;
      visible_energy(v.middleCols(first, count), own);
      energy->segment(first, count) = own - log_partition(hidden_, eta);
    }
    eta = mean(hidden_, eta);
  });
  pairs_.accumulate(v, h, weights, workers, out);
}

}  // namespace gibbsite
