// Barker proposal (Livingstone & Zanella 2022, J. R. Stat. Soc. B 84:496).
//   y_i = x_i + b_i z_i,  z_i ~ N(0, ε²),  P(b_i = 1) = 1/(1 + e^{z_i ∂_iE(x)}), else b_i = -1;
//   accept with probability min(1, e^{E(x) - E(y)} Π_i (1 + e^{(y_i - x_i) ∂_iE(x)})
//                                                    / (1 + e^{(x_i - y_i) ∂_iE(y)})).
// A step size too large by any factor costs acceptance, not ergodicity, unlike with Langevin drift.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Barker final : public StepSizeSampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    double step_size = 0.1;
    StepAdaptation adaptation{.target_acceptance = 0.574};

    void fields(Fields& f) {
      f.positive("step_size", step_size,
                 "standard deviation ε of the proposal in each coordinate, where warm-up starts");
      adaptation.fields(f);
    }
  };

  Barker(const Params& p, const Context& c)
      : StepSizeSampler(c, p.step_size, p.adaptation), model_(c.require<Differentiable>()) {}

 private:
  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Row step = step_size(now);
    Chains proposal;
    proposal.x.resize(now.x.rows(), now.x.cols());
    random.normal(proposal.x);
    proposal.x.array().rowwise() *= step.cast<Real>();
    Batch keeps(now.x.rows(), now.x.cols());
    random.bernoulli(-proposal.x.cwiseProduct(now.gradient), keeps);
    proposal.x.array() = now.x.array() + proposal.x.array() * (2 * keeps.array() - 1);
    model_.energy_and_gradient(proposal.x, proposal.energy, proposal.gradient);
    Row log_ratio = now.energy - proposal.energy;
    for (Index c = 0; c < log_ratio.size(); ++c)
      for (Index i = 0; i < now.x.rows(); ++i) {
        const double moved = double(proposal.x(i, c)) - double(now.x(i, c));
        log_ratio(c) += softplus(moved * double(now.gradient(i, c))) -
                        softplus(-moved * double(proposal.gradient(i, c)));
      }
    decide(now, proposal, log_ratio, step, random);
  }

  const Differentiable& model_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Barker>("barker", "gradient-biased random walk that is robust to its step size",
                       "Livingstone & Zanella 2022, J. R. Stat. Soc. B 84:496-523");
}
