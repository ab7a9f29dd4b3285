#include "gibbsite/run/regularization.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/core/numerics.hpp"
#include "gibbsite/run/centring.hpp"

namespace gibbsite {
namespace {

bool is_weight(const ParameterBlock& block) {
  const auto& axes = block.dimensions;
  const auto levels = std::count(axes.begin(), axes.end(), "level");
  return Index(axes.size()) - levels >= 2 || std::count(axes.begin(), axes.end(), "bond") > 0;
}

// 1 for every parameter of the chosen blocks, or of the weights where none are named.
Parameters mask_of(const std::vector<ParameterBlock>& blocks,
                   const std::vector<std::string>& chosen) {
  std::vector<std::string> names;
  Index size = 0;
  for (const ParameterBlock& block : blocks) {
    names.push_back(block.name);
    size += block.size();
  }
  for (const std::string& name : chosen)
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error("blocks: the model has no parameters '" + name + "'" + known_names(name, names));
  Parameters mask = Parameters::Zero(size);
  Index first = 0;
  for (const ParameterBlock& block : blocks) {
    const bool named = std::find(chosen.begin(), chosen.end(), block.name) != chosen.end();
    if (chosen.empty() ? is_weight(block) : named) mask.segment(first, block.size()).setOnes();
    first += block.size();
  }
  if ((mask.array() == 0).all())
    throw Error("blocks: the model has no weights: name the parameters to regularise (known: " +
                join(names) + ")");
  return mask;
}

// The logit of a share, kept finite.
Real finite_logit(double share) {
  constexpr double least = 1e-6;
  return Real(logit(std::clamp(share, least, 1 - least)));
}

double divergence(double p, double q) {
  constexpr double least = 1e-300;
  return p * std::log(p / std::max(q, least)) +
         (1 - p) * std::log((1 - p) / std::max(1 - q, least));
}

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct Singular {
  double value = 0;
  Eigen::VectorXd left, right;
};

Singular largest_singular(const Eigen::Ref<const RowMajor>& W) {
  Singular found{0, Eigen::VectorXd::Zero(W.rows()), Eigen::VectorXd(W.cols())};
  // No vector of any regular pattern, which symmetric weights could be orthogonal to.
  for (Index k = 0; k < W.cols(); ++k) found.right(k) = 1 + std::sin(double(1 + 3 * k * k));
  found.right.normalize();
  for (int round = 0; round < 1000; ++round) {
    found.left = W * found.right;
    const double value = found.left.norm();
    if (value == 0) return {0, Eigen::VectorXd::Zero(W.rows()), Eigen::VectorXd::Zero(W.cols())};
    found.left /= value;
    found.right = (W.transpose() * found.left).normalized();
    const bool settled = std::abs(value - found.value) <= 1e-12 * value;
    found.value = value;
    if (settled) break;
  }
  return found;
}

}  // namespace

Regularizer::Regularizer(const RegularizationParams& penalties,
                         const std::optional<SparsityParams>& sparsity, const Context& context)
    : penalties_(penalties),
      sparsity_(sparsity),
      latent_(context.model->capability<Latent>()),
      workers_(*context.workers) {
  const bool decays = penalties.l1 > 0 || penalties.l2 > 0 || penalties.spectral > 0;
  if (!decays && !sparsity) throw Error("has no effect: give l1, l2, spectral or sparsity");
  if (!decays && !penalties.blocks.empty()) throw Error("blocks: need l1, l2 or spectral");
  if (decays) {
    blocks_ = context.require<Parametric>().blocks();
    penalised_ = mask_of(blocks_, penalties.blocks);
  }
  if (!sparsity) return;
  if (sparsity->target >= 1)
    throw Error("sparsity.target: must be < 1, got " + number_text(sparsity->target));
  if (sparsity->decay >= 1)
    throw Error("sparsity.decay: must be < 1, got " + number_text(sparsity->decay));
  if (latent_ == nullptr || !latent_->hidden().all(Domain::Kind::binary))
    throw Error("sparsity: needs a model with a layer of binary hidden units");
}

double Regularizer::add(const Parameters& theta, const BatchView& x, Parameters& activity,
                        Parameters& ascent) const {
  double penalty = 0;
  if (penalised_.size() > 0) {
    const Parameters weights = penalised_.cwiseProduct(theta);
    ascent.array() -= penalties_.l1 * weights.array().sign() + penalties_.l2 * weights.array();
    penalty += penalties_.l1 * weights.lpNorm<1>() + penalties_.l2 * weights.squaredNorm() / 2;
    if (penalties_.spectral > 0) penalty += add_spectral(theta, ascent);
  }
  if (sparsity_) penalty += add_sparsity(x, activity, ascent);
  return penalty;
}

double Regularizer::add_spectral(const Parameters& theta, Parameters& ascent) const {
  double penalty = 0;
  Index first = 0;
  for (const ParameterBlock& block : blocks_) {
    const Index rows = block.shape[0], columns = block.size() / rows;
    if (penalised_(first) != 0) {
      const Eigen::Map<const RowMajor> W(theta.data() + first, rows, columns);
      const auto [sigma, left, right] = largest_singular(W);
      Eigen::Map<RowMajor>(ascent.data() + first, rows, columns) -=
          penalties_.spectral * sigma * left * right.transpose();
      penalty += penalties_.spectral * sigma * sigma / 2;
    }
    first += block.size();
  }
  return penalty;
}

// E(v, h) is linear in each h_j with slope -η_j(v), so the mean of ∂E/∂θ under means q less that
// under means p is -Σ_j (q_j - p) ∂η_j/∂θ.
double Regularizer::add_sparsity(const BatchView& x, Parameters& activity,
                                 Parameters& ascent) const {
  const Parameters now = mean_hidden(*latent_, x, workers_);
  activity = activity.size() == 0
                 ? now
                 : Parameters(sparsity_->decay * activity + (1 - sparsity_->decay) * now);
  const double target = sparsity_->target;
  const Vector asked = Vector::Constant(activity.size(), finite_logit(target));
  const Vector found =
      activity.unaryExpr([](double q) { return double(finite_logit(q)); }).cast<Real>();
  const Index width = block_width(x.cols());
  std::vector<Parameters> parts(std::size_t(block_count(x.cols())));
  workers_.run(Index(parts.size()), [&](Index b) {
    const BatchView v = x.middleCols(b * width, std::min(width, x.cols() - b * width));
    Parameters& part = parts[std::size_t(b)];
    part = Parameters::Zero(ascent.size());
    const Row weights = Row::Constant(v.cols(), sparsity_->rate / double(x.cols()));
    latent_->gradient_over_hidden(v, found.replicate(1, v.cols()), weights, part);
    latent_->gradient_over_hidden(v, asked.replicate(1, v.cols()), -weights, part);
  });
  for (const Parameters& part : parts) ascent += part;
  double penalty = 0;
  for (const double q : activity) penalty += divergence(target, q);
  return sparsity_->rate * penalty;
}

}  // namespace gibbsite
