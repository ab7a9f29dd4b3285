// Conditional noise-contrastive estimation (Ceylan & Gutmann 2018) with symmetric noise: each
// observation x is to be told from κ neighbours y that are drawn with q(y|x) = q(x|y),
//   J = -2 mean_{x,y} ln(1 + e^{-G}),  G = E(y) - E(x),
//   dJ/dθ = 2 mean_{x,y} σ(-G) (∂E(y)/∂θ - ∂E(x)/∂θ);
// ln Z and q cancel. Real coordinates get normal noise, at 0 mirrored where they are rectified;
// discrete ones change, with some probability each, to any other state alike.
#include <cmath>
#include <gibbsite/api/batch_sums.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ConditionalNoiseContrastive final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    std::optional<double> noise_scale, flip_probability;
    Index neighbors = 1;

    void fields(Fields& f) {
      f.real(
          "noise_scale", noise_scale, "standard deviation of the noise on real coordinates",
          {.minimum = 0, .above_minimum = true, .unset = "0.3, where there are such coordinates"});
      f.real("flip_probability", flip_probability, "probability that a discrete coordinate changes",
             {.minimum = 0,
              .maximum = 1,
              .above_minimum = true,
              .unset = "0.1, where there are such coordinates"});
      f.count("neighbors", neighbors, "neighbours κ per observation");
    }
  };

  ConditionalNoiseContrastive(const Params& p, const Context& c)
      : noise_scale_(p.noise_scale.value_or(.3)),
        flip_logit_(Real(logit(p.flip_probability.value_or(.1)))),
        neighbors_(p.neighbors),
        model_(*c.model),
        parametric_(c.require<Parametric>()),
        workers_(*c.workers) {
    Index discrete = 0;
    for (const Domain::Part& part : model_.domain().parts)
      if (part.is_discrete()) discrete += part.count;
    if (p.flip_probability && discrete == 0)
      throw Error(c.subject + ": flip_probability: must go with discrete coordinates, got " +
                  model_.domain().text());
    if (p.noise_scale && discrete == model_.dim())
      throw Error(c.subject + ": noise_scale: must go with real coordinates, got " +
                  model_.domain().text());
  }

  GradientEstimate estimate(const BatchView& data, Saved&, Stream random) const override {
    const double scale = 2 / double(data.cols() * neighbors_);
    return sum_over_blocks(data.cols(), parametric_, workers_,
                           [&](Index first, Index count, double& objective, Parameters& ascent) {
                             const auto x = data.middleCols(first, count);
                             Row energy, other, own = Row::Zero(count), weights(count);
                             model_.energy(x, energy);
                             if (!energy.isFinite().all())
                               throw Diverged("the energy of an observation is not finite");
                             for (Index k = 0; k < neighbors_; ++k) {
                               const Batch y =
                                   noisy(x, random.split(std::uint64_t(k)).chains_from(first));
                               model_.energy(y, other);
                               for (Index n = 0; n < count; ++n) {
                                 objective -= scale * softplus(energy(n) - other(n));
                                 weights(n) = scale * sigmoid(energy(n) - other(n));
                               }
                               own -= weights;
                               add_weighted_gradient(parametric_, y, weights, ascent);
                             }
                             add_weighted_gradient(parametric_, x, own, ascent);
                           });
  }

 private:
  Batch noisy(const BatchView& x, Stream random) const {
    Batch y = x;
    Index first = 0;
    for (const Domain::Part& part : model_.domain().parts) {
      auto rows = y.middleRows(first, part.count);
      first += part.count;
      Batch noise(part.count, x.cols());
      if (!part.is_discrete()) {
        random.normal(noise);
        rows += Real(noise_scale_) * noise;
        if (part.kind == Domain::Kind::rectified) rows = rows.cwiseAbs().eval();
        continue;
      }
      random.bernoulli(Batch::Constant(part.count, x.cols(), flip_logit_), noise);
      for (Index i = 0; i < part.count; ++i) {
        const auto steps = random.below(part.levels - 1, x.cols());
        for (Index n = 0; n < x.cols(); ++n)
          if (noise(i, n) != 0) rows(i, n) = changed(part, rows(i, n), steps(n));
      }
    }
    return y;
  }

  // The state `step` + 1 after `value`, in a ring of them all.
  static Real changed(const Domain::Part& part, Real value, Index step) {
    if (part.kind == Domain::Kind::spin) return -value;
    return Real((Index(value) + 1 + step) % part.levels);
  }

  double noise_scale_;
  Real flip_logit_;
  Index neighbors_;
  const EnergyModel& model_;
  const Parametric& parametric_;
  const Workers& workers_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ConditionalNoiseContrastive>(
      "conditional_noise_contrastive", "telling observations from noisy versions of themselves",
      "Ceylan & Gutmann 2018, ICML, PMLR 80:726-734");
}
