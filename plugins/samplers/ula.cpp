// Unadjusted Langevin algorithm (Parisi 1981, Nucl. Phys. B 180:378; Roberts & Tweedie 1996).
//   x' = x - (ε/2) ∇E(x) + √ε ξ,  ξ ~ N(0, I)
// The drift has ε/2 and the noise variance ε: then ε → 0 gives p at temperature 1. At fixed ε the
// stationary law is off by O(ε): on N(0, 1) its variance is 1 / (1 - ε/4). With ε_t → 0 slowly
// enough (Σε_t = ∞) averages weighted by ε_t, the statistic `step_size`, converge. See mala for the
// exact kernel.
// Neural energies are often sampled with drift and noise of their own (Du & Mordatch 2019, NeurIPS;
// Grathwohl et al. 2020, ICLR),
//   x' = x - α ∇E(x) + σ ξ,
// which aims at e^{-E/T}, T = σ²/(2α) (`temperature`): T << 1 descends rather than samples. On
// N(0, 1) its variance is σ² / (1 - (1 - α)²). Clamped gradients and states break any such law.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Ula final : public Sampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    std::optional<double> step_size, drift, noise, gradient_clamp;
    StepSchedule schedule;
    std::vector<double> state_clamp;

    void fields(Fields& f) {
      f.real("step_size", step_size,
             "Langevin step ε, in units of x²: drift (ε/2)∇E, noise variance ε",
             {.minimum = 0, .above_minimum = true, .unset = "0.01, or drift and noise"});
      f.real("drift", drift, "α, the factor of ∇E, with noise in the place of step_size",
             {.minimum = 0, .above_minimum = true, .unset = "step_size / 2"});
      f.real("noise", noise, "σ, the standard deviation of the noise, with drift",
             {.minimum = 0, .unset = "√step_size"});
      schedule.fields(f);
      f.real("gradient_clamp", gradient_clamp,
             "cut each coordinate of ∇E to [-this, this]; no known law is kept then",
             {.minimum = 0, .above_minimum = true, .unset = "never"});
      f.reals("state_clamp", state_clamp,
              "cut each coordinate of x to [least, greatest]; no known law is kept then");
    }
  };

  Ula(const Params& p, const Context& c)
      : model_(c.require<Differentiable>()),
        schedule_(p.schedule),
        drift_(p.drift.value_or(p.step_size.value_or(0.01) / 2)),
        noise_(p.noise.value_or(std::sqrt(2 * drift_))),
        gradient_clamp_(p.gradient_clamp),
        state_clamp_(p.state_clamp) {
    require_real(c);
    if (p.drift.has_value() != p.noise.has_value() || (p.drift && p.step_size))
      throw Error(c.subject + ": drift: must be given with noise and without step_size");
    if (!state_clamp_.empty() && (state_clamp_.size() != 2 || !(state_clamp_[0] < state_clamp_[1])))
      throw Error(c.subject + ": state_clamp: must be two numbers, the lower one first");
  }

  bool is_exact() const override { return false; }
  double temperature() const override { return noise_ * noise_ / (2 * drift_); }
  std::vector<Statistic> statistics() const override {
    return {{"step_size"}, {"diverging", Statistic::Type::boolean}, {"temperature"}};
  }

 private:
  void do_init(Chains& now) const override { schedule_.init(now); }

  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Row shrink = schedule_.next(now);
    Chains next;
    next.x.resize(now.x.rows(), now.x.cols());
    random.normal(next.x);
    next.x.array().rowwise() *= (noise_ * shrink.sqrt()).cast<Real>();
    const auto drift = (drift_ * shrink).cast<Real>().eval();
    next.x.array() += now.x.array() - clamped(now.gradient).array().rowwise() * drift;
    if (!state_clamp_.empty())
      next.x = next.x.cwiseMax(Real(state_clamp_[0])).cwiseMin(Real(state_clamp_[1]));
    model_.energy_and_gradient(next.x, next.energy, next.gradient);
    now.statistics.row(0) = 2 * drift_ * shrink;
    now.statistics.row(2).setConstant(temperature());
    for (Index c = 0; c < now.x.cols(); ++c) {
      // A chain stays where it is rather than enter a place without a finite energy.
      const bool diverging = !std::isfinite(next.energy(c));
      now.statistics(1, c) = diverging;
      if (diverging) continue;
      now.x.col(c) = next.x.col(c);
      now.energy(c) = next.energy(c);
      now.gradient.col(c) = next.gradient.col(c);
    }
  }

  Batch clamped(const Batch& gradient) const {
    if (!gradient_clamp_) return gradient;
    const Real most = Real(*gradient_clamp_);
    return gradient.cwiseMax(-most).cwiseMin(most);
  }

  const Differentiable& model_;
  StepSchedule schedule_;
  double drift_, noise_;
  std::optional<double> gradient_clamp_;
  std::vector<double> state_clamp_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Ula>("ula",
                    "unadjusted Langevin algorithm: one gradient per step, bias O(step_size)",
                    "Roberts & Tweedie 1996, Bernoulli 2(4):341-363");
}
