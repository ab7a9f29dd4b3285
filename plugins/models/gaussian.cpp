// Multivariate normal law (Bishop 2006, Pattern Recognition and Machine Learning, section 2.3).
//   E(x) = (x - mean)ᵀ Λ (x - mean) / 2,  ln ∫ e^{-βE} = (d ln(2π/β) - ln|Λ|) / 2
//   x_i | rest: precision Λ_ii, precision · mean = Λ_ii mean_i - Σ_{j≠i} Λ_ij (x_j - mean_j)
// Λ is symmetric: ∂E/∂Λ = (x - mean)(x - mean)ᵀ/2 holds both triangles, its inner product with a
// symmetric change of Λ is the change of E, and steps along it stay symmetric.
#include <Eigen/Cholesky>
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class Gaussian final : public EnergyModel,
                       public Differentiable,
                       public Conditional,
                       public Parametric,
                       public Normalized,
                       public Exact {
 public:
  struct Params {
    std::optional<Index> units;
    std::vector<double> mean;
    std::vector<double> precision = {1};

    void fields(Fields& f) {
      f.integer("units", units, "number d of coordinates",
                {.minimum = 1, .maximum = 1e5, .unset = "the length of mean, or the data's width"});
      f.reals("mean", mean, "mean of each coordinate", {.unset = "zeros"});
      f.reals("precision", precision,
              "inverse covariance Λ, positive definite: 1 value (times the "
              "identity), d values (its diagonal) or d² values (row by row)");
    }
  };
  Gaussian(const Params& p, const Context& c) {
    const Index given = Index(p.mean.size()), size = Index(p.precision.size());
    const Index d = p.units ? *p.units : given > 0 ? given : c.require_train().dim();
    if (given != 0 && given != d)
      throw Error(c.subject + ": mean: must have one value per unit, got " + std::to_string(given));
    if (size != 1 && size != d && size != d * d)
      throw Error(c.subject + ": precision: must have 1, " + std::to_string(d) + " or " +
                  std::to_string(d * d) + " values, got " + std::to_string(size));
    domain_ = Domain::real(d);
    Parameters theta = Parameters::Zero(d + d * d);
    for (Index i = 0; i < given; ++i) theta(i) = p.mean[std::size_t(i)];
    const Index step = size > d ? 1 : d + 1;  // every entry, or the diagonal alone
    for (Index k = 0; k < d * d; k += step)
      theta(d + k) = p.precision[std::size_t(size == 1 ? 0 : k / step)];
    set_parameters(theta);
  }

  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override {
    return {{"mean", {"unit"}, {dim()}}, {"precision", {"unit", "unit"}, {dim(), dim()}}};
  }
  Parameters parameters() const override {
    Parameters theta(mean_.size() + precision_.size());
    theta << mean_.cast<double>(), precision_.reshaped().cast<double>();
    return theta;
  }
  void set_parameters(const Parameters& theta) override {
    const Index d = dim();
    const Eigen::Map<const Eigen::MatrixXd> given(theta.data() + d, d, d);
    if (!theta.allFinite()) throw Error("gaussian: mean and precision must be finite");
    if ((given - given.transpose()).cwiseAbs().maxCoeff() > 1e-9 * given.cwiseAbs().maxCoeff())
      throw Error("gaussian: precision: must be symmetric");
    const Eigen::MatrixXd precision = 0.5 * (given + given.transpose());
    if (precision.llt().info() != Eigen::Success)
      throw Error("gaussian: precision: must be positive definite (it has no Cholesky factor)");
    mean_ = theta.head(d).cast<Real>();
    precision_ = precision.cast<Real>();
    factor_.compute(precision);
  }

  std::optional<double> log_partition(double beta) const override {
    if (!(beta > 0)) return {};
    return 0.5 * double(dim()) * std::log(2 * std::numbers::pi / beta) -
           factor_.matrixLLT().diagonal().array().log().sum();
  }
  bool expected_parameter_gradient(double beta, Parameters& out) const override {
    if (!(beta > 0)) return false;
    const Eigen::MatrixXd covariance = factor_.solve(Eigen::MatrixXd::Identity(dim(), dim()));
    out.tail(dim() * dim()) += ((covariance + covariance.transpose()) / (4 * beta)).reshaped();
    return true;
  }

  void draw(Stream random, Eigen::Ref<Batch> x) const override {
    random.normal(x);
    for (Index n = 0; n < x.cols(); ++n) {  // Λ = L Lᵀ: L⁻ᵀ ξ has covariance Λ⁻¹
      const Eigen::VectorXd noise = x.col(n).cast<double>();
      x.col(n) = mean_ + factor_.matrixU().solve(noise).cast<Real>();
    }
  }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    Batch gradient(x.rows(), x.cols());
    do_energy_and_gradient(x, energy, gradient);
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    const Vector zero = Vector::Zero(dim());
    Vector off;
    for (Index n = 0; n < x.cols(); ++n) {
      off = x.col(n) - mean_;
      kernels<Real>().affine(precision_.data(), dim(), dim(), zero.data(), off.data(),
                             gradient.col(n).data());
      energy(n) = 0.5 * off.cast<double>().dot(gradient.col(n).cast<double>());
    }
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural.resize(2 * Index(sites.size()), x.cols());
    Vector off;
    for (Index n = 0; n < x.cols(); ++n) {
      Index row = 0;
      for (const Index i : sites) {
        const auto column = precision_.col(i);
        off = x.col(n) - mean_;
        off(i) = -mean_(i);
        natural(row++, n) = -column.dot(off);
        natural(row++, n) = column(i);
      }
    }
  }

  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    Eigen::Map<Eigen::MatrixXd> by_precision(out.data() + dim(), dim(), dim());
    const Eigen::MatrixXd precision = precision_.cast<double>();
    for (Index n = 0; n < x.cols(); ++n) {
      const Eigen::VectorXd off = (x.col(n) - mean_).cast<double>();
      out.head(dim()) -= weights(n) * (precision * off);
      // off_i off_j first: only then do both triangles round alike.
      for (Index j = 0; j < dim(); ++j) by_precision.col(j) += 0.5 * weights(n) * (off * off(j));
    }
  }

  Domain domain_;
  Vector mean_;
  Batch precision_;
  Eigen::LLT<Eigen::MatrixXd> factor_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Gaussian>("gaussian", "multivariate normal law with mean and precision",
                         "Bishop 2006, Pattern Recognition and Machine Learning, section 2.3");
}
