// Conditional restricted Boltzmann machine of sequences (Taylor, Hinton & Roweis 2007, NIPS 19): an
// RBM of the present frame v whose biases depend on the n frames u before it.
//   E(v, h|u) = -vᵀW h - (b + Aᵀu)ᵀv - (c + Bᵀu)ᵀh,  v ∈ {0,1}^D, h ∈ {0,1}^M, u ∈ {0,1}^{nD}
//   F(v|u) = -(b + Aᵀu)ᵀv - Σ_j ln(1 + e^{c_j + (Bᵀu)_j + (Wᵀv)_j})
// A configuration is the history u, oldest frame first, and then v. The history has no energy of
// its own: with it clamped, p(v|u) is exact. Unclamped the model is p(u, v) ∝ e^{-F(v|u)}, which
// says nothing of how likely histories are in data. Given h, u and v still interact: the model is
// not latent in the sense of block Gibbs.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class TemporalRbm final : public EnergyModel, public Conditional, public Parametric {
 public:
  struct Params {
    Index hidden = 0, order = 1;
    std::optional<Index> visible;
    double weight_scale = 0.01;
    std::string visible_bias = "data";

    void fields(Fields& f) {
      f.integer("hidden", hidden, "number M of hidden units",
                {.minimum = 1, .maximum = 1e7, .required = true});
      f.integer("order", order, "number n of frames before the present one",
                {.minimum = 1, .maximum = 1e4});
      f.integer("visible", visible, "number D of units of one frame",
                {.minimum = 1, .maximum = 1e6, .unset = "the width of the data / (order + 1)"});
      f.real("weight_scale", weight_scale, "standard deviation of the initial weights W, A and B",
             {.minimum = 0});
      f.choice("visible_bias", visible_bias, {"zero", "data"},
               "initial b: zero, or the log odds of the rates of the data's present frames (zero "
               "without data)");
    }
  };

  TemporalRbm(const Params& p, const Context& c)
      : b_(Vector::Zero(p.visible ? *p.visible : c.require_train().dim() / (p.order + 1))),
        c_(Vector::Zero(p.hidden)),
        W_(b_.size(), p.hidden),
        A_(p.order * b_.size(), b_.size()),
        B_(p.order * b_.size(), p.hidden) {
    domain_ = Domain::binary((p.order + 1) * b_.size());
    hidden_ = Domain::binary(p.hidden);
    if (!p.visible && (dim() != c.train->dim() || dim() == 0))
      throw Error(c.subject + ": order: must make frames of equal width of the data, got " +
                  std::to_string(p.order) + " for width " + std::to_string(c.train->dim()));
    Stream random = c.random;
    for (Coupling* weights : {&W_, &A_, &B_})
      *weights = Coupling::normal(weights->left(), weights->right(), p.weight_scale, random);
    theta_.add("W", {"visible", "hidden"}, W_);
    theta_.add("A", {"history", "visible"}, A_);
    theta_.add("B", {"history", "hidden"}, B_);
    theta_.add("b", {"visible"}, b_);
    theta_.add("c", {"hidden"}, c_);
    if (p.visible_bias == "data" && c.train != nullptr && c.train->dim() == dim())
      b_ = Independent::from_data(domain_, *c.train, 1).natural_parameters().tail(b_.size());
  }

  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override { return theta_.blocks(); }
  Parameters parameters() const override { return theta_.parameters(); }
  void set_parameters(const Parameters& theta) override { theta_.set(theta); }

 private:
  BatchView history(const BatchView& x) const { return x.topRows(A_.left()); }
  BatchView present(const BatchView& x) const { return x.bottomRows(b_.size()); }

  // c + Bᵀu + Wᵀv.
  Batch hidden_input(const BatchView& x) const {
    Batch eta = B_.to_right(c_, history(x));
    W_.add_to_right(present(x), eta);
    return eta;
  }

  void do_energy(const BatchView& x, Row& energy) const override {
    const Batch biases = A_.to_right(b_, history(x));
    energy = -log_partition(hidden_, hidden_input(x));
    for (Index n = 0; n < x.cols(); ++n)
      energy(n) -= biases.col(n).cast<double>().dot(present(x).col(n).cast<double>());
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    const Index site = single_site(sites, "temporal_rbm"), i = site - A_.left();
    if (i < 0) return natural_from_energies(sites, x, natural);
    const Row bias = double(b_(i)) + inner_products(A_.column(i), history(x));
    natural = (bias + W_.softplus_odds(i, present(x), hidden_input(x))).matrix().cast<Real>();
  }

  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    const Batch h = mean(hidden_, hidden_input(x));
    const auto u = x.topRows(A_.left()), v = x.bottomRows(b_.size());
    GradientSum(weights, out).products(v, h).products(u, v).products(u, h).sums(v).sums(h);
  }

  Domain domain_, hidden_;
  Vector b_, c_;
  Coupling W_, A_, B_;
  ParameterList theta_{"temporal_rbm"};
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<TemporalRbm>("temporal_rbm", "RBM of a frame given the frames before it",
                            "Taylor, Hinton & Roweis 2007, NIPS 19:1345-1352");
}
