// Kernel Stein discrepancy between data and a model on real coordinates (Liu, Lee & Jordan 2016;
// as an objective, Barp et al. 2019), with the score s = -∇E and a kernel k(x, y):
//   KSD² = E[u(x, y)],  u = s(x)·s(y) k + s(x)·∇_y k + s(y)·∇_x k + tr ∇_x ∇_y k,
// over independent observations x, y, estimated by the mean of u over all pairs of an update. With
// k = κ(t), t = |x - y|²,
//   J = -KSD²,  u = κ s(x)·s(y) - 2κ' (s(x) - s(y))·(x - y) - 2dκ' - 4tκ'',
//   dJ/dθ = Σ_n r_n·∇_x ∂E(x_n)/∂θ,  r_n = dKSD²/ds(x_n),
// by differences (api/directional.hpp): per observation one gradient, four parameter gradients and
// the kernel with all others. A normal kernel loses sight of tails in many dimensions, where the
// inverse multiquadric does not (Gorham & Mackey 2017). The mean over pairs is unbiased but, of few
// observations, without a lower bound; an update of a single one pairs it with the one before.
#include <cmath>
#include <gibbsite/api/batch_sums.hpp>
#include <gibbsite/api/directional.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class KernelStein final : public GradientEstimator {
 public:
  using Needs = Abilities<Differentiable, Parametric>;
  struct Params {
    std::string kernel = "inverse_multiquadric";
    std::optional<double> bandwidth;
    bool v_statistic = false;
    DifferenceParams differences;

    void fields(Fields& f) {
      f.choice("kernel", kernel, {"inverse_multiquadric", "gaussian"},
               "k: (1 + |x - y|²/h²)^(-1/2) or exp(-|x - y|²/(2h²))");
      f.real("bandwidth", bandwidth, "length h over which the kernel falls off",
             {.minimum = 0,
              .above_minimum = true,
              .unset = "the median distance of at most 500 training rows"});
      f.flag("v_statistic", v_statistic,
             "count the pair of each observation with itself too: biased, but never below 0");
      differences.fields(f);
    }
  };

  KernelStein(const Params& p, const Context& c)
      : gaussian_(p.kernel == "gaussian"),
        v_statistic_(p.v_statistic),
        derivatives_(p.differences, c),
        workers_(*c.workers) {
    const double h = p.bandwidth ? *p.bandwidth : median_distance(c.require_train());
    if (!(h > 0))
      throw Error(c.subject + ": bandwidth: must be given where half of the data are equal");
    inverse_square_ = 1 / (h * h);
  }

  GradientEstimate estimate(const BatchView& batch, Saved& saved, Stream) const override {
    const Batch data = v_statistic_ ? Batch(batch) : with_partner(batch, saved);
    const Index observations = data.cols();
    if (observations < 2 && !v_statistic_)
      return {.ascent = Parameters::Zero(derivatives_.parametric().parameters().size())};
    const Eigen::MatrixXd x = data.cast<double>(), s = scores(data);
    const double partners = double(observations - (v_statistic_ ? 0 : 1));
    const double scale = 1 / (double(observations) * partners);
    const auto add = [&](Index first, Index count, double& objective, Parameters& ascent) {
      for (Index n = first; n < first + count; ++n) {
        Eigen::VectorXd r = Eigen::VectorXd::Zero(x.rows());
        for (Index m = 0; m < observations; ++m)
          if (m != n || v_statistic_) objective -= scale * pair(x, s, n, m, r);
        derivatives_.add_along(data.col(n), r.cast<Real>(), 2 * scale, ascent);
      }
    };
    return sum_over_blocks(observations, derivatives_.parametric(), workers_, add);
  }

 private:
  // u(x_n, x_m); adds its derivative by s(x_n) to r.
  double pair(const Eigen::MatrixXd& x, const Eigen::MatrixXd& s, Index n, Index m,
              Eigen::VectorXd& r) const {
    const Eigen::VectorXd apart = x.col(n) - x.col(m);
    const double t = apart.squaredNorm(), w = inverse_square_;
    const double k = gaussian_ ? std::exp(-t * w / 2) : 1 / std::sqrt(1 + t * w);
    const double first = gaussian_ ? -k * w / 2 : -k * k * k * w / 2;
    const double second = gaussian_ ? k * w * w / 4 : .75 * std::pow(k, 5) * w * w;
    r += k * s.col(m) - 2 * first * apart;
    return k * s.col(n).dot(s.col(m)) - 2 * first * (s.col(n) - s.col(m)).dot(apart) -
           2 * double(x.rows()) * first - 4 * t * second;
  }

  Eigen::MatrixXd scores(const BatchView& x) const {
    Batch gradient(x.rows(), x.cols());
    const Index width = block_width(x.cols());
    workers_.run(block_count(x.cols()), [&](Index b) {
      const Index first = b * width, count = std::min(width, x.cols() - first);
      Row energy;
      Batch part;
      derivatives_.differentiable().energy_and_gradient(x.middleCols(first, count), energy, part);
      gradient.middleCols(first, count) = part;
    });
    if (!gradient.allFinite())
      throw Diverged("the gradient of the energy at an observation is not finite");
    return -gradient.cast<double>();
  }

  static double median_distance(const Dataset& train) {
    const Index rows = std::min<Index>(train.size(), 500);
    std::vector<Index> chosen;
    for (Index k = 0; k < rows; ++k) chosen.push_back(k * train.size() / rows);
    Batch x(train.dim(), rows);
    train.columns(chosen, Stream(0), x);
    std::vector<double> all;
    for (Index n = 0; n < rows; ++n)
      for (Index m = 0; m < n; ++m) all.push_back((x.col(n) - x.col(m)).cast<double>().norm());
    if (all.empty()) return 0;
    const auto middle = all.begin() + std::ptrdiff_t(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    return *middle;
  }

  bool gaussian_, v_statistic_;
  double inverse_square_ = 0;  ///< 1/h²
  DirectionalDerivatives derivatives_;
  const Workers& workers_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<KernelStein>("kernel_stein", "kernel Stein discrepancy of data and model",
                            "Liu, Lee & Jordan 2016, ICML, PMLR 48:276-284; Barp, Briol, Duncan, "
                            "Girolami & Mackey 2019, NeurIPS");
}
