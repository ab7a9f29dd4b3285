// Independence sampler (Tierney 1994, Annals of Statistics 22:1701).
//   y ~ N(0, s² I);  accept with probability min(1, e^{E(x) - E(y)} q(x)/q(y)).
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Independence final : public Sampler {
 public:
  struct Params {
    double scale = 2;
    void fields(Fields& f) { f.positive("scale", scale, "standard deviation s of the proposal"); }
  };
  Independence(const Params& p, const Context& c) : model_(*c.model), scale_(p.scale) {}

 private:
  void do_refresh(Chains& now) const override { model_.energy(now.x, now.energy); }
  void do_step(Chains& now, Stream random) const override {
    Chains proposal;
    proposal.x.resize(now.x.rows(), now.x.cols());
    random.normal(proposal.x);
    proposal.x *= Real(scale_);
    model_.energy(proposal.x, proposal.energy);
    const auto squares = [](const Batch& x) {
      return Row(x.cast<double>().colwise().squaredNorm());
    };
    const Row log_ratio = now.energy - proposal.energy +
                          (squares(proposal.x) - squares(now.x)) / (2 * scale_ * scale_);
    metropolis(now, proposal, log_ratio, random);
  }

  const EnergyModel& model_;
  double scale_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Independence>("independence", "independence sampler with a normal proposal",
                             "Tierney 1994, Annals of Statistics 22:1701-1762");
}
