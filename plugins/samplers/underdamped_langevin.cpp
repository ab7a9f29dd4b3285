// Underdamped (kinetic) Langevin dynamics, dx = v dt, dv = -∇E dt - γ v dt + √(2γ) dW.
// Splitting B: v ← v - (h/2)∇E, A: x ← x + (h/2) v, O: v ← e^{-γh} v + √(1 - e^{-2γh}) ξ.
//   adjust: false  BAOAB (Leimkuhler & Matthews 2013, Appl. Math. Res. eXpress 2013:34); on a
//   normal
//                  law the variance of x is exact at any stable h, elsewhere the bias is O(h²).
//   adjust: true   O, then B A A B as a proposal accepted with probability min(1, e^{-ΔH}), v
//                  turned round where it is rejected (Horowitz 1991, Phys. Lett. B 268:247): exact.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class UnderdampedLangevin final : public Sampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    double step_size = 0.1, friction = 1;
    bool adjust = false;

    void fields(Fields& f) {
      f.positive("step_size", step_size, "time step h, for unit mass");
      f.positive("friction", friction, "friction γ, in units of 1/time");
      f.flag("adjust", adjust, "accept or reject each step, which makes the law exact");
    }
  };

  UnderdampedLangevin(const Params& p, const Context& c)
      : model_(c.require<Differentiable>()), params_(p) {
    if (!c.model->domain().all(Domain::Kind::real))
      throw Error(c.subject + ": needs a model on real coordinates, got " +
                  c.model->domain().text());
  }

  bool is_exact() const override { return params_.adjust; }
  double temperature() const override { return 1; }
  std::vector<Statistic> statistics() const override {
    if (!params_.adjust) return {{"kinetic_energy"}};
    return {{"kinetic_energy"}, {"acceptance_rate"}, {"energy_error"}};
  }

 private:
  // Velocities, and a last row that is 0 until they have been drawn.
  void do_init(Chains& now) const override {
    now.aux = Batch::Zero(now.x.rows() + 1, now.x.cols());
  }

  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Index dim = now.x.rows();
    Batch noise(dim, now.x.cols());
    random.normal(noise);
    for (Index c = 0; c < now.x.cols(); ++c)
      if (now.aux(dim, c) == 0) now.aux.col(c) << noise.col(c), Real(1);
    random.normal(noise);
    if (params_.adjust)
      adjusted(now, noise, random);
    else
      unadjusted(now, noise);
    now.statistics.row(0) = kinetic(now.aux.topRows(dim));
  }

  void unadjusted(Chains& now, const Batch& noise) const {
    const Real half = Real(params_.step_size / 2);
    const Chains before = now;
    auto velocity = now.aux.topRows(now.x.rows());
    velocity -= half * now.gradient;
    now.x += half * velocity;
    rub(velocity, noise);
    now.x += half * velocity;
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
    velocity -= half * now.gradient;
    for (Index c = 0; c < now.energy.size(); ++c) {
      if (std::isfinite(now.energy(c))) continue;  // a step into nowhere is turned back
      now.x.col(c) = before.x.col(c);
      now.energy(c) = before.energy(c);
      now.gradient.col(c) = before.gradient.col(c);
      velocity.col(c) = -before.aux.col(c).head(now.x.rows());
    }
  }

  void adjusted(Chains& now, const Batch& noise, Stream& random) const {
    const Real half = Real(params_.step_size / 2);
    auto velocity = now.aux.topRows(now.x.rows());
    rub(velocity, noise);
    const Row before = now.energy + kinetic(velocity);
    Batch moved = velocity - half * now.gradient;
    Chains proposal;
    proposal.x = now.x + 2 * half * moved;
    model_.energy_and_gradient(proposal.x, proposal.energy, proposal.gradient);
    moved -= half * proposal.gradient;
    const Row error = proposal.energy + kinetic(moved) - before;
    const Row accepted = metropolis(now, proposal, -error, random);
    for (Index c = 0; c < accepted.size(); ++c) {
      if (accepted(c) == 1)
        velocity.col(c) = moved.col(c);
      else
        velocity.col(c) *= Real(-1);
    }
    now.statistics.row(1) = error.isNaN().select(0.0, (-error).min(0.0).exp());
    now.statistics.row(2) = error;
  }

  // The O step: friction and the noise that balances it.
  void rub(Eigen::Ref<Batch> velocity, const Batch& noise) const {
    const double keep = std::exp(-params_.friction * params_.step_size);
    velocity = Real(keep) * velocity + Real(std::sqrt(1 - keep * keep)) * noise;
  }
  static Row kinetic(const BatchView& velocity) {
    return 0.5 * velocity.cast<double>().colwise().squaredNorm().array();
  }

  const Differentiable& model_;
  Params params_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<UnderdampedLangevin>(
      "underdamped_langevin", "Langevin dynamics with velocities (BAOAB, or Metropolised)",
      "Leimkuhler & Matthews 2013, Appl. Math. Res. eXpress 2013:34-56");
}
