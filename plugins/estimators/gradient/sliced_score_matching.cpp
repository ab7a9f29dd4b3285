// Sliced score matching (Song, Garg, Shi & Ermon 2019): score matching with the Laplacian of E
// taken along m random directions v with E[v vᵀ] = I,
//   J = -mean_n mean_v [(v·∇E)²/2 - vᵀ∇²E v],  with variance_reduced (SSM-VR) |∇E|²/2 in place of
// (v·∇E)²/2. Over v its mean is that of score_matching.
//   dJ/dθ = -mean_n mean_v [(v·∇E) D_v - D_v²] ∂E/∂θ,  or with |∇E| D_{∇E/|∇E|} for the first term,
// by differences (api/directional.hpp): 1 + 4m gradients and 1 + 4m parameter gradients per
// observation, 4 more of these with variance_reduced.
#include <gibbsite/api/directional.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class SlicedScoreMatching final : public GradientEstimator {
 public:
  using Needs = Abilities<Differentiable, Parametric>;
  struct Params {
    Index slices = 1;
    bool variance_reduced = true;
    std::string directions = "rademacher";
    DifferenceParams differences;

    void fields(Fields& f) {
      f.count("slices", slices, "random directions m per observation");
      f.flag("variance_reduced", variance_reduced,
             "take |∇E|² whole and only the Laplacian along the directions (SSM-VR)");
      f.choice("directions", directions, {"rademacher", "normal"},
               "the law of the entries of v: ±1 or N(0, 1)");
      differences.fields(f);
    }
  };

  SlicedScoreMatching(const Params& p, const Context& c)
      : slices_(p.slices),
        variance_reduced_(p.variance_reduced),
        normal_(p.directions == "normal"),
        derivatives_(p.differences, c),
        workers_(*c.workers) {}

  GradientEstimate estimate(const BatchView& data, Saved&, Stream random) const override {
    const double scale = 1 / double(data.cols()), share = scale / double(slices_);
    return sum_over_scores(
        data, derivatives_, workers_,
        [&](Index n, const auto& x, const auto& gradient, double& objective, Parameters& ascent) {
          Batch v = draw(x.size(), random.chains_from(n));
          const Eigen::ArrayXd along = (v.transpose() * gradient).template cast<double>().array();
          const Eigen::ArrayXd lengths =
              v.template cast<double>().colwise().norm().transpose().array();
          for (Index k = 0; k < slices_; ++k) v.col(k) /= Real(lengths(k));
          const Eigen::ArrayXd squares = lengths.square();
          objective += share * (squares * derivatives_.curvatures(x, v)).sum();
          Eigen::ArrayXd first = Eigen::ArrayXd::Zero(slices_);
          if (variance_reduced_) {
            objective -= scale * gradient.template cast<double>().squaredNorm() / 2;
            derivatives_.add_along(x, gradient, -scale, ascent);
          } else {
            objective -= share * along.square().sum() / 2;
            first = -share * along * lengths;
          }
          derivatives_.add(x, v, first, share * squares, ascent);
        });
  }

 private:
  // One direction per column, from the first chain of `random`.
  Batch draw(Index dim, Stream random) const {
    Batch v(dim, slices_);
    for (Index k = 0; k < slices_; ++k) {
      if (normal_)
        random.normal(v.col(k));
      else
        random.bernoulli(Batch::Zero(dim, 1), v.col(k));
    }
    if (!normal_) v = 2 * v.array() - 1;
    return v;
  }

  Index slices_;
  bool variance_reduced_, normal_;
  DirectionalDerivatives derivatives_;
  const Workers& workers_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<SlicedScoreMatching>("sliced_score_matching",
                                    "score matching along random directions",
                                    "Song, Garg, Shi & Ermon 2019, UAI, PMLR 115:574-584");
}
