// Fully visible Boltzmann machine (Ackley, Hinton & Sejnowski 1985, Cognitive Science 9).
//   E(x) = -xᵀW x - bᵀx,  x ∈ {0,1}^d,  W symmetric with zero diagonal, so each pair counts twice:
//   ln P(x_i = 1|rest) / P(x_i = 0|rest) = b_i + 2 Σ_{j≠i} W_ij x_j
// ∂E/∂W = -x xᵀ off the diagonal: W_ij and W_ji move together, steps along it stay symmetric.
#include <gibbsite/api/dense_sweeps.hpp>
#include <gibbsite/api/gibbs_sweeps.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class BoltzmannMachine final : public EnergyModel,
                               public Conditional,
                               public DiscreteGradient,
                               public Pairwise,
                               public GibbsSweeps,
                               public Parametric {
 public:
  struct Params {
    std::optional<Index> units;
    double weight_scale = 0.01;

    void fields(Fields& f) {
      f.integer("units", units, "number d of units",
                {.minimum = 1, .maximum = 1e5, .unset = "the width of the data"});
      f.real("weight_scale", weight_scale,
             "standard deviation of the initial weights W_ij = W_ji; b starts at 0",
             {.minimum = 0});
    }
  };

  BoltzmannMachine(const Params& p, const Context& c)
      : domain_(Domain::binary(p.units ? *p.units : c.require_train().dim())),
        W_(dim(), dim()),
        b_(Vector::Zero(dim())) {
    Stream random = c.random;
    random.normal(W_);
    W_ *= Real(p.weight_scale);
    W_.diagonal().setZero();
    W_.triangularView<Eigen::StrictlyLower>() = W_.transpose();
    sweeps_ = {2 * W_, b_};
  }

  const Domain& domain() const override { return domain_; }

  std::vector<ParameterBlock> blocks() const override {
    return {{"W", {"unit", "unit"}, {dim(), dim()}}, {"b", {"unit"}, {dim()}}};
  }

  Parameters parameters() const override {
    Parameters theta(W_.size() + b_.size());
    theta << W_.reshaped().cast<double>(), b_.cast<double>();
    return theta;
  }

  void set_parameters(const Parameters& theta) override {
    const Index d = dim();
    if (!theta.allFinite()) throw Error("boltzmann_machine: W and b must be finite");
    const Eigen::Map<const Eigen::MatrixXd> W(theta.data(), d, d);
    const double rounding = 1e-9 * W.cwiseAbs().maxCoeff();
    for (Index i = 0; i < d; ++i) {
      if (W(i, i) != 0) throw Error(entry(i, i) + " must be 0, got " + number_text(W(i, i)));
      for (Index j = 0; j < i; ++j)
        if (std::abs(W(i, j) - W(j, i)) > rounding)
          throw Error(entry(j, i) + " must equal W[" + std::to_string(i) + ", " +
                      std::to_string(j) + "] (W is symmetric), got " + number_text(W(i, j)) +
                      " and " + number_text(W(j, i)));
    }
    W_ = (0.5 * (W + W.transpose())).cast<Real>();
    b_ = theta.tail(d).cast<Real>();
    sweeps_ = {2 * W_, b_};
  }

  PairwiseGraph graph() const override {
    PairwiseGraph graph = graph_of_units(domain_, b_);
    // Weights of 0 too: what can be eliminated must not change as they are learnt.
    for (Index j = 0; j < dim(); ++j)
      for (Index i = 0; i < j; ++i)
        graph.edges.push_back({i, j, Eigen::Matrix2d{{0, 0}, {0, -2 * double(W_(i, j))}}});
    return graph;
  }

 private:
  static std::string entry(Index i, Index j) {
    return "boltzmann_machine: W[" + std::to_string(i) + ", " + std::to_string(j) + "]";
  }

  void do_energy(const BatchView& x, Row& energy) const override {
    Batch field(dim(), x.cols());  // W x + b
    kernels<Real>().affine(W_.data(), dim(), dim(), dim(), b_.data(), x.data(), x.outerStride(),
                           x.cols(), field.data(), dim());
    for (Index n = 0; n < x.cols(); ++n)
      energy(n) = -field.col(n).cast<double>().dot(x.col(n).cast<double>());
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural.resize(Index(sites.size()), x.cols());
    for (Index n = 0; n < x.cols(); ++n)
      for (Index k = 0; k < natural.rows(); ++k) {
        const Index i = sites[std::size_t(k)];
        natural(k, n) = b_(i) + 2 * W_.col(i).dot(x.col(n));  // W_ii = 0 leaves x_i itself out
      }
  }

  bool do_gibbs_sweeps(Index sweeps, Eigen::Ref<Batch> x, Stream& random) const override {
    sweeps_.draw(sweeps, x, random);
    return true;
  }

  // The conditionals are linear in the other units, so that this expansion is exact.
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override {
    do_energy(x, energy);
    do_natural(all_sites(dim()), x, natural);
  }

  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    Eigen::Map<Eigen::MatrixXd> by_W(out.data(), dim(), dim());
    const Eigen::VectorXd diagonal = by_W.diagonal();
    const Row minus = -weights;
    kernels<Real>().products(minus.data(), x.data(), x.outerStride(), dim(), x.data(),
                             x.outerStride(), dim(), x.cols(), out.data(), dim());
    for (Index n = 0; n < x.cols(); ++n) out.tail(dim()) -= weights(n) * x.col(n).cast<double>();
    by_W.diagonal() = diagonal;
  }

  Domain domain_;
  Batch W_;
  Vector b_;
  DenseSweeps sweeps_;  ///< of W and b
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<BoltzmannMachine>("boltzmann_machine", "fully visible Boltzmann machine on {0, 1}",
                                 "Ackley, Hinton & Sejnowski 1985, Cognitive Science 9:147-169");
}
