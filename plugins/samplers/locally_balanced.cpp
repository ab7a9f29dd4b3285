// Locally balanced proposals (Zanella 2020, J. Am. Stat. Assoc. 115:852).
//   x' differs from x in one coordinate and is drawn with probability
//   q(x'|x) = g(π(x')/π(x)) / Z_g(x),  Z_g(x) = Σ_x' g(π(x')/π(x)),  g(t) = t g(1/t);
//   accept with probability min(1, π(x') q(x|x') / (π(x) q(x'|x))) = min(1, Z_g(x) / Z_g(x')).
//   sqrt: g(t) = √t,  barker: t/(1 + t),  min: min(1, t),  max: max(1, t)
// Ratios of probabilities come from the conditional laws of all coordinates, one after the other
// (d site updates and an energy per update), or to first order from one gradient; then only the
// first form of the acceptance holds. With sqrt and the gradient it is gibbs_with_gradients.
#include <cmath>
#include <gibbsite/api/single_changes.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// ln g(e^r).
double log_sqrt(double r) { return r / 2; }
double log_barker(double r) { return -softplus(-r); }
double log_min(double r) { return std::min(0.0, r); }
double log_max(double r) { return std::max(0.0, r); }

class LocallyBalanced final : public Sampler {
 public:
  struct Params {
    std::string balancing = "sqrt", ratios = "exact";
    Index updates = 1;

    void fields(Fields& f) {
      f.choice("balancing", balancing, {"sqrt", "barker", "min", "max"},
               "balancing function g: √t, t/(1 + t), min(1, t) or max(1, t)");
      f.choice("ratios", ratios, {"exact", "gradient"},
               "π(x')/π(x) from the conditional law of every coordinate, or to first order from "
               "one gradient");
      f.count("updates", updates, "proposals per step");
    }
  };

  LocallyBalanced(const Params& p, const Context& c)
      : model_(*c.model),
        gradient_(p.ratios == "gradient" ? &c.require<DiscreteGradient>() : nullptr),
        conditional_(p.ratios == "exact" ? &c.require<Conditional>() : nullptr),
        changes_(c.model->domain(), c.subject),
        log_g_(p.balancing == "sqrt"     ? log_sqrt
               : p.balancing == "barker" ? log_barker
               : p.balancing == "min"    ? log_min
                                         : log_max),
        updates_(p.updates) {}

  std::vector<Statistic> statistics() const override {
    return {{"acceptance_rate"}, {"hop_distance"}};
  }
  bool is_reversible() const override { return true; }

 private:
  // Chains::gradient holds the natural parameters of all coordinates.
  void do_refresh(Chains& now) const override {
    if (gradient_ != nullptr) {
      gradient_->energy_and_local_natural(now.x, now.energy, now.gradient);
      return;
    }
    model_.energy(now.x, now.energy);
    now.gradient.resize(natural_rows(model_.domain()), now.x.cols());
    Index row = 0;
    Batch natural;
    for (Index i = 0; i < changes_.sites(); ++i, row += natural.rows()) {
      conditional_->natural(std::span(&i, 1), now.x, natural);
      now.gradient.middleRows(row, natural.rows()) = natural;
    }
  }

  void do_step(Chains& now, Stream random) const override {
    const Batch before = now.x;
    Row accepted = Row::Zero(now.x.cols());
    for (Index n = 0; n < updates_; ++n)
      accepted += changes_.step(
          now, [this](Chains& at) { do_refresh(at); }, log_g_, random);
    now.statistics.row(0) = accepted / double(updates_);
    now.statistics.row(1) = hop_distance(before, now.x);
  }

  const EnergyModel& model_;
  const DiscreteGradient* gradient_;
  const Conditional* conditional_;
  SingleChanges changes_;
  double (*log_g_)(double);
  Index updates_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<LocallyBalanced>("locally_balanced",
                                "change one coordinate by weights that balance two neighbours",
                                "Zanella 2020, J. Am. Stat. Assoc. 115(530):852-865");
}
