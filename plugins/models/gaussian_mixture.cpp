// Mixture of isotropic normal laws (Bishop 2006, Pattern Recognition and Machine Learning, 9.2).
//   E(x) = -ln Σ_k w_k N(x; μ_k, σ_k² I),  so ln Z = 0 at β = 1; r_k = P(k|x):
//   ∇E = Σ_k r_k (x - μ_k)/σ_k²
// Learned are logits a (w = softmax a), means μ and log standard deviations s = ln σ, any real
// numbers: ∂E/∂a_k = w_k - r_k, ∂E/∂μ_k = -r_k (x - μ_k)/σ_k², ∂E/∂s_k = r_k (d - |x - μ_k|²/σ_k²);
// their means under the model are 0.
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class GaussianMixture final : public EnergyModel,
                              public Differentiable,
                              public Parametric,
                              public Normalized,
                              public Exact {
 public:
  struct Params {
    std::optional<Index> units;
    std::vector<double> weights, means, standard_deviations = {1};

    void fields(Fields& f) {
      f.integer("units", units, "number d of coordinates",
                {.minimum = 1, .maximum = 1e6, .unset = "means per weight, or the data's width"});
      f.reals("weights", weights, "relative weight of each of the K components; only ratios matter",
              {.minimum = 0, .above_minimum = true, .unset = "equal weights"});
      f.reals("means", means, "K · d values, the mean of each component in turn",
              {.required = true});
      f.reals("standard_deviations", standard_deviations,
              "standard deviation of each component in every direction: K values, or 1 for all",
              {.minimum = 0, .above_minimum = true});
    }
  };
  GaussianMixture(const Params& p, const Context& c) {
    const Index values = Index(p.means.size()), given = Index(p.weights.size());
    const Index d = p.units     ? *p.units
                    : given > 0 ? std::max(values / given, Index{1})
                                : c.require_train().dim();
    const Index K = given > 0 ? given : std::max(values / d, Index{1});
    const Index widths = Index(p.standard_deviations.size());
    if (K * d != values)
      throw Error(c.subject + ": means: must have one value per component and unit, got " +
                  std::to_string(values));
    if (widths != 1 && widths != K)
      throw Error(c.subject + ": standard_deviations: must have one value per component or one");
    components_ = K;
    domain_ = Domain::real(d);
    Parameters theta = Parameters::Zero(K * (d + 2));
    for (Index k = 0; k < K; ++k) {
      if (given > 0) theta(k) = std::log(p.weights[std::size_t(k)]);
      theta(K + K * d + k) = std::log(p.standard_deviations[std::size_t(widths == 1 ? 0 : k)]);
    }
    theta.segment(K, values) = Eigen::Map<const Eigen::VectorXd>(p.means.data(), values);
    set_parameters(theta);
  }

  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override {
    return {{"logits", {"component"}, {components_}},
            {"means", {"component", "unit"}, {components_, dim()}},
            {"log_standard_deviations", {"component"}, {components_}}};
  }
  Parameters parameters() const override { return theta_; }
  void set_parameters(const Parameters& theta) override {
    const Index K = components_;
    const Eigen::ArrayXd logits = theta.head(K), precisions = (-2 * theta.tail(K)).array().exp();
    if (!theta.allFinite() || !precisions.allFinite() || !(precisions.minCoeff() > 0))
      throw Error("gaussian_mixture: parameters must be finite, and so must every 1/σ²");
    const double log_scale = 0.5 * std::log(2 * std::numbers::pi);
    theta_ = theta;
    means_ = theta.segment(K, K * dim()).reshaped(dim(), K);
    precisions_ = precisions;
    weights_ = (logits - log_sum_exp(logits)).exp();
    log_factors_ =
        logits - log_sum_exp(logits) - double(dim()) * (theta.tail(K).array() + log_scale);
  }

  std::optional<double> log_partition(double beta) const override {
    return beta == 1 ? std::optional<double>(0) : std::nullopt;
  }
  bool expected_parameter_gradient(double beta, Parameters&) const override { return beta == 1; }

  void draw(Stream random, Eigen::Ref<Batch> x) const override {
    const Row u = random.uniform(x.cols());
    random.normal(x);
    for (Index n = 0; n < x.cols(); ++n) {
      Index k = 0;
      for (double below = weights_(0); u(n) >= below && k + 1 < components_;)
        below += weights_(++k);
      const double deviation = std::exp(theta_(theta_.size() - components_ + k));
      x.col(n) = (means_.col(k) + deviation * x.col(n).cast<double>()).cast<Real>();
    }
  }

 private:
  // E(x); fills the columns x - μ_k and the r_k, which hold ln(w_k N(x; μ_k, σ_k² I)) on the way.
  double inspect(const Eigen::VectorXd& x, Eigen::MatrixXd& off, Eigen::ArrayXd& share) const {
    off = (-means_).colwise() + x;
    const Eigen::ArrayXd squares = off.colwise().squaredNorm().transpose();
    share = log_factors_ - 0.5 * precisions_ * squares;
    const double log_density = log_sum_exp(share);
    share = (share - log_density).exp();
    return -log_density;
  }

  void do_energy(const BatchView& x, Row& energy) const override {
    Batch gradient(x.rows(), x.cols());
    do_energy_and_gradient(x, energy, gradient);
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    Eigen::MatrixXd off;
    Eigen::ArrayXd share;
    for (Index n = 0; n < x.cols(); ++n) {
      energy(n) = inspect(x.col(n).cast<double>(), off, share);
      gradient.col(n) = (off * (share * precisions_).matrix()).cast<Real>();
    }
  }

  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    const Index K = components_, d = dim();
    Eigen::MatrixXd off;
    Eigen::ArrayXd share;
    for (Index n = 0; n < x.cols(); ++n) {
      inspect(x.col(n).cast<double>(), off, share);
      out.head(K).array() += weights(n) * (weights_ - share);
      for (Index k = 0; k < K; ++k) {
        const double weight = weights(n) * share(k), squares = off.col(k).squaredNorm();
        out.segment(K + k * d, d) -= weight * precisions_(k) * off.col(k);
        out(K + K * d + k) += weight * (double(d) - precisions_(k) * squares);
      }
    }
  }

  Index components_ = 0;
  Domain domain_;
  Parameters theta_;
  Eigen::MatrixXd means_;                              ///< dim x components
  Eigen::ArrayXd weights_, precisions_, log_factors_;  ///< w, 1/σ², ln of w (2π σ²)^{-d/2}
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<GaussianMixture>(
      "gaussian_mixture", "mixture of isotropic normal laws",
      "Bishop 2006, Pattern Recognition and Machine Learning, section 9.2");
}
