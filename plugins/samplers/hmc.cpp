// Hamiltonian (hybrid) Monte Carlo (Duane et al. 1987, Phys. Lett. B 195:216; Neal 2011).
//   p ~ N(0, I), H(x, p) = E(x) + |p|²/2; L leapfrog steps of size ε,
//   p ← p - (ε/2) ∇E(x),  x ← x + ε p,  p ← p - (ε/2) ∇E(x);
//   accept with probability min(1, e^{-ΔH}).
// A fixed trajectory length can resonate with the target (on N(0, 1), ε = 1 and L = 3 map x to -x
// exactly), so ε is jittered per trajectory by default.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// Diverged, in Stan's sense: the integrator has left the energy shell altogether.
constexpr double largest_energy_error = 1000;

class Hmc final : public Sampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    double step_size = 0.1;
    Index steps = 10;
    double jitter = 0.2;
    bool adapt = true;
    double target_acceptance = 0.8;

    void fields(Fields& f) {
      f.positive("step_size", step_size, "leapfrog step ε, in units of x; where warm-up starts");
      f.count("steps", steps, "leapfrog steps L per trajectory");
      f.fraction("jitter", jitter, "ε of each trajectory is drawn from ε (1 ± jitter), uniformly");
      f.flag("adapt", adapt, "adapt ε of each chain to target_acceptance in warm-up");
      f.real(
          "target_acceptance", target_acceptance,
          "acceptance rate that warm-up aims at; .651 is the best in high dimension, .8 is safer",
          {.minimum = 0.01, .maximum = 0.99});
    }
  };

  Hmc(const Params& p, const Context& c)
      : model_(c.require<Differentiable>()), params_(p), averaging_(0, p.target_acceptance) {
    if (!c.model->domain().all(Domain::Kind::real))
      throw Error(c.subject + ": needs a model on real coordinates, got " +
                  c.model->domain().text());
  }

  void adapt(Chains& now, Warmup at) const override {
    if (params_.adapt) averaging_.adapt(now.tuning, now.statistics.row(0), at);
  }

  std::vector<Statistic> statistics() const override {
    return {{"acceptance_rate"},
            {"step_size"},
            {"n_steps", Statistic::Type::integer},
            {"energy_error"},
            {"diverging", Statistic::Type::boolean}};
  }
  bool is_reversible() const override { return true; }

 private:
  void do_init(Chains& now) const override {
    now.tuning.resize(DualAveraging::rows, now.x.cols());
    averaging_.init(now.tuning, params_.step_size);
  }

  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Row step = averaging_.step_size(now.tuning) *
                     (1 + params_.jitter * (2 * random.uniform(now.x.cols()) - 1));
    Batch momentum(now.x.rows(), now.x.cols());
    random.normal(momentum);
    const Row before = now.energy + kinetic(momentum);
    Chains end;
    end.x = now.x;
    end.gradient = now.gradient;
    leapfrog(end, momentum, step);
    const Row error = end.energy + kinetic(momentum) - before;
    metropolis(now, end, -error, random);  // the momentum is drawn anew, so its flip is left out
    now.statistics.row(0) = error.isNaN().select(0.0, (-error).min(0.0).exp());
    now.statistics.row(1) = step;
    now.statistics.row(2).setConstant(double(params_.steps));
    now.statistics.row(3) = error;
    now.statistics.row(4) = (!error.isFinite() || error > largest_energy_error).cast<double>();
  }

  // All chains take L steps together; one gradient per step, as neighbouring half kicks merge.
  void leapfrog(Chains& at, Batch& momentum, const Row& step) const {
    const auto size = step.cast<Real>().eval();
    momentum.array() -= at.gradient.array().rowwise() * (size / 2);
    for (Index n = 0; n < params_.steps; ++n) {
      at.x.array() += momentum.array().rowwise() * size;
      model_.energy_and_gradient(at.x, at.energy, at.gradient);
      const Real kick = n + 1 < params_.steps ? Real(1) : Real(0.5);
      momentum.array() -= at.gradient.array().rowwise() * (kick * size);
    }
  }

  static Row kinetic(const Batch& momentum) {
    return 0.5 * momentum.cast<double>().colwise().squaredNorm().array();
  }

  const Differentiable& model_;
  Params params_;
  DualAveraging averaging_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Hmc>("hmc", "Hamiltonian Monte Carlo with leapfrog trajectories of fixed length",
                    "Neal 2011, Handbook of Markov Chain Monte Carlo, chapter 5");
}
