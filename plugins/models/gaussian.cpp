// Multivariate normal law (Bishop 2006, Pattern Recognition and Machine Learning, section 2.3).
//   E(x) = (x - mean)ᵀ Λ (x - mean) / 2,  ln ∫ e^{-βE} = (d ln(2π/β) - ln|Λ|) / 2
//   x_i | rest: precision Λ_ii, precision · mean = Λ_ii mean_i - Σ_{j≠i} Λ_ij (x_j - mean_j)
// Λ is symmetric: ∂E/∂Λ = (x - mean)(x - mean)ᵀ/2 holds both triangles, its inner product with a
// symmetric change of Λ is the change of E, and steps along it stay symmetric.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Gaussian final : public EnergyModel,
                       public Differentiable,
                       public Conditional,
                       public Parametric,
                       public Normalized,
                       public Exact {
 public:
  struct Params : PrecisionParams {
    std::optional<Index> units;
    std::vector<double> mean;

    void fields(Fields& f) {
      f.integer("units", units, "number d of coordinates",
                {.minimum = 1, .maximum = 1e5, .unset = "the length of mean, or the data's width"});
      f.reals("mean", mean, "mean of each coordinate", {.unset = "zeros"});
      PrecisionParams::fields(f);
    }
  };
  Gaussian(const Params& p, const Context& c) {
    const Index given = Index(p.mean.size());
    const Index d = p.units ? *p.units : given > 0 ? given : c.require_train().dim();
    if (given != 0 && given != d)
      throw Error(c.subject + ": mean: must have one value per unit, got " + std::to_string(given));
    domain_ = Domain::real(d);
    Parameters theta = Parameters::Zero(d + d * d);
    if (given > 0) theta.head(d) = Eigen::Map<const Eigen::VectorXd>(p.mean.data(), d);
    theta.tail(d * d) = p.matrix(d, c.subject).reshaped();
    set_parameters(theta);
  }

  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override {
    return {{"mean", {"unit"}, {dim()}}, {"precision", {"unit", "unit"}, {dim(), dim()}}};
  }
  Parameters parameters() const override {
    Parameters theta(dim() + dim() * dim());
    theta << mean_.cast<double>(), form_.precision().reshaped().cast<double>();
    return theta;
  }
  void set_parameters(const Parameters& theta) override {
    if (!theta.allFinite()) throw Error("gaussian: mean and precision must be finite");
    form_.set(theta.tail(dim() * dim()).reshaped(dim(), dim()), "gaussian");
    mean_ = theta.head(dim()).cast<Real>();
  }

  std::optional<double> log_partition(double beta) const override {
    return beta > 0 ? std::optional<double>(form_.log_integral(beta)) : std::nullopt;
  }
  bool expected_parameter_gradient(double beta, Parameters& out) const override {
    if (!(beta > 0)) return false;
    out.tail(dim() * dim()) += (form_.covariance() / (2 * beta)).reshaped();
    return true;
  }
  void draw(Stream random, Eigen::Ref<Batch> x) const override {
    form_.draw(random, x);
    x.colwise() += mean_;
  }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    Batch gradient(x.rows(), x.cols());
    do_energy_and_gradient(x, energy, gradient);
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    const Batch off = x.colwise() - mean_;
    form_.multiply(off, gradient);
    for (Index n = 0; n < x.cols(); ++n)
      energy(n) = 0.5 * off.col(n).cast<double>().dot(gradient.col(n).cast<double>());
  }
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural.resize(2 * Index(sites.size()), x.cols());
    const Vector zero = Vector::Zero(dim());
    for (Index n = 0; n < x.cols(); ++n)
      form_.natural(sites, x.col(n), mean_, zero, natural.col(n));
  }
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    const Eigen::MatrixXd precision = form_.precision().cast<double>();
    for (Index n = 0; n < x.cols(); ++n) {
      const Eigen::VectorXd off = (x.col(n) - mean_).cast<double>();
      out.head(dim()) -= weights(n) * (precision * off);
      QuadraticForm::add_gradient(weights(n), off, out.data() + dim());
    }
  }

  Domain domain_;
  Vector mean_;
  QuadraticForm form_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Gaussian>("gaussian", "multivariate normal law with mean and precision",
                         "Bishop 2006, Pattern Recognition and Machine Learning, section 2.3");
}
