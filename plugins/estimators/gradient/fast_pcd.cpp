// Persistent contrastive divergence with fast weights (Tieleman & Hinton 2009, ICML):
//   particles move under θ + θ_fast, k kernel steps,
//   g = -mean_data ∂E_θ/∂θ + mean_particles ∂E_θ/∂θ,
//   θ_fast <- λ θ_fast + η_fast g,  λ = 19/20,
// so that the energy rises for a while wherever particles linger, and they leave sooner than the
// learning rate of θ would have them. g is taken at θ on both sides; of the model nothing but θ
// lasts. With η_fast = 0 this is contrastive_divergence with `persistent`, bit by bit.
#include <gibbsite/api/contrast.hpp>
#include <gibbsite/api/particles.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// Other parameters for a model until the end of the scope, however that is reached.
class ParametersMeanwhile {
 public:
  ParametersMeanwhile(Parametric& model, const Parameters& theta)
      : model_(model), before_(model.parameters()) {
    try {
      model_.set_parameters(theta);
    } catch (const Error& fault) {
      model_.set_parameters(before_);
      throw Diverged(std::string("with the fast weights: ") + fault.what());
    }
  }
  ~ParametersMeanwhile() { model_.set_parameters(before_); }
  ParametersMeanwhile(const ParametersMeanwhile&) = delete;
  ParametersMeanwhile& operator=(const ParametersMeanwhile&) = delete;

 private:
  Parametric& model_;
  Parameters before_;
};

class FastPcd final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    Index steps = 1;
    ParticleParams particles;
    double fast_rate = 0.01, fast_decay = 0.95;
    PluginSpec sampler;

    void fields(Fields& f) {
      f.count("steps", steps, "kernel steps k between two gradients");
      particles.persistent_fields(f);
      f.real("fast_rate", fast_rate, "learning rate η_fast of the fast weights", {.minimum = 0});
      f.fraction("fast_decay", fast_decay, "factor λ of the fast weights at every update");
      f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel that moves the particles");
    }
  };

  FastPcd(const Params& p, const Context& c)
      : params_(p),
        parametric_(c.require<Parametric>()),
        workers_(*c.workers),
        contrast_(c, {}),
        sampler_(c.sampler(p.sampler)),
        particles_(p.particles, c, *sampler_) {}

  HiddenCoordinates takes() const override { return HiddenCoordinates::means; }
  std::vector<std::string> statistics() const override {
    std::vector<std::string> names = particles_.statistics();
    names.emplace_back("fast_parameter_norm");
    return names;
  }

  // The fast weights stand behind the ages of the particles.
  Saved init(Stream random) const override {
    Saved saved = particles_.init(random);
    saved.numbers.resize(saved.numbers.size() + std::size_t(contrast_.size()));
    return saved;
  }

  GradientEstimate estimate(const BatchView& data, Saved& saved, Stream random) const override {
    const Index particles = particles_.count(data.cols()), size = contrast_.size();
    Eigen::Map<Parameters> fast(saved.numbers.data() + saved.numbers.size() - std::size_t(size),
                                size);
    const std::vector<Index> chosen = particles_.choose(saved, random);
    std::vector<Chains> moved = move(data, saved, chosen, fast, random);
    GradientEstimate result =
        contrast_.gradient(data, particles, [&](Index first, Index count, Contrast::Part& part) {
          Chains& now = moved[std::size_t(first / block_width(particles))];
          sampler_->refresh(now);
          contrast_.add(now.x, now.energy, Row::Constant(count, 1 / double(particles)), part);
          particles_.keep(saved, chosen, first, now);
        });
    fast = params_.fast_decay * fast + params_.fast_rate * result.ascent;
    particles_.grow_older(saved, chosen, params_.steps, result);
    result.statistics.push_back(fast.norm());
    return result;
  }

 private:
  // The particles after their steps, by blocks.
  std::vector<Chains> move(const BatchView& data, const Saved& saved,
                           const std::vector<Index>& chosen, const Parameters& fast,
                           const Stream& random) const {
    const Index particles = particles_.count(data.cols());
    const ParametersMeanwhile meanwhile(parametric_, parametric_.parameters() + fast);
    std::vector<Chains> moved(static_cast<std::size_t>(block_count(particles)));
    workers_.run(Index(moved.size()), [&](Index b) {
      const auto [first, count] = block_columns(b, particles);
      Chains& now = moved[std::size_t(b)];
      now = particles_.begin(data, saved, chosen, first, count, random);
      for (Index k = 0; k < params_.steps; ++k)
        sampler_->step(now, random.split(std::uint64_t(k)).chains_from(first));
    });
    return moved;
  }

  Params params_;
  Parametric& parametric_;
  const Workers& workers_;
  Contrast contrast_;
  std::unique_ptr<Sampler> sampler_;
  Particles particles_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<FastPcd>("fast_pcd",
                        "persistent contrastive divergence whose particles feel fast weights too",
                        "Tieleman & Hinton 2009, ICML 26:1033-1040");
}
