// my_plugin: say here what it does, with the equation in the paper's letters, and the paper.
//   g = -mean_data ∂E/∂θ + mean_particles ∂E/∂θ,  particles: the data after k steps of a kernel.
// This is contrastive divergence (CD-k), to be changed into your own.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class MyPlugin final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;  // models without parameters are refused before a run
  // What a spec may set, with its defaults. `fields` reads, checks and documents all of it.
  struct Params {
    Index steps = 1;
    PluginSpec sampler;

    void fields(Fields& f) {
      f.count("steps", steps, "kernel steps k from the data to the particles");
      f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel that moves the particles");
    }
  };

  MyPlugin(const Params& p, const Context& c)
      : steps_(p.steps), parametric_(c.require<Parametric>()), sampler_(c.sampler(p.sampler)) {}

  // An estimate of d(mean log-likelihood)/dθ at `data` (dim x observations). What has to survive
  // from call to call belongs into `saved`, never into this object; random numbers from `random`.
  GradientEstimate estimate(const BatchView& data, Saved&, Stream random) const override {
    Chains particles = sampler_->init(data);
    for (Index k = 0; k < steps_; ++k) sampler_->step(particles, random.split(std::uint64_t(k)));
    const Row weights = Row::Constant(data.cols(), 1 / double(data.cols()));
    GradientEstimate result{.ascent = Parameters::Zero(parametric_.parameters().size())};
    parametric_.parameter_gradient(data, -weights, result.ascent);
    parametric_.parameter_gradient(particles.x, weights, result.ascent);
    return result;
  }

 private:
  Index steps_;
  const Parametric& parametric_;
  std::unique_ptr<Sampler> sampler_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MyPlugin>("my_plugin", "contrastive divergence, to be changed into your own",
                         "Hinton 2002, Neural Computation 14:1771-1800");
}
