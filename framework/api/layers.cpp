#include "gibbsite/api/layers.hpp"

#include <cmath>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/kernels.hpp"

namespace gibbsite {
namespace {

Batch affine(const Batch& W, const Vector& bias, const BatchView& x) {
  Batch out(W.rows(), x.cols());
  kernels<Real>().affine(W.data(), W.rows(), W.rows(), W.cols(), bias.data(), x.data(),
                         x.outerStride(), x.cols(), out.data(), out.outerStride());
  return out;
}

void add(const Batch& W, const BatchView& x, Eigen::Ref<Batch> out) {
  out += affine(W, Vector::Zero(W.rows()), x);
}

}  // namespace

Coupling::Coupling(Index left, Index right)
    : by_left_(Batch::Zero(right, left)), by_right_(Batch::Zero(left, right)) {}

Coupling Coupling::normal(Index left, Index right, double scale, Stream& random) {
  Coupling coupling(left, right);
  random.normal(coupling.by_left_);
  coupling.by_left_ *= Real(scale);
  coupling.by_right_ = coupling.by_left_.transpose();
  return coupling;
}

Parameters Coupling::weights() const { return by_left_.reshaped().cast<double>(); }

void Coupling::set_weights(const Eigen::Ref<const Parameters>& weights) {
  by_left_.reshaped() = weights.cast<Real>();
  by_right_ = by_left_.transpose();
}

Batch Coupling::to_right(const Vector& bias, const BatchView& x) const {
  return affine(by_left_, bias, x);
}

Batch Coupling::to_left(const Vector& bias, const BatchView& y) const {
  return affine(by_right_, bias, y);
}

void Coupling::add_to_right(const BatchView& x, Eigen::Ref<Batch> out) const {
  add(by_left_, x, out);
}

void Coupling::add_to_left(const BatchView& y, Eigen::Ref<Batch> out) const {
  add(by_right_, y, out);
}

Row Coupling::softplus_odds(Index i, const BatchView& x, Batch input) const {
  const Domain units = Domain::binary(right());
  input -= row(i) * x.row(i);
  const Row off = log_partition(units, input);
  input.colwise() += row(i);
  return log_partition(units, input) - off;
}

void ParameterList::add(std::string name, std::vector<std::string> dimensions, Coupling& weights,
                        std::vector<Index> shape) {
  if (shape.empty()) shape = {weights.left(), weights.right()};
  blocks_.push_back({std::move(name), std::move(dimensions), std::move(shape)});
  members_.emplace_back(&weights);
}

void ParameterList::add(std::string name, std::vector<std::string> dimensions, Vector& vector,
                        std::vector<Index> shape) {
  if (shape.empty()) shape = {vector.size()};
  blocks_.push_back({std::move(name), std::move(dimensions), std::move(shape)});
  members_.emplace_back(&vector);
}

Parameters ParameterList::parameters() const {
  Index size = 0, at = 0;
  for (const ParameterBlock& block : blocks_) size += block.size();
  Parameters theta(size);
  for (std::size_t k = 0; k < blocks_.size(); at += blocks_[k++].size()) {
    auto part = theta.segment(at, blocks_[k].size());
    if (Coupling* const* weights = std::get_if<Coupling*>(&members_[k]))
      part = (*weights)->weights();
    else
      part = std::get<Vector*>(members_[k])->cast<double>();
  }
  return theta;
}

void ParameterList::set(const Parameters& theta) const {
  Index at = 0;
  for (const ParameterBlock& block : blocks_) {
    if (!theta.segment(at, block.size()).allFinite())
      throw Error(model_ + ": " + block.name + " must be finite");
    at += block.size();
  }
  at = 0;
  for (std::size_t k = 0; k < blocks_.size(); at += blocks_[k++].size()) {
    const auto part = theta.segment(at, blocks_[k].size());
    if (Coupling* const* weights = std::get_if<Coupling*>(&members_[k]))
      (*weights)->set_weights(part);
    else
      *std::get<Vector*>(members_[k]) = part.cast<Real>();
  }
}

GradientSum& GradientSum::products(const BatchView& x, const BatchView& y) {
  const Row minus = -weights_;
  kernels<Real>().products(minus.data(), x.data(), x.outerStride(), x.rows(), y.data(),
                           y.outerStride(), y.rows(), x.cols(), out_.data() + at_, y.rows());
  at_ += x.rows() * y.rows();
  return *this;
}

GradientSum& GradientSum::sums(const BatchView& x) {
  auto block = out_.segment(at_, x.rows());
  for (Index n = 0; n < x.cols(); ++n) block -= weights_(n) * x.col(n).cast<double>();
  at_ += x.rows();
  return *this;
}

Row inner_products(const Vector& b, const BatchView& x) {
  Row out(x.cols());
  for (Index n = 0; n < x.cols(); ++n) out(n) = b.cast<double>().dot(x.col(n).cast<double>());
  return out;
}

Batch category_probabilities(const BatchView& natural, Index levels) {
  Batch out(natural.rows(), natural.cols());
  for (Index n = 0; n < natural.cols(); ++n)
    for (Index row = 0; row < natural.rows(); row += levels) {
      const Eigen::ArrayXd eta = natural.col(n).segment(row, levels).cast<double>();
      const Eigen::ArrayXd odds = (eta - eta.maxCoeff()).exp();
      out.col(n).segment(row, levels) = (odds / odds.sum()).cast<Real>();
    }
  return out;
}

Batch category_indicators(const BatchView& x, Index levels) {
  Batch out = Batch::Zero(levels * x.rows(), x.cols());
  for (Index n = 0; n < x.cols(); ++n)
    for (Index i = 0; i < x.rows(); ++i) out(levels * i + Index(x(i, n)), n) = 1;
  return out;
}

void require_symmetric(const std::string& name, const Eigen::Ref<const Parameters>& W) {
  const Index d = Index(std::llround(std::sqrt(double(W.size()))));
  const double rounding = 1e-9 * W.cwiseAbs().maxCoeff();
  const auto entry = [&](Index i, Index j) {
    return name + "[" + std::to_string(i) + ", " + std::to_string(j) + "]";
  };
  for (Index i = 0; i < d; ++i) {
    if (W(i * d + i) != 0)
      throw Error(entry(i, i) + " must be 0, got " + number_text(W(i * d + i)));
    for (Index j = 0; j < i; ++j)
      if (std::abs(W(i * d + j) - W(j * d + i)) > rounding)
        throw Error(entry(i, j) + " must equal its mirror image (the matrix is symmetric), got " +
                    number_text(W(i * d + j)) + " and " + number_text(W(j * d + i)));
  }
}

Index single_site(std::span<const Index> sites, const std::string& model) {
  if (sites.size() != 1)
    throw Error(model + ": coordinates depend on each other, ask for one at a time");
  return sites[0];
}

}  // namespace gibbsite
