// Stochastic gradient Langevin dynamics (Welling & Teh 2011, ICML).
//   x' = x - (ε_t/2) ĝ(x) + √ε_t ξ,  ξ ~ N(0, I),
//   ĝ = ∇E_0(x) + (N/n) Σ_k ∇E_k(x) over n observations drawn anew, E[ĝ] = ∇E(x).
// As ε_t → 0 the noise of ĝ, of variance O(ε_t²), vanishes against that of ξ, so no step needs all
// N observations and none is rejected. At fixed ε the law is off by O(ε), the more the smaller n.
// Averages weighted by ε_t, the statistic `step_size`, converge where Σε_t = ∞ and ε_t → 0 (Teh,
// Thiéry & Vollmer 2016, JMLR 17(7)). The energy is never evaluated here.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Sgld final : public Sampler {
 public:
  using Needs = Abilities<Minibatch>;
  struct Params {
    double step_size = 0.001;
    Index batch = 100;
    StepSchedule schedule{.schedule = "decreasing"};

    void fields(Fields& f) {
      f.positive("step_size", step_size,
                 "Langevin step ε, in units of x²: drift (ε/2)ĝ, noise variance ε");
      f.count("batch", batch, "observations n per gradient, drawn with replacement");
      schedule.fields(f);
    }
  };

  Sgld(const Params& p, const Context& c)
      : model_(c.require<Minibatch>()),
        schedule_(p.schedule),
        step_size_(p.step_size),
        batch_(p.batch) {
    require_real(c);
  }

  bool is_exact() const override { return false; }
  double temperature() const override { return 1; }
  std::vector<Statistic> statistics() const override {
    return {{"step_size"}, {"diverging", Statistic::Type::boolean}};
  }

 private:
  void do_init(Chains& now) const override { schedule_.init(now); }

  void do_step(Chains& now, Stream random) const override {
    const Row step = step_size_ * schedule_.next(now);
    Batch gradient, next(now.x.rows(), now.x.cols());
    random.normal(next);
    model_.minibatch_gradient(now.x, batch_, random.split("batch"), gradient);
    next.array().rowwise() *= step.sqrt().cast<Real>();
    next.array() += now.x.array() - gradient.array().rowwise() * (step / 2).cast<Real>();
    now.statistics.row(0) = step;
    for (Index c = 0; c < now.x.cols(); ++c) {
      const bool diverging = !next.col(c).allFinite();
      now.statistics(1, c) = diverging;
      if (!diverging) now.x.col(c) = next.col(c);
    }
  }

  const Minibatch& model_;
  StepSchedule schedule_;
  double step_size_;
  Index batch_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Sgld>("sgld", "Langevin steps with gradients from some of the observations",
                     "Welling & Teh 2011, ICML, 681-688");
}
