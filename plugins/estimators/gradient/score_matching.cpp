// Score matching (Hyvärinen 2005), for real coordinates and energies that are twice differentiable:
//   J = -mean_n [|∇E(x_n)|²/2 - ΔE(x_n)],
// up to a constant half the expected squared distance of the scores -∇E and ∇ln p_data, negative;
// ln Z is not in it. It has to be that p_data ∇E vanishes at the border: data on a bounded set
// mislead it.
//   dJ/dθ = -mean_n Σ_i [∂_i E ∂_i - ∂_i²] ∂E/∂θ,
// by differences along every coordinate (api/directional.hpp): 1 + 4d gradients and 1 + 4d
// parameter gradients per observation of d coordinates. `sliced_score_matching` does with fewer.
#include <gibbsite/api/directional.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ScoreMatching final : public GradientEstimator {
 public:
  using Needs = Abilities<Differentiable, Parametric>;
  using Params = DifferenceParams;

  ScoreMatching(const Params& p, const Context& c)
      : derivatives_(p, c),
        workers_(*c.workers),
        axes_(Batch::Identity(c.model->dim(), c.model->dim())) {}

  GradientEstimate estimate(const BatchView& data, Saved&, Stream) const override {
    const double scale = 1 / double(data.cols());
    return sum_over_scores(
        data, derivatives_, workers_,
        [&](Index, const auto& x, const auto& gradient, double& objective, Parameters& ascent) {
          const Eigen::ArrayXd slope = gradient.template cast<double>().array();
          const double laplacian = derivatives_.curvatures(x, axes_).sum();
          objective -= scale * (slope.square().sum() / 2 - laplacian);
          derivatives_.add(x, axes_, -scale * slope, Eigen::ArrayXd::Constant(slope.size(), scale),
                           ascent);
        });
  }

 private:
  DirectionalDerivatives derivatives_;
  const Workers& workers_;
  Batch axes_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ScoreMatching>("score_matching", "the gradient of ln p rather than p itself",
                              "Hyvärinen 2005, Journal of Machine Learning Research 6:695-709");
}
