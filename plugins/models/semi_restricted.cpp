// Semi-restricted Boltzmann machine (Osindero & Hinton 2007, NIPS 20): an RBM whose visible units
// interact.
//   E(v, h) = -vᵀL v - vᵀW h - bᵀv - cᵀh,  v ∈ {0,1}^D, h ∈ {0,1}^M,
//   L symmetric with zero diagonal, so each pair counts twice, as in boltzmann_machine
//   F(v) = -vᵀL v - bᵀv - Σ_j ln(1 + e^{c_j + (vᵀW)_j})
// ∂E/∂L = -v vᵀ off the diagonal. Given h the visible units still depend on each other, so the
// model is not latent in the sense of block Gibbs: it is sampled unit by unit.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class SemiRestricted final : public EnergyModel,
                             public Conditional,
                             public DiscreteGradient,
                             public Parametric {
 public:
  struct Params {
    Index hidden = 0;
    std::optional<Index> visible;
    double weight_scale = 0.01, lateral_scale = 0.01;
    std::string visible_bias = "data";

    void fields(Fields& f) {
      f.integer("hidden", hidden, "number M of hidden units",
                {.minimum = 1, .maximum = 1e7, .required = true});
      f.integer("visible", visible, "number D of visible units",
                {.minimum = 1, .maximum = 1e5, .unset = "the width of the data"});
      f.real("weight_scale", weight_scale, "standard deviation of the initial weights W",
             {.minimum = 0});
      f.real("lateral_scale", lateral_scale,
             "standard deviation of the initial weights L_ij = L_ji between visible units",
             {.minimum = 0});
      f.choice("visible_bias", visible_bias, {"zero", "data"},
               "initial b: zero, or the log odds of the data's rates (zero without data)");
    }
  };

  SemiRestricted(const Params& p, const Context& c)
      : visible_(Domain::binary(p.visible ? *p.visible : c.require_train().dim())),
        hidden_(Domain::binary(p.hidden)),
        L_(dim(), dim()),
        W_(dim(), p.hidden),
        b_(Vector::Zero(dim())),
        c_(Vector::Zero(p.hidden)) {
    Stream random = c.random;
    W_ = Coupling::normal(dim(), p.hidden, p.weight_scale, random);
    Eigen::MatrixXd L =
        Coupling::normal(dim(), dim(), p.lateral_scale, random).weights().reshaped(dim(), dim());
    L.diagonal().setZero();
    L.triangularView<Eigen::StrictlyLower>() = L.transpose();
    L_.set_weights(L.reshaped());
    theta_.add("L", {"visible", "visible"}, L_);
    theta_.add("W", {"visible", "hidden"}, W_);
    theta_.add("b", {"visible"}, b_);
    theta_.add("c", {"hidden"}, c_);
    if (p.visible_bias == "data" && c.train != nullptr && c.train->dim() == dim())
      b_ = Independent::from_data(visible_, *c.train, 1).natural_parameters();
  }

  const Domain& domain() const override { return visible_; }

  std::vector<ParameterBlock> blocks() const override { return theta_.blocks(); }
  Parameters parameters() const override { return theta_.parameters(); }
  void set_parameters(const Parameters& theta) override {
    require_symmetric("semi_restricted: L", theta.head(L_.size()));
    Parameters symmetric = theta;
    Eigen::Map<Eigen::MatrixXd> L(symmetric.data(), dim(), dim());
    L = (0.5 * (L + L.transpose())).eval();
    theta_.set(symmetric);
  }

 private:
  void do_energy(const BatchView& v, Row& energy) const override {
    const Batch field = L_.to_right(b_, v);
    energy = -log_partition(hidden_, W_.to_right(c_, v));
    for (Index n = 0; n < v.cols(); ++n)
      energy(n) -= field.col(n).cast<double>().dot(v.col(n).cast<double>());
  }

  // Log odds b_i + 2 (L v)_i, L_ii = 0, and what the hidden units add.
  void do_natural(std::span<const Index> sites, const BatchView& v, Batch& natural) const override {
    const Index i = single_site(sites, "semi_restricted");
    const Row lateral = inner_products(L_.row(i), v);
    natural = (double(b_(i)) + 2 * lateral + W_.softplus_odds(i, v, W_.to_right(c_, v)))
                  .matrix()
                  .cast<Real>();
  }

  // b + 2 L v + W E[h | v].
  void do_energy_and_local_natural(const BatchView& v, Row& energy, Batch& natural) const override {
    do_energy(v, energy);
    natural = W_.to_left(b_, mean(hidden_, W_.to_right(c_, v)));
    natural += 2 * L_.to_right(Vector::Zero(dim()), v);
  }

  void do_parameter_gradient(const BatchView& v, const Row& weights,
                             Parameters& out) const override {
    Eigen::Map<Eigen::MatrixXd> by_L(out.data(), dim(), dim());
    const Eigen::VectorXd diagonal = by_L.diagonal();
    const Batch h = mean(hidden_, W_.to_right(c_, v));
    GradientSum(weights, out).products(v, v).products(v, h).sums(v).sums(h);
    by_L.diagonal() = diagonal;
  }

  Domain visible_, hidden_;
  Coupling L_, W_;
  Vector b_, c_;
  ParameterList theta_{"semi_restricted"};
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<SemiRestricted>("semi_restricted", "RBM with weights between visible units as well",
                               "Osindero & Hinton 2007, NIPS 20:1121-1128");
}
