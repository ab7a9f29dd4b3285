// Maximum pseudo-likelihood (Besag 1975), and composite likelihood of blocks B of b successive
// coordinates (Lindsay 1988; Asuncion et al. 2010):
//   J = mean_n Σ_B ln p(x_B | rest),  ln p(x_B | rest) = -E(x) - ln Σ_{y_B} e^{-E(y_B, rest)},
//   dJ/dθ = mean_n Σ_B (-∂E(x)/∂θ + Σ_{y_B} p(y_B | rest) ∂E(y_B, rest)/∂θ).
// Consistent, and with one block of all coordinates the likelihood itself. Hidden units are summed
// out in E; hidden coordinates that data leave open are taken at drawn states, as if observed.
#include <cmath>
#include <gibbsite/api/local_objective.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class PseudoLikelihood final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    Index block = 1;
    void fields(Fields& f) {
      f.count("block", block,
              "coordinates b of a block, whose states (at most 4096) are summed over; 1 is the "
              "pseudo-likelihood");
    }
  };

  PseudoLikelihood(const Params& p, const Context& c) : objective_(c, p.block) {}

  GradientEstimate estimate(const BatchView& data, Saved&, Stream) const override {
    return objective_.estimate(
        data, [](double energy, const BatchView&, const Row& energies, Row& slopes) {
          Eigen::ArrayXd log_weights(energies.size() + 1);
          log_weights << -energy, -energies.transpose();
          const double log_sum = log_sum_exp(log_weights);
          slopes = (-energies - log_sum).exp();
          return -energy - log_sum;
        });
  }

 private:
  LocalObjective objective_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<PseudoLikelihood>(
      "pseudo_likelihood", "likelihood of each coordinate, or block of them, given all others",
      "Besag 1975, The Statistician 24:179-195; Lindsay 1988, Contemporary Mathematics 80:221-239");
}
