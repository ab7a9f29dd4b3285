#include "gibbsite/api/completion.hpp"

#include <cmath>
#include <numbers>
#include <numeric>

#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

const PartlyObserved& require(const EnergyModel& model) {
  const auto* partly = model.capability<PartlyObserved>();
  if (partly == nullptr) throw Error("the model has no coordinates that data may leave open");
  return *partly;
}

Domain beyond(const EnergyModel& model, Index observed) {
  std::vector<Index> sites(static_cast<std::size_t>(model.dim() - observed));
  std::iota(sites.begin(), sites.end(), observed);
  return model.domain().select(sites);
}

Completion by_sampling(const EnergyModel& model, const BatchView& v, Index sweeps, Stream random) {
  const Latent& latent = *model.capability<Latent>();
  const Domain open = beyond(model, v.rows());
  Completion found{.x = Batch(model.dim(), v.cols())};
  found.x.topRows(v.rows()) = v;
  auto hidden = found.x.bottomRows(open.dim());
  sample(open, Batch::Zero(open.dim(), v.cols()), random, hidden);
  Batch natural, h(latent.hidden().dim(), v.cols());
  for (Index sweep = 0; sweep < sweeps; ++sweep) {
    latent.hidden_natural(found.x, natural);
    sample(latent.hidden(), natural, random, h);
    latent.visible_natural(h, natural);
    sample(open, natural.bottomRows(open.dim()), random, hidden);
  }
  return found;
}

// The law of the hidden coordinates given v.
class GivenObserved final : public EnergyModel, public Parametric {
 public:
  GivenObserved(const EnergyModel& model, const BatchView& v)
      : model_(model),
        parametric_(model.capability<Parametric>()),
        v_(v),
        domain_(beyond(model, v.rows())) {}
  const Domain& domain() const override { return domain_; }
  bool offers(std::string_view) const override { return parametric_ != nullptr; }
  std::vector<ParameterBlock> blocks() const override { return parametric_->blocks(); }
  Parameters parameters() const override { return parametric_->parameters(); }
  void set_parameters(const Parameters&) override { throw Error("parameters are fixed here"); }

 private:
  Batch whole(const BatchView& h) const {
    Batch x(v_.rows() + h.rows(), h.cols());
    x << v_.replicate(1, h.cols()), h;
    return x;
  }
  void do_energy(const BatchView& h, Row& energy) const override {
    model_.energy(whole(h), energy);
  }
  void do_parameter_gradient(const BatchView& h, const Row& weights,
                             Parameters& out) const override {
    parametric_->parameter_gradient(whole(h), weights, out);
  }

  const EnergyModel& model_;
  const Parametric* parametric_;
  Batch v_;
  Domain domain_;
};

// -p ln p - (1 - p) ln (1 - p), in nats.
double binary_entropy(double p) {
  return p > 0 && p < 1 ? -p * std::log(p) - (1 - p) * std::log1p(-p) : 0;
}

}  // namespace

void InferenceParams::fields(Fields& f) {
  f.choice("inference", inference, {"mean_field", "gibbs"},
           "how hidden coordinates are filled in where data leave them open: means of a factorised "
           "law, or states by block Gibbs sampling from fair coins");
  f.count("inference_steps", inference_steps,
          "the most updates of the means of one observation, or the sweeps of block Gibbs");
  f.real("inference_tolerance", inference_tolerance,
         "means are final when none moves by more; /training counts observations that are not",
         {.minimum = 0});
}

PartlyObserved::Inference InferenceParams::inferred() const {
  return {inference == "mean_field", inference_steps, inference_tolerance};
}

Completion mean_field(const EnergyModel& model, const BatchView& v, Index sweeps,
                      double tolerance) {
  require(model);
  const Latent& latent = *model.capability<Latent>();
  const Domain open = beyond(model, v.rows());
  Completion found{.x = Batch(model.dim(), v.cols())};
  found.x << v, mean(open, Batch::Zero(open.dim(), v.cols()));
  Batch active = found.x, natural;
  std::vector<Index> column(static_cast<std::size_t>(v.cols()));
  std::iota(column.begin(), column.end(), Index{0});
  for (Index sweep = 0; sweep < sweeps && !column.empty(); ++sweep) {
    latent.hidden_natural(active, natural);
    latent.visible_natural(mean(latent.hidden(), natural), natural);
    const Batch next = mean(open, natural.bottomRows(open.dim()));
    std::vector<Index> moving;
    for (std::size_t k = 0; k < column.size(); ++k) {
      const auto means = next.col(Index(k));
      auto known = found.x.col(column[k]).tail(open.dim());
      const double change = double((means - known).cwiseAbs().maxCoeff());
      known = means;
      if (!(change <= tolerance)) moving.push_back(column[k]);
    }
    column = std::move(moving);
    active.resize(model.dim(), Index(column.size()));
    for (std::size_t k = 0; k < column.size(); ++k) active.col(Index(k)) = found.x.col(column[k]);
  }
  found.unconverged = Index(column.size());
  return found;
}

