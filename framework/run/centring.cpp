#include "gibbsite/run/centring.hpp"

#include <algorithm>

namespace gibbsite {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

bool two_states(const Domain& domain) {
  return domain.all(Domain::Kind::binary) || domain.all(Domain::Kind::spin);
}

// Calls check(θ) with the model at a θ of small fractions, for which no other law would have the
// conditionals of a machine, and puts the model's own parameters back. False where θ is refused.
template <class Check>
bool holds_at(Parametric& parametric, const Parameters& theta, Check check) {
  const Parameters before = parametric.parameters();
  bool found = false;
  try {
    parametric.set_parameters(theta);
    found = check();
  } catch (const Error&) {
  }
  parametric.set_parameters(before);
  return found;
}

double fraction(Index k) { return double((7 * k) % 11 - 5) / 8; }

bool near(const Batch& found, const Parameters& expected) {
  const double tolerance = 1e-4 * double(expected.size());
  return (found.col(0).cast<double>() - expected).cwiseAbs().maxCoeff() < tolerance;
}

// Whether θ = (W, b, c) enters the conditionals as c + Wᵀv and b + W h.
bool is_two_layers(EnergyModel& model) {
  auto* parametric = model.capability<Parametric>();
  const auto* latent = model.capability<Latent>();
  if (parametric == nullptr || latent == nullptr) return false;
  if (!two_states(model.domain()) || !two_states(latent->hidden())) return false;
  const Index D = model.dim(), M = latent->hidden().dim();
  if (parametric->blocks().size() != 3 || parametric->parameters().size() != D * M + D + M)
    return false;
  Parameters theta(D * M + D + M);
  for (Index k = 0; k < theta.size(); ++k) theta(k) = fraction(k);
  const Eigen::Map<const RowMajor> W(theta.data(), D, M);
  const auto b = theta.segment(D * M, D), c = theta.tail(M);
  return holds_at(*parametric, theta, [&] {
    Batch of_h, of_v, shifted_h, shifted_v;
    latent->hidden_natural(Batch::Zero(D, 1), of_h);
    latent->hidden_natural(Batch::Ones(D, 1), shifted_h);
    latent->visible_natural(Batch::Zero(M, 1), of_v);
    latent->visible_natural(Batch::Ones(M, 1), shifted_v);
    return near(of_h, c) && near(shifted_h, c + W.colwise().sum().transpose()) && near(of_v, b) &&
           near(shifted_v, b + W.rowwise().sum());
  });
}

// Whether θ = (W, b) enters the conditionals as b + 2 W x.
bool is_fully_visible(EnergyModel& model) {
  auto* parametric = model.capability<Parametric>();
  const auto* conditional = model.capability<Conditional>();
  if (parametric == nullptr || conditional == nullptr || !two_states(model.domain())) return false;
  const Index D = model.dim();
  if (parametric->blocks().size() != 2 || parametric->parameters().size() != D * D + D)
    return false;
  Parameters theta(D * D + D);
  Eigen::Map<RowMajor> W(theta.data(), D, D);
  for (Index i = 0; i < D; ++i)
    for (Index j = 0; j < D; ++j) W(i, j) = i == j ? 0 : fraction(i + j + i * j);
  for (Index i = 0; i < D; ++i) theta(D * D + i) = fraction(i);
  return holds_at(*parametric, theta, [&] {
    Batch zero(D, 1), one(D, 1), natural;
    for (Index i = 0; i < D; ++i) {
      const Index site[] = {i};
      conditional->natural(site, Batch::Zero(D, 1), natural);
      zero.row(i) = natural;
      conditional->natural(site, Batch::Ones(D, 1), natural);
      one.row(i) = natural;
    }
    const Parameters b = theta.tail(D);
    return near(zero, b) && near(one, b + 2 * W.rowwise().sum());
  });
}

// Its hidden layer; null where all units are visible.
const Latent* layers_of(EnergyModel& model) {
  if (is_two_layers(model)) return model.capability<Latent>();
  if (is_fully_visible(model)) return nullptr;
  throw Error(
      "needs a model of two layers of binary units or spins with E = -vᵀWh - bᵀv - cᵀh, or of one "
      "with E = -xᵀWx - bᵀx, and temperature 1, not centred itself");
}

}  // namespace

Parameters mean_hidden(const Latent& latent, const BatchView& v, const Workers& workers) {
  const Index width = block_width(v.cols());
  std::vector<Parameters> parts(std::size_t(block_count(v.cols())));
  workers.run(Index(parts.size()), [&](Index b) {
    Batch natural;
    latent.hidden_natural(v.middleCols(b * width, std::min(width, v.cols() - b * width)), natural);
    parts[std::size_t(b)] =
        mean(latent.hidden(), natural).cast<double>().rowwise().sum() / double(v.cols());
  });
  Parameters all = Parameters::Zero(latent.hidden().dim());
  for (const Parameters& part : parts) all += part;
  return all;
}

Centring::Centring(const CentringParams& params, const Context& context)
    : params_(params),
      latent_(layers_of(*context.model)),
      workers_(*context.workers),
      visible_(context.model->dim()),
      hidden_(latent_ == nullptr ? 0 : latent_->hidden().dim()) {
  if (params.decay >= 1) throw Error("decay: must be < 1, got " + number_text(params.decay));
}

void Centring::apply(const BatchView& v, Parameters& means, Parameters& ascent) const {
  const Parameters biases = ascent.tail(visible_ + hidden_);
  Parameters now(visible_ + hidden_);
  now.head(visible_) = v.cast<double>().rowwise().mean();
  if (latent_ != nullptr) now.tail(hidden_) = mean_hidden(*latent_, v, workers_);
  if (params_.means == "model") now -= biases;
  if (params_.means == "average") now -= biases / 2;
  means = means.size() == 0 ? now : Parameters(params_.decay * means + (1 - params_.decay) * now);
  const auto mu = means.head(visible_), lambda = means.tail(hidden_);
  const Index columns = latent_ == nullptr ? visible_ : hidden_;
  Eigen::Map<RowMajor> W(ascent.data(), visible_, columns);
  if (latent_ == nullptr) {
    W -= biases * mu.transpose() + mu * biases.transpose();
    W.diagonal().setZero();
    ascent.tail(visible_) -= 2 * W * mu;
    return;
  }
  W -= biases.head(visible_) * lambda.transpose() + mu * biases.tail(hidden_).transpose();
  ascent.segment(visible_ * hidden_, visible_) -= W * lambda;
  ascent.tail(hidden_) -= W.transpose() * mu;
}

}  // namespace gibbsite
