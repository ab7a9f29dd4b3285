// Gibbs with gradients (Grathwohl, Swersky, Hashemi, Duvenaud & Maddison 2021, ICML).
//   A coordinate i and another of its states k are drawn with probability
//   q(i, k|x) ∝ exp(d̃(x)_ik / 2),  d̃(x)_ik = η_i(x)·(T(k) - T(x_i)),
//   η the first-order natural parameters -∂E/∂T at x, and so d̃ an estimate of E(x) - E(x');
//   accept with probability min(1, e^{E(x) - E(x')} q(i, x_i|x') / q(i, k|x)).
// Spins, bits and categories go together. Where coordinates interact in pairs d̃ is exact. It costs
// one gradient per update, whatever the number of coordinates.
#include <gibbsite/api/single_changes.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class GibbsWithGradients final : public Sampler {
 public:
  using Needs = Abilities<DiscreteGradient>;
  struct Params {
    Index updates = 1;
    void fields(Fields& f) { f.count("updates", updates, "proposals per step, a gradient each"); }
  };

  GibbsWithGradients(const Params& p, const Context& c)
      : model_(c.require<DiscreteGradient>()),
        changes_(c.model->domain(), c.subject),
        updates_(p.updates) {}

  std::vector<Statistic> statistics() const override {
    return {{"acceptance_rate"}, {"hop_distance"}};
  }
  bool is_reversible() const override { return true; }

 private:
  // Chains::gradient holds η.
  void do_refresh(Chains& now) const override {
    model_.energy_and_local_natural(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Batch before = now.x;
    Row accepted = Row::Zero(now.x.cols());
    for (Index n = 0; n < updates_; ++n)
      accepted += changes_.step(
          now, [this](Chains& at) { do_refresh(at); }, [](double r) { return r / 2; }, random);
    now.statistics.row(0) = accepted / double(updates_);
    now.statistics.row(1) = hop_distance(before, now.x);
  }

  const DiscreteGradient& model_;
  SingleChanges changes_;
  Index updates_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<GibbsWithGradients>(
      "gibbs_with_gradients", "change the discrete coordinate that a gradient says is worth it",
      "Grathwohl, Swersky, Hashemi, Duvenaud & Maddison 2021, ICML (PMLR 139:3831-3841)");
}
