// Boltzmann machine with units of K states, such as the grey levels of an image; x ∈ {0 … K-1}^d.
//   quadratic: E(x) = yᵀL y/2 - bᵀy with y = x/(K-1) ∈ [0, 1]: an ordinal unit, a normal law
//              confined to K points (L need not be positive definite)
//   potts:     E(x) = Σ_ij L_ij δ(x_i, x_j)/2 - bᵀy, L with zero diagonal: agreement is rewarded
//              where L_ij < 0, whatever the level
// L is symmetric and each pair counts once. Log weights of x_i = k given the rest, y_i = k/(K-1):
//   quadratic: (b_i - Σ_{j≠i} L_ij y_j) y_i - L_ii y_i²/2,  potts: b_i y_i - Σ_j L_ij δ(k, x_j)
// With K = 2 either is the Boltzmann machine of Ackley, Hinton & Sejnowski (1985).
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class DiscreteBoltzmann final : public EnergyModel,
                                public Conditional,
                                public DiscreteGradient,
                                public Pairwise,
                                public Parametric {
 public:
  struct Params {
    std::optional<Index> units;
    Index levels = 256;
    std::string interaction = "quadratic";
    double weight_scale = 0.01, diagonal = 0;

    void fields(Fields& f) {
      f.integer("units", units, "number d of units",
                {.minimum = 1, .maximum = 1e5, .unset = "the width of the data"});
      f.integer("levels", levels, "number K of states of a unit", {.minimum = 2, .maximum = 65536});
      f.choice("interaction", interaction, {"quadratic", "potts"},
               "y_i y_j for y = x/(K-1), or δ(x_i, x_j)");
      f.real("weight_scale", weight_scale,
             "standard deviation of the initial L_ij = L_ji; b starts at 0", {.minimum = 0});
      f.real("diagonal", diagonal, "initial L_ii of the quadratic interaction");
    }
  };

  DiscreteBoltzmann(const Params& p, const Context& c)
      : domain_(Domain::categorical(p.units ? *p.units : c.require_train().dim(), p.levels)),
        quadratic_(p.interaction == "quadratic"),
        scale_(double(p.levels - 1)),
        L_(dim(), dim()),
        b_(Eigen::VectorXd::Zero(dim())) {
    if (!quadratic_ && p.diagonal != 0)
      throw Error(c.subject + ": diagonal: must be 0 for the potts interaction, got " +
                  number_text(p.diagonal));
    Batch normal(dim(), dim());
    Stream random = c.random;
    random.normal(normal);
    L_ = p.weight_scale * normal.cast<double>();
    L_.triangularView<Eigen::StrictlyLower>() = L_.transpose();
    L_.diagonal().setConstant(p.diagonal);
  }

  const Domain& domain() const override { return domain_; }

  std::vector<ParameterBlock> blocks() const override {
    return {{"L", {"unit", "unit"}, {dim(), dim()}}, {"b", {"unit"}, {dim()}}};
  }

  Parameters parameters() const override {
    Parameters theta(L_.size() + b_.size());
    theta << L_.reshaped(), b_;
    return theta;
  }

  void set_parameters(const Parameters& theta) override {
    if (!theta.allFinite()) throw Error("discrete_boltzmann: L and b must be finite");
    const Eigen::Map<const Eigen::MatrixXd> L(theta.data(), dim(), dim());
    if ((L - L.transpose()).cwiseAbs().maxCoeff() > 1e-9 * L.cwiseAbs().maxCoeff())
      throw Error("discrete_boltzmann: L must be symmetric");
    if (!quadratic_ && !L.diagonal().isZero(0))
      throw Error("discrete_boltzmann: L must have a zero diagonal for the potts interaction");
    L_ = 0.5 * (L + L.transpose());
    b_ = theta.tail(dim());
  }

  // 2^27 numbers, a gigabyte, is as much of a graph as is ever written down.
  bool offers(std::string_view ability) const override {
    const double levels = double(domain_.parts[0].levels);
    return ability != Pairwise::name || std::pow(double(dim()) * levels, 2) / 2 <= 0x1p27;
  }

  PairwiseGraph graph() const override {
    const Index K = domain_.parts[0].levels;
    const Eigen::VectorXd y = Eigen::VectorXd::LinSpaced(K, 0, 1);
    const Eigen::MatrixXd products =
        quadratic_ ? Eigen::MatrixXd(y * y.transpose()) : Eigen::MatrixXd::Identity(K, K);
    PairwiseGraph graph;
    for (Index j = 0; j < dim(); ++j) {
      graph.sites.push_back(0.5 * L_(j, j) * y.array().square() - b_(j) * y.array());
      for (Index i = 0; i < j; ++i) graph.edges.push_back({i, j, L_(i, j) * products});
    }
    return graph;
  }

 private:
  double product(Real a, Real b) const {
    return quadratic_ ? double(a) * double(b) / (scale_ * scale_) : double(a == b);
  }

  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n) {
      double sum = 0;
      for (Index j = 0; j < dim(); ++j) {
        double column = 0.5 * L_(j, j) * product(x(j, n), x(j, n));
        for (Index i = 0; i < j; ++i) column += L_(i, j) * product(x(i, n), x(j, n));
        sum += column - b_(j) * double(x(j, n)) / scale_;
      }
      energy(n) = sum;
    }
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    const Index levels = domain_.parts[0].levels;
    natural.resize(Index(sites.size()) * levels, x.cols());
    Eigen::ArrayXd weights(levels);
    const Eigen::ArrayXd y = Eigen::ArrayXd::LinSpaced(levels, 0, scale_) / scale_;
    for (Index n = 0; n < x.cols(); ++n)
      for (std::size_t k = 0; k < sites.size(); ++k) {
        const Index i = sites[k];
        double field = b_(i);
        for (Index j = 0; j < dim() && quadratic_; ++j)
          if (j != i) field -= L_(j, i) * double(x(j, n)) / scale_;
        weights = field * y;
        if (quadratic_) weights -= 0.5 * L_(i, i) * y.square();
        for (Index j = 0; j < dim() && !quadratic_; ++j)
          if (j != i) weights(Index(x(j, n))) -= L_(j, i);
        natural.col(n).segment(Index(k) * levels, levels) = weights.matrix().cast<Real>();
      }
  }

  // The conditionals are linear in the other units, so that this expansion is exact.
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override {
    do_energy(x, energy);
    do_natural(all_sites(dim()), x, natural);
  }

  // Half of the product at L_ij and half at L_ji: steps along it stay symmetric.
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    for (Index n = 0; n < x.cols(); ++n) {
      for (Index j = 0; j < dim(); ++j)
        for (Index i = 0; i < dim(); ++i)
          if (quadratic_ || i != j)
            out(j * dim() + i) += 0.5 * weights(n) * product(x(i, n), x(j, n));
      out.tail(dim()) -= weights(n) * x.col(n).cast<double>() / scale_;
    }
  }

  Domain domain_;
  bool quadratic_;
  double scale_;  ///< K - 1
  Eigen::MatrixXd L_;
  Eigen::VectorXd b_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<DiscreteBoltzmann>(
      "discrete_boltzmann", "Boltzmann machine of units with K states, ordinal or categorical",
      "Ackley, Hinton & Sejnowski 1985, Cognitive Science 9:147-169");
}