Completion complete(const EnergyModel& model, const BatchView& v, Stream random) {
  const auto how = require(model).inference();
  return how.mean_field ? mean_field(model, v, how.sweeps, how.tolerance)
                        : by_sampling(model, v, how.sweeps, random);
}

Batch draw_hidden(const EnergyModel& model, const BatchView& x, Stream random) {
  Batch states = x;
  const auto* partly = model.capability<PartlyObserved>();
  if (partly == nullptr) return states;
  const Index first = partly->observed();
  Batch u(model.dim() - first, x.cols());
  random.uniform(u);
  states.bottomRows(u.rows()) = (u.array() < x.bottomRows(u.rows()).array()).cast<Real>();
  return states;
}

Completion rows_for(const GradientEstimator& estimator, const EnergyModel& model, Batch v,
                    const Workers& workers, Stream random) {
  const HiddenCoordinates form = estimator.takes();
  if (v.rows() == model.dim() || form == HiddenCoordinates::none) return {.x = std::move(v)};
  Completion found{.x = Batch(model.dim(), v.cols())};
  const Index width = block_width(v.cols());
  std::vector<Index> unconverged(static_cast<std::size_t>(block_count(v.cols())));
  workers.run(Index(unconverged.size()), [&](Index b) {
    const Index first = b * width, columns = std::min(width, v.cols() - first);
    const Stream own = random.split("inference").chains_from(first);
    Completion part = complete(model, v.middleCols(first, columns), own);
    if (form == HiddenCoordinates::states) part.x = draw_hidden(model, part.x, own.split("states"));
    found.x.middleCols(first, columns) = part.x;
    unconverged[std::size_t(b)] = part.unconverged;
  });
  found.unconverged = std::accumulate(unconverged.begin(), unconverged.end(), Index{0});
  return found;
}

double log2_hidden_states(const EnergyModel& model, Index observed) {
  return observed < model.dim() ? beyond(model, observed).log_states() / std::numbers::ln2 : 0;
}

Row log_sum(const EnergyModel& model, const BatchView& v, double scale, Parameters* gradient) {
  const Workers alone(1);
  Row sums(v.cols());
  for (Index n = 0; n < v.cols(); ++n) {
    const GivenObserved given(model, v.col(n));
    const ExactSum sum = exact_sum(given, alone, gradient != nullptr, {max_log2_hidden});
    sums(n) = sum.log_partition;
    if (gradient != nullptr) *gradient += scale * sum.expected_gradient;
  }
  return sums;
}

Row log_sum_bound(const EnergyModel& model, const BatchView& v) {
  const Batch x = mean_field(model, v, 1000, 1e-6).x;
  Row bound;
  // The energy has the units of the hidden layer summed out at the means of the others, which is
  // E_q[E] less the entropy of their best law.
  model.energy(x, bound);
  bound = -bound;
  for (Index n = 0; n < v.cols(); ++n)
    for (Index i = v.rows(); i < model.dim(); ++i) bound(n) += binary_entropy(double(x(i, n)));
  return bound;
}

CompletedData::CompletedData(const Dataset& v, const EnergyModel& model) : v_(v), model_(model) {
  if (v.dim() != require(model).observed())
    throw Error("the model observes " + std::to_string(require(model).observed()) +
                " coordinates, but the data have " + std::to_string(v.dim()));
}

void CompletedData::columns(std::span<const Index> indices, Stream random,
                            Eigen::Ref<Batch> out) const {
  Batch v(v_.dim(), out.cols());
  v_.columns(indices, random, v);
  const Stream own = random.split("hidden");
  out = draw_hidden(model_, complete(model_, v, own).x, own.split("states"));
}

}  // namespace gibbsite
