// Gaussian Boltzmann machine: a Boltzmann machine of real units, which is a normal law in its
// natural parameters (Bishop 2006, Pattern Recognition and Machine Learning, section 2.4).
//   E(x) = xᵀΛx/2 - bᵀx,  x ∈ R^d,  ln ∫ e^{-βE} = (d ln(2π/β) - ln|Λ| + β bᵀΛ⁻¹b) / 2
//   x_i | rest: precision Λ_ii, precision · mean = b_i - Σ_{j≠i} Λ_ij x_j
// Written like the binary machine, E = -xᵀWx - bᵀx with W_ii = 0, it would have no law: Λ = -2W has
// trace 0 and so an eigenvalue <= 0. Here the diagonal of Λ belongs to the model.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class GaussianBoltzmann final : public EnergyModel,
                                public Differentiable,
                                public Conditional,
                                public Parametric,
                                public Normalized,
                                public Exact {
 public:
  struct Params : PrecisionParams {
    std::optional<Index> units;
    std::vector<double> bias;

    void fields(Fields& f) {
      f.integer("units", units, "number d of coordinates",
                {.minimum = 1, .maximum = 1e5, .unset = "the length of bias, or the data's width"});
      f.reals("bias", bias, "b, d values", {.unset = "zeros"});
      PrecisionParams::fields(f);
    }
  };
  GaussianBoltzmann(const Params& p, const Context& c) {
    const Index given = Index(p.bias.size());
    const Index d = p.units ? *p.units : given > 0 ? given : c.require_train().dim();
    if (given != 0 && given != d)
      throw Error(c.subject + ": bias: must have one value per unit, got " + std::to_string(given));
    domain_ = Domain::real(d);
    Parameters theta = Parameters::Zero(d * d + d);
    theta.head(d * d) = p.matrix(d, c.subject).reshaped();
    if (given > 0) theta.tail(d) = Eigen::Map<const Eigen::VectorXd>(p.bias.data(), d);
    set_parameters(theta);
  }

  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override {
    return {{"precision", {"unit", "unit"}, {dim(), dim()}}, {"b", {"unit"}, {dim()}}};
  }
  Parameters parameters() const override {
    Parameters theta(dim() * dim() + dim());
    theta << form_.precision().reshaped().cast<double>(), b_.cast<double>();
    return theta;
  }
  void set_parameters(const Parameters& theta) override {
    if (!theta.allFinite()) throw Error("gaussian_boltzmann: precision and b must be finite");
    const auto precision = theta.head(dim() * dim()).reshaped(dim(), dim());
    if (precision.trace() <= 0)
      throw Error(
          "gaussian_boltzmann: precision: must have a diagonal > 0, as a law needs positive "
          "eigenvalues and their sum is the trace, got " +
          number_text(precision.trace()));
    form_.set(precision, "gaussian_boltzmann");
    b_ = theta.tail(dim()).cast<Real>();
  }

  std::optional<double> log_partition(double beta) const override {
    if (!(beta > 0)) return {};
    return form_.log_integral(beta) + 0.5 * beta * b_.cast<double>().dot(mean());
  }
  // E[x xᵀ]/2 = (Λ⁻¹/β + m mᵀ)/2 with m = Λ⁻¹b at every β.
  bool expected_parameter_gradient(double beta, Parameters& out) const override {
    if (!(beta > 0)) return false;
    const Eigen::VectorXd m = mean();
    out.head(dim() * dim()) += (form_.covariance() / (2 * beta)).reshaped();
    QuadraticForm::add_gradient(1, m, out.data());
    out.tail(dim()) -= m;
    return true;
  }
  void draw(Stream random, Eigen::Ref<Batch> x) const override {
    form_.draw(random, x);
    x.colwise() += mean().cast<Real>().eval();
  }

 private:
  Eigen::VectorXd mean() const { return form_.solve(b_.cast<double>()); }

  void do_energy(const BatchView& x, Row& energy) const override {
    Batch gradient(x.rows(), x.cols());
    do_energy_and_gradient(x, energy, gradient);
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    const Eigen::VectorXd b = b_.cast<double>();
    form_.multiply(x, gradient);
    for (Index n = 0; n < x.cols(); ++n) {
      const Eigen::VectorXd force = 0.5 * gradient.col(n).cast<double>() - b;
      energy(n) = x.col(n).cast<double>().dot(force);
      gradient.col(n) -= b_;
    }
  }
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural.resize(2 * Index(sites.size()), x.cols());
    const Vector zero = Vector::Zero(dim());
    for (Index n = 0; n < x.cols(); ++n) form_.natural(sites, x.col(n), zero, b_, natural.col(n));
  }
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    for (Index n = 0; n < x.cols(); ++n) {
      const Eigen::VectorXd state = x.col(n).cast<double>();
      QuadraticForm::add_gradient(weights(n), state, out.data());
      out.tail(dim()) -= weights(n) * state;
    }
  }

  Domain domain_;
  Vector b_;
  QuadraticForm form_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<GaussianBoltzmann>(
      "gaussian_boltzmann", "Boltzmann machine of real units, a normal law by precision and bias",
      "Bishop 2006, Pattern Recognition and Machine Learning, section 2.4");
}
