// Random-walk Metropolis (Metropolis et al. 1953, J. Chem. Phys. 21:1087).
//   y = x + ε ξ,  ξ ~ N(0, I);  accept with probability min(1, e^{E(x) - E(y)}).
// In warm-up ε is moved to acceptance .234, the best rate in high dimension for chains of
// independent coordinates (Roberts, Gelman & Gilks 1997, Ann. Appl. Probab. 7:110).
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class RandomWalk final : public StepSizeSampler {
 public:
  struct Params {
    std::optional<double> step_size;
    StepAdaptation adaptation{.target_acceptance = 0.234};

    void fields(Fields& f) {
      f.real("step_size", step_size,
             "standard deviation ε of the proposal in each coordinate, where warm-up starts",
             {.minimum = 0, .above_minimum = true, .unset = "2.38/√dim, the best one for N(0, I)"});
      adaptation.fields(f);
    }
  };

  RandomWalk(const Params& p, const Context& c)
      : StepSizeSampler(c, p.step_size.value_or(2.38 / std::sqrt(double(c.model->dim()))),
                        p.adaptation),
        model_(*c.model) {}

 private:
  void do_refresh(Chains& now) const override { model_.energy(now.x, now.energy); }

  void do_step(Chains& now, Stream random) const override {
    const Row step = step_size(now);
    Chains proposal;
    proposal.x.resize(now.x.rows(), now.x.cols());
    random.normal(proposal.x);
    proposal.x.array().rowwise() *= step.cast<Real>();
    proposal.x += now.x;
    model_.energy(proposal.x, proposal.energy);
    decide(now, proposal, now.energy - proposal.energy, step, random);
  }

  const EnergyModel& model_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<RandomWalk>("random_walk", "Metropolis with Gaussian steps; needs the energy alone",
                           "Metropolis et al. 1953, J. Chem. Phys. 21:1087-1092");
}
