// The exact gradient of the mean log-likelihood,
//   d/dθ mean_n ln p(x_n) = -mean_n ∂E(x_n)/∂θ + E_p[∂E/∂θ],
// with the second term in closed form or summed over all states (of the hidden layer, if fewer).
// Where data leave hidden coordinates h of x = (v, h) open, the first is that of ln p(v),
// -mean_n E[∂E(v_n, h)/∂θ | v_n], summed over all h.
#include <gibbsite/api/averages.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ExactGradient final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    double max_log2_states = 26;
    void fields(Fields& f) {
      f.real("max_log2_states", max_log2_states, "refuse sums over more than 2^this states",
             {.minimum = 0, .maximum = 40});
    }
  };

  ExactGradient(const Params& p, const Context& c)
      : model_(*c.model), workers_(*c.workers), limit_{p.max_log2_states} {
    c.require<Parametric>();
    require_exact_sum(model_, limit_, WithGradient::yes, c.subject);
    require_log_sum(c);
  }

  HiddenCoordinates takes() const override { return HiddenCoordinates::none; }

  // The energy gap stays NaN: E_p[E] would take a second sum over all states.
  GradientEstimate estimate(const BatchView& data, Saved&, Stream) const override {
    GradientEstimate result;
    result.ascent = exact_sum(model_, workers_, true, limit_).expected_gradient;
    add_exact_mean_gradient(model_, data, -1, workers_, result.ascent);
    return result;
  }

 private:
  const EnergyModel& model_;
  const Workers& workers_;
  ExactLimit limit_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ExactGradient>(
      "exact", "exact gradient of the mean log-likelihood by summing over all states",
      "Ackley, Hinton & Sejnowski 1985, Cognitive Science 9(1):147-169");
}
