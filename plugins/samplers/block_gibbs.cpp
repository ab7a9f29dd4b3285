// Block Gibbs sampling of a bipartite model (Geman & Geman 1984; Hinton 2002).
//   h ~ P(h|v) = Π_j P(h_j|v),  v' ~ P(v|h) = Π_i P(v_i|h);  K(v, v') = Σ_h P(h|v) P(v'|h)
// Reversible on v, as P(v) K(v, v') = Σ_h P(h) P(v|h) P(v'|h); one step updates every unit once.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class BlockGibbs final : public Sampler {
 public:
  using Needs = Abilities<Latent>;
  struct Params {
    Index sweeps = 1;
    void fields(Fields& f) { f.count("sweeps", sweeps, "passes over both layers per step"); }
  };

  BlockGibbs(const Params& p, const Context& c)
      : sweeps_(p.sweeps), model_(*c.model), latent_(c.require<Latent>()) {}
  bool is_reversible() const override { return true; }

 private:
  void do_step(Chains& now, Stream random) const override {
    Batch natural, h(latent_.hidden().dim(), now.x.cols());
    for (Index sweep = 0; sweep < sweeps_; ++sweep) {
      latent_.hidden_natural(now.x, natural);
      sample(latent_.hidden(), natural, random, h);
      latent_.visible_natural(h, natural);
      sample(model_.domain(), natural, random, now.x);
    }
  }

  Index sweeps_;
  const EnergyModel& model_;
  const Latent& latent_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<BlockGibbs>("block_gibbs", "alternate Gibbs updates of hidden and visible units",
                           "Geman & Geman 1984, IEEE PAMI 6:721-741");
}
