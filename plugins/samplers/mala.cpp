// Metropolis-adjusted Langevin algorithm (Roberts & Tweedie 1996, Bernoulli 2(4):341).
//   y = x - (ε/2) ∇E(x) + √ε ξ,  ξ ~ N(0, I);
//   accept with probability min(1, e^{E(x) - E(y)} q(x|y) / q(y|x)),
//   ln q(y|x) = -|y - x + (ε/2) ∇E(x)|² / (2ε) + const.
// On N(0, I) the log ratio is (ε/8)(|x|² - |y|²). In warm-up ε is moved to acceptance .574, the
// best rate in high dimension (Roberts & Rosenthal 1998, J. R. Stat. Soc. B 60:255).
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// ln q(to|from) up to a constant, in double: the two directions nearly cancel.
Row log_proposal(const Chains& from, const Chains& to, const Row& step) {
  Row out(step.size());
  for (Index c = 0; c < step.size(); ++c)
    out(c) = -(to.x.col(c).cast<double>() - from.x.col(c).cast<double>() +
               step(c) / 2 * from.gradient.col(c).cast<double>())
                  .squaredNorm() /
             (2 * step(c));
  return out;
}

class Mala final : public Sampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    double step_size = 0.1;
    bool adapt = true;
    double target_acceptance = 0.574;

    void fields(Fields& f) {
      f.positive(
          "step_size", step_size,
          "Langevin step ε, in units of x²: drift (ε/2)∇E, noise variance ε; where warm-up starts");
      f.flag("adapt", adapt, "adapt ε of each chain to target_acceptance in warm-up");
      f.real("target_acceptance", target_acceptance, "acceptance rate that warm-up aims at",
             {.minimum = 0.01, .maximum = 0.99});
    }
  };

  Mala(const Params& p, const Context& c)
      : model_(c.require<Differentiable>()),
        step_size_(p.step_size),
        adapts_(p.adapt),
        averaging_(0, p.target_acceptance) {
    if (!c.model->domain().all(Domain::Kind::real))
      throw Error(c.subject + ": needs a model on real coordinates, got " +
                  c.model->domain().text());
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

  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Row step = averaging_.step_size(now.tuning);
    Chains proposal;
    proposal.x.resize(now.x.rows(), now.x.cols());
    random.normal(proposal.x);
    proposal.x.array().rowwise() *= step.sqrt().cast<Real>();
    proposal.x.array() += now.x.array() - now.gradient.array().rowwise() * (step / 2).cast<Real>();
    model_.energy_and_gradient(proposal.x, proposal.energy, proposal.gradient);
    const Row log_ratio = now.energy - proposal.energy + log_proposal(proposal, now, step) -
                          log_proposal(now, proposal, step);
    metropolis(now, proposal, log_ratio, random);
    now.statistics.row(0) = log_ratio.isNaN().select(0.0, log_ratio.min(0.0).exp());
    now.statistics.row(1) = step;
  }

  const Differentiable& model_;
  double step_size_;
  bool adapts_;
  DualAveraging averaging_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Mala>("mala", "Metropolis-adjusted Langevin algorithm",
                     "Roberts & Tweedie 1996, Bernoulli 2(4):341-363");
}
