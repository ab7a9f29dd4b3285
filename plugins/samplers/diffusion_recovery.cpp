// Synthesis by progressive recovery (Gao, Song, Poole, Wu & Kingma 2021, algorithm 2), for models
// with a ladder of noise levels. Every step draws anew, whatever the chain was at:
//   x_T ~ N(0, I);  for t = T - 1 … 0: y_t by K kernel steps from y = x_{t+1} on
//   exp(-E_t(y) - |x_{t+1} - y|²/(2σ²_{t+1})),  x_t = y_t/√(1 - σ²_{t+1}),
// and the chain is at x_0. Draws are independent, but of the model's law only where every level has
// learnt its own, T steps of noise leave nothing of the data and K steps suffice: the energy that
// is recorded is E_0 there.
#include <cmath>
#include <gibbsite/api/recovery.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class DiffusionRecovery final : public Sampler {
 public:
  using Needs = Abilities<NoiseLevels>;
  struct Params {
    Index steps = 30;
    PluginSpec sampler;

    void fields(Fields& f) {
      f.count("steps", steps, "kernel steps K at every level");
      f.plugin("sampler", sampler, Kind::sampler,
               "the Markov kernel, of (y - x)/σ; usually unadjusted Langevin, as in training");
    }
  };

  DiffusionRecovery(const Params& p, const Context& c)
      : steps_(p.steps), model_(*c.model), recovery_(p.sampler, c) {}

  bool is_exact() const override { return false; }

 private:
  void do_refresh(Chains& now) const override { model_.energy(now.x, now.energy); }

  void do_step(Chains& now, Stream random) const override {
    const std::vector<double>& noise = recovery_.levels().noise();
    Stream start = random.split("start");
    start.normal(now.x);
    for (Index t = Index(noise.size()) - 1; t >= 0; --t) {
      const std::vector<Index> level(std::size_t(now.x.cols()), t);
      const double sigma = noise[std::size_t(t)];
      now.x = recovery_.recover(now.x, level, steps_, random.split(std::uint64_t(t))) /
              Real(std::sqrt(1 - sigma * sigma));
    }
    model_.energy(now.x, now.energy);
  }

  Index steps_;
  const EnergyModel& model_;
  Recovery recovery_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<DiffusionRecovery>(
      "diffusion_recovery", "independent draws down a ladder of noise levels, recovered one by one",
      "Gao, Song, Poole, Wu & Kingma 2021, ICLR, arXiv:2012.08125");
}
