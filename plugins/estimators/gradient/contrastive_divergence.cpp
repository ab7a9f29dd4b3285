// Contrastive divergence (Hinton 2002) and its persistent form, stochastic maximum likelihood
// (Younes 1989; Tieleman 2008):
//   g = -mean_data ∂E/∂θ + mean_particles ∂E/∂θ,
// with particles moved by k steps of a Markov kernel, from the data themselves (CD-k, a biased
// estimate) or from where the last update left them (PCD). Hidden units are summed out on both
// sides; of hidden coordinates that data leave open, the data's side takes the means that the
// model's inference finds (Salakhutdinov & Hinton 2009), energies too, and particles start at
// states drawn by them. The kernel does not adapt here: its law would change with its past while θ
// moves, so step sizes stay as the spec gives them.
#include <gibbsite/api/completion.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ContrastiveDivergence final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    Index steps = 1;
    bool persistent = false;
    Index chains = 100;
    bool energy_gap = true;
    PluginSpec sampler;

    void fields(Fields& f) {
      f.count("steps", steps, "kernel steps k between two gradients");
      f.flag(
          "persistent", persistent,
          "particles go on where the last update left them (PCD) instead of starting at the data");
      f.count("chains", chains,
              "number of persistent particles; without `persistent` there is one per observation");
      f.flag("energy_gap", energy_gap,
             "monitor mean E(data) - mean E(particles), at two energies per observation");
      f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel that moves the particles");
    }
  };

  ContrastiveDivergence(const Params& p, const Context& c)
      : steps_(p.steps),
        particles_(p.persistent ? p.chains : 0),
        energy_gap_(p.energy_gap),
        model_(*c.model),
        parametric_(c.require<Parametric>()),
        workers_(*c.workers),
        train_(p.persistent ? &c.require_train() : nullptr),
        sampler_(c.sampler(p.sampler)) {}

  HiddenCoordinates takes() const override { return HiddenCoordinates::means; }

  // Persistent particles start at training configurations chosen at random.
  Saved init(Stream random) const override {
    Saved saved;
    const Index width = block_width(particles_);
    for (Index first = 0; first < particles_; first += width) {
      Stream own = random.chains_from(first);
      Batch x(model_.dim(), std::min(width, particles_ - first));
      const auto rows = own.below(train_->size(), x.cols());
      train_->columns({rows.data(), std::size_t(rows.size())}, own, x);
      saved.chains.push_back(sampler_->init(std::move(x)));
    }
    return saved;
  }

  GradientEstimate estimate(const BatchView& data, Saved& saved, Stream random) const override {
    const bool persistent = particles_ > 0;
    const Index observations = data.cols(), particles = persistent ? particles_ : observations;
    const Index data_blocks = block_count(observations), particle_blocks = block_count(particles);
    std::vector<Part> parts(std::size_t(std::max(data_blocks, particle_blocks)));
    const Index size = parametric_.parameters().size();

    workers_.run(Index(parts.size()), [&](Index b) {
      Part& part = parts[std::size_t(b)];
      part.ascent.setZero(size);
      if (b < data_blocks) add(block(data, b), {}, -1 / double(observations), part);
      if (b >= particle_blocks) return;
      Chains fresh;
      Chains& now = persistent ? saved.chains[std::size_t(b)] : fresh;
      if (persistent)
        sampler_->refresh(now);  // θ has moved since
      else
        now = sampler_->init(
            draw_hidden(model_, block(data, b),
                        random.split("hidden").chains_from(b * block_width(particles))));
      for (Index k = 0; k < steps_; ++k)
        sampler_->step(now, random.split(std::uint64_t(k))
                                .at(random.step())
                                .chains_from(b * block_width(particles)));
      add(now.x, now.energy, 1 / double(particles), part);
    });

    GradientEstimate result{.ascent = Parameters::Zero(size)};
    if (energy_gap_) result.energy_gap = 0;
    for (const Part& part : parts) {
      result.ascent += part.ascent;
      if (energy_gap_) result.energy_gap -= part.energy;
    }
    return result;
  }

 private:
  // The sums of one block: of ±∂E/∂θ and, with the same signs, of energies.
  struct Part {
    Parameters ascent;
    double energy = 0;
  };

  static Batch block(const BatchView& data, Index b) {
    const Index first = b * block_width(data.cols());
    return data.middleCols(first, std::min(block_width(data.cols()), data.cols() - first));
  }

  // `known` holds the energies of x where the kernel keeps them, else nothing.
  void add(const Batch& x, const Row& known, double weight, Part& part) const {
    parametric_.parameter_gradient(x, Row::Constant(x.cols(), weight), part.ascent);
    if (!energy_gap_) return;
    Row energy = known;
    if (energy.size() != x.cols()) model_.energy(x, energy);
    part.energy += weight * energy.sum();
  }

  Index steps_, particles_;  ///< particles_: persistent ones, 0 for CD-k
  bool energy_gap_;
  const EnergyModel& model_;
  const Parametric& parametric_;
  const Workers& workers_;
  const Dataset* train_;
  std::unique_ptr<Sampler> sampler_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ContrastiveDivergence>(
      "contrastive_divergence", "CD-k and persistent CD with any Markov kernel",
      "Hinton 2002, Neural Computation 14(8):1771-1800; Tieleman 2008, ICML");
}
