// Unadjusted Langevin algorithm (Parisi 1981, Nucl. Phys. B 180:378; Roberts & Tweedie 1996).
//   x' = x - (ε/2) ∇E(x) + √ε ξ,  ξ ~ N(0, I)
// The drift has ε/2 and the noise variance ε: then ε → 0 gives p at temperature 1. At fixed ε the
// stationary law is off by O(ε): on N(0, 1) its variance is 1 / (1 - ε/4). See mala for the
// exact kernel.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Ula final : public Sampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    double step_size = 0.01;
    void fields(Fields& f) {
      f.positive("step_size", step_size,
                 "Langevin step ε, in units of x²: drift (ε/2)∇E, noise variance ε");
    }
  };

  Ula(const Params& p, const Context& c)
      : model_(c.require<Differentiable>()), step_size_(p.step_size) {
    if (!c.model->domain().all(Domain::Kind::real))
      throw Error(c.subject + ": needs a model on real coordinates, got " +
                  c.model->domain().text());
  }

  bool is_exact() const override { return false; }
  std::vector<Statistic> statistics() const override {
    return {{"step_size"}, {"diverging", Statistic::Type::boolean}};
  }

 private:
  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    Chains next;
    next.x.resize(now.x.rows(), now.x.cols());
    random.normal(next.x);
    next.x = now.x - Real(step_size_ / 2) * now.gradient + Real(std::sqrt(step_size_)) * next.x;
    model_.energy_and_gradient(next.x, next.energy, next.gradient);
    now.statistics.row(0).setConstant(step_size_);
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

  const Differentiable& model_;
  double step_size_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Ula>("ula",
                    "unadjusted Langevin algorithm: one gradient per step, bias O(step_size)",
                    "Roberts & Tweedie 1996, Bernoulli 2(4):341-363");
}
