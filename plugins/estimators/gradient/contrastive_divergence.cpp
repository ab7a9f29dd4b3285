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
    PluginSpec sampler;

    void fields(Fields& f) {
      f.count("steps", steps, "kernel steps k between two gradients");
      particles.fields(f);
      f.flag("energy_gap", energy_gap,
             "monitor mean E(data) - mean E(particles), at two energies per observation");
      f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel that moves the particles");
    }
  };

  ContrastiveDivergence(const Params& p, const Context& c)
      : steps_(p.steps),
        energy_gap_(p.energy_gap),
        model_(*c.model),
        parametric_(c.require<Parametric>()),
        workers_(*c.workers),
        sampler_(c.sampler(p.sampler)),
        particles_(p.particles, c, *sampler_) {}

  HiddenCoordinates takes() const override { return HiddenCoordinates::means; }

  Saved init(Stream random) const override { return particles_.init(random); }

  GradientEstimate estimate(const BatchView& data, Saved& saved, Stream random) const override {
    const Index observations = data.cols(), particles = particles_.count(observations);
    const Index data_blocks = block_count(observations), particle_blocks = block_count(particles);
    std::vector<Part> parts(std::size_t(std::max(data_blocks, particle_blocks)));
    const Index size = parametric_.parameters().size();
    const std::vector<Index> chosen = particles_.choose(saved, random);

    workers_.run(Index(parts.size()), [&](Index b) {
      Part& part = parts[std::size_t(b)];
      part.ascent.setZero(size);
      if (b < data_blocks) {
        const auto [first, count] = block(b, observations);
        add(data.middleCols(first, count), {}, -1 / double(observations), part);
      }
      if (b >= particle_blocks) return;
      const auto [first, count] = block(b, particles);
      Chains now = particles_.begin(data, saved, chosen, first, count, random);
      for (Index k = 0; k < steps_; ++k)
        sampler_->step(now, random.split(std::uint64_t(k)).chains_from(first));
      add(now.x, now.energy, 1 / double(particles), part);
      particles_.keep(saved, chosen, first, now);
    });

    GradientEstimate result{.ascent = Parameters::Zero(size)};
    if (energy_gap_) result.energy_gap = 0;
    for (const Part& part : parts) {
      result.ascent += part.ascent;
      if (energy_gap_) result.energy_gap -= part.energy;
    }
    particles_.grow_older(saved, chosen, steps_, result);
    return result;
  }

 private:
  // The sums of one block: of ±∂E/∂θ and, with the same signs, of energies.
  struct Part {
    Parameters ascent;
    double energy = 0;
  };

  // The first column of block b, and how many it has.
  static std::pair<Index, Index> block(Index b, Index columns) {
    const Index first = b * block_width(columns);
    return {first, std::min(block_width(columns), columns - first)};
  }

  // `known` holds the energies of x where the kernel keeps them, else nothing.
  void add(const BatchView& x, const Row& known, double weight, Part& part) const {
    parametric_.parameter_gradient(x, Row::Constant(x.cols(), weight), part.ascent);
    if (!energy_gap_) return;
    Row energy = known;
    if (energy.size() != x.cols()) model_.energy(x, energy);
    part.energy += weight * energy.sum();
  }

  Index steps_;
  bool energy_gap_;
  const EnergyModel& model_;
  const Parametric& parametric_;
  const Workers& workers_;
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
