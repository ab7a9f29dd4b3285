#include "gibbsite/run/centring.hpp"

#include <algorithm>

namespace gibbsite {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

bool two_states(const Domain& domain) {
  return domain.all(Domain::Kind::binary) || domain.all(Domain::Kind::spin);
}

// Whether θ = (W, b, c) enters the conditionals as c + Wᵀv and b + W h: told by parameters and
// states that no other law would treat so.
bool is_plain_machine(EnergyModel& model) {
  auto* parametric = model.capability<Parametric>();
  const auto* latent = model.capability<Latent>();
  if (parametric == nullptr || latent == nullptr) return false;
  if (!two_states(model.domain()) || !two_states(latent->hidden())) return false;
  const Index D = model.dim(), M = latent->hidden().dim();
  const Parameters before = parametric->parameters();
  if (parametric->blocks().size() != 3 || before.size() != D * M + D + M) return false;
  Parameters theta(before.size());
  for (Index k = 0; k < theta.size(); ++k) theta(k) = double((7 * k) % 11 - 5) / 8;
  const Eigen::Map<const RowMajor> W(theta.data(), D, M);
  const auto b = theta.segment(D * M, D), c = theta.tail(M);
  parametric->set_parameters(theta);
  Batch zero, one;
  bool plain = true;
  const auto compare = [&](const Parameters& at_zero, const Parameters& at_one) {
    const double tolerance = 1e-4 * double(D + M);
    plain = plain && (zero.col(0).cast<double>() - at_zero).cwiseAbs().maxCoeff() < tolerance &&
            (one.col(0).cast<double>() - at_one).cwiseAbs().maxCoeff() < tolerance;
  };
  latent->hidden_natural(Batch::Zero(D, 1), zero);
  latent->hidden_natural(Batch::Ones(D, 1), one);
  compare(c, c + W.colwise().sum().transpose());
  latent->visible_natural(Batch::Zero(M, 1), zero);
  latent->visible_natural(Batch::Ones(M, 1), one);
  compare(b, b + W.rowwise().sum());
  parametric->set_parameters(before);
  return plain;
}

const Latent& plain_machine(EnergyModel& model) {
  if (!is_plain_machine(model))
    throw Error(
        "needs a model of two layers of binary units or spins with E = -vᵀWh - bᵀv - cᵀh and "
        "temperature 1, not centred itself");
  return *model.capability<Latent>();
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
      latent_(plain_machine(*context.model)),
      workers_(*context.workers),
      visible_(context.model->dim()),
      hidden_(latent_.hidden().dim()) {
  if (params.decay >= 1) throw Error("decay: must be < 1, got " + number_text(params.decay));
}

void Centring::apply(const BatchView& v, Parameters& means, Parameters& ascent) const {
  const Parameters biases = ascent.tail(visible_ + hidden_);
  Parameters now(visible_ + hidden_);
  now.head(visible_) = v.cast<double>().rowwise().mean();
  now.tail(hidden_) = mean_hidden(latent_, v, workers_);
  if (params_.means == "model") now -= biases;
  if (params_.means == "average") now -= biases / 2;
  means = means.size() == 0 ? now : Parameters(params_.decay * means + (1 - params_.decay) * now);
  const auto mu = means.head(visible_), lambda = means.tail(hidden_);
  Eigen::Map<RowMajor> W(ascent.data(), visible_, hidden_);
  W -= biases.head(visible_) * lambda.transpose() + mu * biases.tail(hidden_).transpose();
  ascent.segment(visible_ * hidden_, visible_) -= W * lambda;
  ascent.tail(hidden_) -= W.transpose() * mu;
}

}  // namespace gibbsite
