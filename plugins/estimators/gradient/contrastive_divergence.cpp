// Contrastive divergence (Hinton 2002) and its relatives:
//   g = -mean_data ∂E/∂θ + mean_particles ∂E/∂θ,
// with particles moved by k steps of a Markov kernel from where they start:
//   the data themselves: CD-k, a biased estimate;
//   noise: short-run chains (Nijkamp et al. 2019, NeurIPS);
//   where the last update left them (`persistent`): PCD, stochastic maximum likelihood (Younes
//   1989; Tieleman 2008);
//   a buffer of such particles, some begun anew from noise: replay (Du & Mordatch 2019, NeurIPS;
//   Grathwohl et al. 2020, ICLR: buffer_size 10000, reinitialization_rate .05).
// Hidden units are summed out on both sides; of hidden coordinates that data leave open, the data's
// side takes the means that the model's inference finds (Salakhutdinov & Hinton 2009), energies
// too, and particles start at states drawn by them. A particle that is young, counted in kernel
// steps, still tells of its start rather than of the model. The kernel does not adapt here: its law
// would change with its past while θ moves, so step sizes stay as the spec gives them.
// With `energy_magnitude` α the ascent is that of the log-likelihood less α (mean_data E² +
// mean_particles E²), which ties down the level of neural energies (Du & Mordatch 2019).
#include <gibbsite/api/contrast.hpp>
#include <gibbsite/api/particles.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ContrastiveDivergence final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    Index steps = 1;
    ParticleParams particles;
    bool energy_gap = true;
    double energy_magnitude = 0;
    PluginSpec sampler;

    void fields(Fields& f) {
      f.count("steps", steps, "kernel steps k between two gradients");
      particles.fields(f);
      f.flag("energy_gap", energy_gap,
             "monitor mean E(data) - mean E(particles), at two energies per observation");
      f.real("energy_magnitude", energy_magnitude,
             "α of a penalty α (mean E(data)² + mean E(particles)²) on the level of the energy",
             {.minimum = 0});
      f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel that moves the particles");
    }
  };

  ContrastiveDivergence(const Params& p, const Context& c)
      : steps_(p.steps),
        contrast_(c, {.energies = p.energy_gap, .magnitude = p.energy_magnitude}),
        sampler_(c.sampler(p.sampler)),
        particles_(p.particles, c, *sampler_) {}

  HiddenCoordinates takes() const override { return HiddenCoordinates::means; }
  std::vector<std::string> statistics() const override { return particles_.statistics(); }

  Saved init(Stream random) const override { return particles_.init(random); }

  GradientEstimate estimate(const BatchView& data, Saved& saved, Stream random) const override {
    const Index particles = particles_.count(data.cols());
    const std::vector<Index> chosen = particles_.choose(saved, random);
    GradientEstimate result =
        contrast_.gradient(data, particles, [&](Index first, Index count, Contrast::Part& part) {
          Chains now = particles_.begin(data, saved, chosen, first, count, random);
          for (Index k = 0; k < steps_; ++k)
            sampler_->step(now, random.split(std::uint64_t(k)).chains_from(first));
          contrast_.add(now.x, now.energy, Row::Constant(count, 1 / double(particles)), part);
          particles_.keep(saved, chosen, first, now);
        });
    particles_.grow_older(saved, chosen, steps_, result);
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
  registry.add<ContrastiveDivergence>(
      "contrastive_divergence",
      "CD-k, persistent CD, short-run chains and replay buffers with any Markov kernel",
      "Hinton 2002, Neural Computation 14(8):1771-1800; Tieleman 2008, ICML");
}
