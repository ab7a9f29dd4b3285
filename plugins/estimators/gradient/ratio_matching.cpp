// Ratio matching (Hyvärinen 2007, equation 30): over the configurations y that differ from x in one
// coordinate,
//   J = -mean_n Σ_y g(p(x_n)/p(y))²,  g(u) = 1/(1 + u),  so g(p(x)/p(y)) = σ(E(x) - E(y)).
// For two states that is the paper's sum over flips; each pair of configurations contributes
// p(x) g² + p(y) (1 - g)², least where g is the true p(y)/(p(x) + p(y)), so that coordinates of
// more states are as well served by all their changes.
#include <cmath>
#include <gibbsite/api/local_objective.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class RatioMatching final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    void fields(Fields&) {}
  };

  RatioMatching(const Params&, const Context& c) : objective_(c) {}

  GradientEstimate estimate(const BatchView& data, Saved&, Stream) const override {
    return objective_.estimate(
        data, [](double energy, const BatchView&, const Row& energies, Row& slopes) {
          double sum = 0;
          for (Index k = 0; k < energies.size(); ++k) {
            const double g = sigmoid(energy - energies(k));
            sum -= g * g;
            slopes(k) = 2 * g * g * sigmoid(energies(k) - energy);
          }
          return sum;
        });
  }

 private:
  LocalObjective objective_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<RatioMatching>("ratio_matching",
                              "ratios of probabilities of configurations one change apart",
                              "Hyvärinen 2007, Computational Statistics & Data Analysis 51:2499");
}
