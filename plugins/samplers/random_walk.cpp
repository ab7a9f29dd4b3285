// Random-walk Metropolis (Metropolis et al. 1953, J. Chem. Phys. 21:1087).
//   y = x + ε ξ,  ξ ~ N(0, I);  accept with probability min(1, e^{E(x) - E(y)}).
// In warm-up ε is moved to acceptance .234, the best rate in high dimension for chains of
// independent coordinates (Roberts, Gelman & Gilks 1997, Ann. Appl. Probab. 7:110).
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class RandomWalk final : public Sampler {
 public:
  struct Params {
    std::optional<double> step_size;
    bool adapt = true;
    double target_acceptance = 0.234;

    void fields(Fields& f) {
      f.real("step_size", step_size,
             "standard deviation ε of the proposal in each coordinate, where warm-up starts",
             {.minimum = 0, .above_minimum = true, .unset = "2.38/√dim, the best one for N(0, I)"});
      f.flag("adapt", adapt, "adapt ε of each chain to target_acceptance in warm-up");
      f.real("target_acceptance", target_acceptance, "acceptance rate that warm-up aims at",
             {.minimum = 0.01, .maximum = 0.99});
    }
  };

  RandomWalk(const Params& p, const Context& c)
      : model_(*c.model),
        step_size_(p.step_size.value_or(2.38 / std::sqrt(double(c.model->dim())))),
        adapts_(p.adapt),
        averaging_(0, p.target_acceptance) {
    if (!model_.domain().all(Domain::Kind::real))
      throw Error(c.subject + ": needs a model on real coordinates, got " + model_.domain().text());
  }

  void adapt(Chains& now, Warmup at) const override {
    if (adapts_) averaging_.adapt(now.tuning, now.statistics.row(0), at);
  }

  std::vector<Statistic> statistics() const override {
    return {{"acceptance_rate"}, {"step_size"}};
  }
  bool is_reversible() const override { return true; }

 private:
  void do_init(Chains& now) const override {
    now.tuning.resize(DualAveraging::rows, now.x.cols());
    averaging_.init(now.tuning, step_size_);
  }

  void do_refresh(Chains& now) const override { model_.energy(now.x, now.energy); }

  void do_step(Chains& now, Stream random) const override {
    const Row step = averaging_.step_size(now.tuning);
    Chains proposal;
    proposal.x.resize(now.x.rows(), now.x.cols());
    random.normal(proposal.x);
    proposal.x.array().rowwise() *= step.cast<Real>();
    proposal.x += now.x;
    model_.energy(proposal.x, proposal.energy);
    const Row log_ratio = now.energy - proposal.energy;
    metropolis(now, proposal, log_ratio, random);
    now.statistics.row(0) = log_ratio.isNaN().select(0.0, log_ratio.min(0.0).exp());
    now.statistics.row(1) = step;
  }

  const EnergyModel& model_;
  double step_size_;
  bool adapts_;
  DualAveraging averaging_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<RandomWalk>("random_walk", "Metropolis with Gaussian steps; needs the energy alone",
                           "Metropolis et al. 1953, J. Chem. Phys. 21:1087-1092");
}
