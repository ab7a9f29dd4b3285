// my_plugin: say here what it does, with the equation in the paper's letters, and the paper.
//   y = x + ε ξ,  ξ ~ N(0, I);  accept with probability min(1, e^{E(x) - E(y)}).
// This is random-walk Metropolis, to be changed into your own.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// StepSizeSampler adapts a step size in warm-up; a kernel without one derives from Sampler.
class MyPlugin final : public StepSizeSampler {
 public:
  // What a spec may set, with its defaults. `fields` reads, checks and documents all of it.
  struct Params {
    double step_size = 0.5;
    StepAdaptation adaptation{.target_acceptance = 0.234};

    void fields(Fields& f) {
      f.positive("step_size", step_size,
                 "standard deviation ε of the proposal in each coordinate, where warm-up starts");
      adaptation.fields(f);
    }
  };

  // c.model is any energy on real coordinates, perhaps a tempered or clamped one. For gradients:
  // `using Needs = Abilities<Differentiable>;` above and c.require<Differentiable>() here.
  MyPlugin(const Params& p, const Context& c)
      : StepSizeSampler(c, p.step_size, p.adaptation), model_(*c.model) {}

 private:
  // Recomputes what the chains keep of the model at now.x.
  void do_refresh(Chains& now) const override { model_.energy(now.x, now.energy); }

  // One transition of every chain: a column of now.x each. Nothing but `now` may change, and all
  // random numbers come from `random`, in batches that have a column for each chain.
  void do_step(Chains& now, Stream random) const override {
    const Row step = step_size(now);
    Chains proposal;
    proposal.x.resize(now.x.rows(), now.x.cols());
    random.normal(proposal.x);
    proposal.x.array().rowwise() *= step.cast<Real>();
    proposal.x += now.x;
    model_.energy(proposal.x, proposal.energy);
    // ln of e^{-E(y)} q(x|y) / (e^{-E(x)} q(y|x)); this proposal is symmetric, q(x|y) = q(y|x).
    const Row log_ratio = now.energy - proposal.energy;
    decide(now, proposal, log_ratio, step, random);  // accepts; never where log_ratio is NaN
  }

  const EnergyModel& model_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MyPlugin>("my_plugin", "random-walk Metropolis, to be changed into your own",
                         "Metropolis et al. 1953, J. Chem. Phys. 21:1087-1092");
}
