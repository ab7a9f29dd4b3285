// Factored three-way (gated) Boltzmann machine (Memisevic & Hinton 2010, Neural Computation
// 22:1473): hidden units h stand for transformations of an image x into an image y.
//   E(x, y, h) = -Σ_f (Σ_i x_i A_if) (Σ_j y_j B_jf) (Σ_k h_k C_kf) - aᵀx - bᵀy - cᵀh,  all in {0,1}
//   F(x, y) = -aᵀx - bᵀy - Σ_k ln(1 + e^{η_k}),  η = c + C ((Aᵀx) ∘ (Bᵀy))
// A configuration is x, then y. The paper's law p(y, h|x) is this model with x clamped, where aᵀx
// drops out. Given h, x and y still interact: the model is not latent in the sense of block Gibbs.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class FactoredRbm final : public EnergyModel, public Conditional, public Parametric {
 public:
  struct Params {
    Index hidden = 0, factors = 0;
    std::optional<Index> inputs, outputs;
    double weight_scale = 0.1;
    std::string visible_bias = "data";

    void fields(Fields& f) {
      f.integer("hidden", hidden, "number of hidden units h_k",
                {.minimum = 1, .maximum = 1e7, .required = true});
      f.integer("factors", factors, "number of factors f",
                {.minimum = 1, .maximum = 1e7, .required = true});
      f.integer("inputs", inputs, "number of units x_i, the first coordinates",
                {.minimum = 1, .maximum = 1e7, .unset = "half the width of the data"});
      f.integer("outputs", outputs, "number of units y_j, the last coordinates",
                {.minimum = 1, .maximum = 1e7, .unset = "the width of the data less inputs"});
      f.real(
          "weight_scale", weight_scale,
          "standard deviation of the initial weights A, B and C, whose products couple the units",
          {.minimum = 0});
      f.choice("visible_bias", visible_bias, {"zero", "data"},
               "initial a and b: zero, or the log odds of the data's rates (zero without data)");
    }
  };

  FactoredRbm(const Params& p, const Context& c)
      : a_(Vector::Zero(p.inputs ? *p.inputs : c.require_train().dim() / 2)),
        b_(Vector::Zero(p.outputs ? *p.outputs
                                  : std::max(c.require_train().dim() - a_.size(), Index{0}))),
        c_(Vector::Zero(p.hidden)),
        A_(a_.size(), p.factors),
        B_(b_.size(), p.factors),
        C_(p.hidden, p.factors) {
    if (a_.size() < 1 || b_.size() < 1)
      throw Error(c.subject + ": inputs: must leave at least one unit each to x and y, got " +
                  std::to_string(a_.size()) + " and " + std::to_string(b_.size()));
    domain_ = Domain::binary(a_.size() + b_.size());
    hidden_ = Domain::binary(p.hidden);
    Stream random = c.random;
    for (Coupling* weights : {&A_, &B_, &C_})
      *weights = Coupling::normal(weights->left(), p.factors, p.weight_scale, random);
    theta_.add("A", {"input", "factor"}, A_);
    theta_.add("B", {"output", "factor"}, B_);
    theta_.add("C", {"hidden", "factor"}, C_);
    theta_.add("a", {"input"}, a_);
    theta_.add("b", {"output"}, b_);
    theta_.add("c", {"hidden"}, c_);
    if (p.visible_bias == "data" && c.train != nullptr && c.train->dim() == dim()) {
      const Vector rates = Independent::from_data(domain_, *c.train, 1).natural_parameters();
      a_ = rates.head(a_.size());
      b_ = rates.tail(b_.size());
    }
  }

  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override { return theta_.blocks(); }
  Parameters parameters() const override { return theta_.parameters(); }
  void set_parameters(const Parameters& theta) override { theta_.set(theta); }

 private:
  // Aᵀx and Bᵀy, factors x chains.
  Batch input_factors(const BatchView& v) const {
    return A_.to_right(Vector::Zero(A_.right()), v.topRows(a_.size()));
  }
  Batch output_factors(const BatchView& v) const {
    return B_.to_right(Vector::Zero(B_.right()), v.bottomRows(b_.size()));
  }

  void do_energy(const BatchView& v, Row& energy) const override {
    const Batch products = input_factors(v).cwiseProduct(output_factors(v));
    energy = -inner_products(a_, v.topRows(a_.size())) -
             inner_products(b_, v.bottomRows(b_.size())) -
             log_partition(hidden_, C_.to_left(c_, products));
  }

  void do_natural(std::span<const Index> sites, const BatchView& v, Batch& natural) const override {
    natural_from_energies(sites, v, natural);
  }

  void do_parameter_gradient(const BatchView& v, const Row& weights,
                             Parameters& out) const override {
    const Batch x_factors = input_factors(v), y_factors = output_factors(v),
                products = x_factors.cwiseProduct(y_factors),
                h = mean(hidden_, C_.to_left(c_, products)),
                h_factors = C_.to_right(Vector::Zero(C_.right()), h);
    const auto x = v.topRows(a_.size()), y = v.bottomRows(b_.size());
    GradientSum(weights, out)
        .products(x, y_factors.cwiseProduct(h_factors))
        .products(y, x_factors.cwiseProduct(h_factors))
        .products(h, products)
        .sums(x)
        .sums(y)
        .sums(h);
  }

  Domain domain_, hidden_;
  Vector a_, b_, c_;
  Coupling A_, B_, C_;
  ParameterList theta_{"factored_rbm"};
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<FactoredRbm>("factored_rbm", "three-way RBM of image pairs and their transformation",
                            "Memisevic & Hinton 2010, Neural Computation 22(6):1473-1492");
}
