// Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996, Bernoulli 2(4):341).
//   y = x - (ε/2) A ∇E(x) + √ε L ξ,  A = L Lᵀ,  ξ ~ N(0, I);
//   accept with probability min(1, e^{E(x) - E(y)} q(x|y) / q(y|x)). The noise that leads back is
//   ξ' = s - ξ with s = (√ε/2) Lᵀ(∇E(x) + ∇E(y)), so that ln q(x|y)/q(y|x) = ξ·s - |s|²/2.
// On N(0, I) with A = I the log ratio is (ε/8)(|x|² - |y|²). In warm-up ε is moved to acceptance
// .574, the best rate in high dimension (Roberts & Rosenthal 1998, J. R. Stat. Soc. B 60:255), and
// a diagonal A to the variances of the coordinates (Roberts & Stramer 2002, Methodol. Comput. Appl.
// Probab. 4:337).
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Mala final : public StepSizeSampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    double step_size = 0.1;
    StepAdaptation adaptation{.target_acceptance = 0.574};
    std::string preconditioner = "identity";

    void fields(Fields& f) {
      f.positive("step_size", step_size,
                 "Langevin step ε, in units of x² (of 1 with a preconditioner): drift (ε/2)A∇E, "
                 "noise variance εA; where warm-up starts");
      adaptation.fields(f);
      f.choice("preconditioner", preconditioner, {"identity", "diagonal"},
               "A: none, or the variances of each chain's coordinates, learnt in warm-up");
    }
  };

  Mala(const Params& p, const Context& c)
      : StepSizeSampler(c, p.step_size, p.adaptation, p.preconditioner),
        model_(c.require<Differentiable>()) {}

 private:
  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Row step = step_size(now);
    const auto root = step.sqrt().cast<Real>().eval();
    Batch noise(now.x.rows(), now.x.cols());
    random.normal(noise);
    Batch force = now.gradient;
    mass().scale_transposed(now.tuning, force);
    Batch move = (noise.array() - force.array().rowwise() * (root / 2)).rowwise() * root;
    mass().scale(now.tuning, move);
    Chains proposal;
    proposal.x = now.x + move;
    model_.energy_and_gradient(proposal.x, proposal.energy, proposal.gradient);
    Batch back = proposal.gradient;
    mass().scale_transposed(now.tuning, back);
    Row log_ratio = now.energy - proposal.energy;
    for (Index c = 0; c < log_ratio.size(); ++c) {
      const Eigen::VectorXd sum =
          std::sqrt(step(c)) / 2 * (force.col(c).cast<double>() + back.col(c).cast<double>());
      log_ratio(c) += (noise.col(c).cast<double>() - sum / 2).dot(sum);
    }
    decide(now, proposal, log_ratio, step, random);
  }

  const Differentiable& model_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Mala>("mala", "Metropolis-adjusted Langevin algorithm",
                     "Roberts & Tweedie 1996, Bernoulli 2(4):341-363");
}
