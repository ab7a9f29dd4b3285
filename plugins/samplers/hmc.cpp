// Hamiltonian (hybrid) Monte Carlo (Duane et al. 1987, Phys. Lett. B 195:216; Neal 2011).
//   H(x, p) = E(x) + pᵀM⁻¹p/2,  p ~ N(0, M); L leapfrog steps of size ε (api/leapfrog.hpp);
//   accept with probability min(1, e^{-ΔH}); with adjust: false, take every finite end (Neal 2011,
//   section 5.5.5): a biased law, on N(0, 1) of variance 1 / (1 - ε²/4).
// A trajectory of fixed length can resonate with the target: on N(0, 1), ε = 1 and L = 3 map x to
// -x exactly, and no chain ever leaves {x, -x}. So ε is jittered per trajectory by default, and L
// may be (Mackenzie 1989, Phys. Lett. B 226:369). M⁻¹ learns the variances or the whole covariance
// of the draws in the windows of warm-up, as Stan's does.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// Diverged, in Stan's sense: the integrator has left the energy shell altogether.
constexpr double largest_energy_error = 1000;

class Hmc final : public StepSizeSampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    double step_size = 0.1;
    Index steps = 10;
    double jitter = 0.2, steps_jitter = 0;
    StepAdaptation adaptation{.target_acceptance = 0.8};
    std::string mass = "identity";
    bool adjust = true;

    void fields(Fields& f) {
      f.positive("step_size", step_size,
                 "leapfrog step ε, in units of x (of 1 with learnt masses); where warm-up starts");
      f.count("steps", steps, "leapfrog steps L per trajectory");
      f.fraction("jitter", jitter, "ε of each trajectory is drawn from ε (1 ± jitter), uniformly");
      f.fraction("steps_jitter", steps_jitter,
                 "L of each trajectory is drawn from the integers in L (1 ± steps_jitter), from 1");
      adaptation.fields(f, "; .651 is the best in high dimension, .8 is safer");
      f.choice("mass", mass, {"identity", "diagonal", "dense"},
               "M of each chain: 1, or in warm-up the inverse of its variances or covariance");
      f.flag("adjust", adjust, "accept or reject each trajectory, which makes the law exact");
    }
  };

  Hmc(const Params& p, const Context& c)
      : StepSizeSampler(c, p.step_size, p.adaptation, p.mass),
        model_(c.require<Differentiable>()),
        steps_(p.steps),
        spread_(std::min(p.steps - 1, Index(p.steps_jitter * double(p.steps)))),
        jitter_(p.jitter),
        adjust_(p.adjust) {
    if (!p.adjust && p.adaptation.adapt)
      throw Error(c.subject + ": adapt: must be false where no trajectory is rejected, got true");
  }

  bool is_exact() const override { return adjust_; }
  bool is_reversible() const override { return adjust_; }

  std::vector<Statistic> statistics() const override {
    auto all = StepSizeSampler::statistics();
    all.push_back({"n_steps", Statistic::Type::integer});
    all.push_back({"energy_error"});
    all.push_back({"diverging", Statistic::Type::boolean});
    return all;
  }

 private:
  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Row step = step_size(now) * (1 + jitter_ * (2 * random.uniform(now.x.cols()) - 1));
    const Row steps =
        (random.below(2 * spread_ + 1, now.x.cols()) + (steps_ - spread_)).cast<double>();
    Batch momentum(now.x.rows(), now.x.cols());
    random.normal(momentum);
    const Row before = now.energy + kinetic_energy(momentum);
    Chains end;
    end.x = now.x;
    end.gradient = now.gradient;
    leapfrog(model_, mass(), now.tuning, step, steps, end, momentum);
    const Row error = end.energy + kinetic_energy(momentum) - before;
    // The momentum is drawn anew each time, so that its flip can be left out.
    // Zero times an error that is not finite is NaN, which is never accepted.
    decide(now, end, adjust_ ? Row(-error) : Row(0 * error), step, random);
    now.statistics.row(2) = steps;
    now.statistics.row(3) = error;
    now.statistics.row(4) = (!error.isFinite() || error > largest_energy_error).cast<double>();
  }

  const Differentiable& model_;
  Index steps_, spread_;
  double jitter_;
  bool adjust_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Hmc>("hmc", "Hamiltonian Monte Carlo with leapfrog trajectories of fixed length",
                    "Neal 2011, Handbook of Markov Chain Monte Carlo, chapter 5");
}
