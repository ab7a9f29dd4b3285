// Short-run maximum likelihood (Nijkamp, Hill, Zhu & Wu 2019): at every update chains start anew
// from the same noise, x_0 ~ q_0, and make K kernel steps, never more;
//   g = -mean_data ∂E/∂θ + mean ∂E(x_K)/∂θ.
// What is learned is not p but the law of x_K: where E[∂E/∂θ] of the data and of x_K agree,
// training stands still, however far x_K is from p. So samples are to be drawn as in training, by K
// steps from the same noise (sample: {warmup: 0, draws: K}), and likelihoods of the energy say how
// far that is from a model of the data. For K so large that chains forget their start it is
// stochastic maximum likelihood.
#include <gibbsite/api/contrast.hpp>
#include <gibbsite/api/particles.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ShortRun final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    Index steps = 100;
    std::optional<Index> chains;
    std::vector<double> noise_range;
    bool energy_gap = true;
    PluginSpec sampler;

    void fields(Fields& f) {
      f.count("steps", steps, "kernel steps K of every chain");
      f.integer("chains", chains, "chains per update",
                {.minimum = 1, .unset = "one per observation"});
      f.reals("noise_range", noise_range,
              "real coordinates start uniform in [least, greatest], in place of N(0, 1); discrete "
              "ones as fair coins",
              {.unset = "N(0, 1)"});
      f.flag("energy_gap", energy_gap,
             "monitor mean E(data) - mean E(x_K), at one energy per observation and chain");
      f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel, usually unadjusted Langevin");
    }
  };

  ShortRun(const Params& p, const Context& c)
      : steps_(p.steps),
        contrast_(c, {.energies = p.energy_gap}),
        sampler_(c.sampler(p.sampler)),
        particles_({.chains = p.chains.value_or(1),
                    .start = "noise",
                    .noise_range = p.noise_range,
                    .one_per_observation = !p.chains},
                   c, *sampler_) {}

  HiddenCoordinates takes() const override { return HiddenCoordinates::means; }
  std::vector<std::string> statistics() const override { return particles_.statistics(); }

  GradientEstimate estimate(const BatchView& data, Saved& saved, Stream random) const override {
    const Index chains = particles_.count(data.cols());
    GradientEstimate result =
        contrast_.gradient(data, chains, [&](Index first, Index count, Contrast::Part& part) {
          Chains now = particles_.begin(data, saved, {}, first, count, random);
          for (Index k = 0; k < steps_; ++k)
            sampler_->step(now, random.split(std::uint64_t(k)).chains_from(first));
          contrast_.add(now.x, now.energy, Row::Constant(count, 1 / double(chains)), part);
        });
    particles_.grow_older(saved, {}, steps_, result);
    return result;
  }

 private:
  Index steps_;
  Contrast contrast_;
  std::unique_ptr<Sampler> sampler_;
  Particles particles_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ShortRun>("short_run", "likelihood gradient from chains of K steps from noise",
                         "Nijkamp, Hill, Zhu & Wu 2019, NeurIPS, arXiv:1904.09770");
}
