// The built-in mala under another name: what a sampler takes outside this tree.
//   y = x - (ε/2) ∇E(x) + √ε ξ;  accept with probability min(1, e^{E(x) - E(y)} q(x|y) / q(y|x))
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class MyLangevin final : public StepSizeSampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    double step_size = 0.1;
    StepAdaptation adaptation{.target_acceptance = 0.574};
    void fields(Fields& f) {
      f.positive("step_size", step_size, "Langevin step ε, in units of x²; where warm-up starts");
      adaptation.fields(f);
    }
  };

  MyLangevin(const Params& p, const Context& c)
      : StepSizeSampler(c, p.step_size, p.adaptation), model_(c.require<Differentiable>()) {}

 private:
  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Row step = step_size(now);
    const auto root = step.sqrt().cast<Real>().eval();
    Batch noise(now.x.rows(), now.x.cols());
    random.normal(noise);
    Chains proposal;
    proposal.x = now.x;
    proposal.x.array() +=
        (noise.array() - now.gradient.array().rowwise() * (root / 2)).rowwise() * root;
    model_.energy_and_gradient(proposal.x, proposal.energy, proposal.gradient);
    // The noise that leads back is s - ξ with s = (√ε/2)(∇E(x) + ∇E(y)).
    Row log_ratio = now.energy - proposal.energy;
    for (Index c = 0; c < log_ratio.size(); ++c) {
      const Eigen::VectorXd sum =
          std::sqrt(step(c)) / 2 * (now.gradient.col(c) + proposal.gradient.col(c)).cast<double>();
      log_ratio(c) += (noise.col(c).cast<double>() - sum / 2).dot(sum);
    }
    decide(now, proposal, log_ratio, step, random);
  }

  const Differentiable& model_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MyLangevin>("my_langevin", "Metropolis-adjusted Langevin, out of tree",
                           "Roberts & Tweedie 1996, Bernoulli 2(4):341-363");
}
