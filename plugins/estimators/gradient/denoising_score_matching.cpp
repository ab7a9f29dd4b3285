// Denoising score matching (Vincent 2011): each observation x gets noise, y = x + σz, z ~ N(0, I),
// and the score is to point back,
//   J = -mean |∇E(y) - z/σ|²/2,
// which learns the law of y, the data's blurred by N(0, σ²), from first derivatives alone:
//   dJ/dθ = -mean |r| D_{r/|r|} ∂E(y)/∂θ,  r = ∇E(y) - z/σ,
// by differences (api/directional.hpp): one gradient and four parameter gradients per draw of z.
#include <gibbsite/api/directional.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class DenoisingScoreMatching final : public GradientEstimator {
 public:
  using Needs = Abilities<Differentiable, Parametric>;
  struct Params {
    double sigma = 0.1;
    Index draws = 1;
    DifferenceParams differences;

    void fields(Fields& f) {
      f.positive("sigma", sigma, "standard deviation σ of the noise on every coordinate");
      f.count("draws", draws, "draws of the noise per observation");
      differences.fields(f);
    }
  };

  DenoisingScoreMatching(const Params& p, const Context& c)
      : sigma_(p.sigma), draws_(p.draws), derivatives_(p.differences, c), workers_(*c.workers) {}

  GradientEstimate estimate(const BatchView& data, Saved&, Stream random) const override {
    Batch noise(data.rows(), data.cols() * draws_);
    random.normal(noise);
    const Batch noisy = data.replicate(1, draws_) + Real(sigma_) * noise;
    const double scale = 1 / double(noisy.cols());
    return sum_over_scores(
        noisy, derivatives_, workers_,
        [&](Index n, const auto& y, const auto& gradient, double& objective, Parameters& ascent) {
          const Vector r = gradient - noise.col(n) / Real(sigma_);
          objective -= scale * r.template cast<double>().squaredNorm() / 2;
          derivatives_.add_along(y, r, -scale, ascent);
        });
  }

 private:
  double sigma_;
  Index draws_;
  DirectionalDerivatives derivatives_;
  const Workers& workers_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<DenoisingScoreMatching>("denoising_score_matching",
                                       "score matching to data with normal noise",
                                       "Vincent 2011, Neural Computation 23(7):1661-1674");
}
