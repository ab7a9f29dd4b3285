// Classification restricted Boltzmann machine (Larochelle & Bengio 2008, ICML 25).
//   E(x, y, h) = -xᵀW h - hᵀU_y - bᵀx - cᵀh - d_y,  x ∈ {0,1}^D, y ∈ {0 … K-1}, h ∈ {0,1}^M
//   F(x, y) = -bᵀx - d_y - Σ_j ln(1 + e^{η_j}),  η = c + Wᵀx + U_y,  P(h_j = 1|x, y) = σ(η_j),
//   P(x_i = 1|h) = σ(b_i + (W h)_i),  P(y|h) ∝ e^{d_y + hᵀU_y},
//   P(y|x) ∝ exp(d_y + Σ_j ln(1 + e^{η_j})), exactly
// The class y is the last coordinate, as data with `with_labels: true` have it. W is (D, M), the
// transpose of the paper's; U_y is column y of U (M, K).
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ClassificationRbm final : public EnergyModel,
                                public Conditional,
                                public DiscreteGradient,
                                public Latent,
                                public Parametric {
 public:
  struct Params {
    Index hidden = 0;
    std::optional<Index> visible, classes;
    double weight_scale = 0.01;
    std::string visible_bias = "data";

    void fields(Fields& f) {
      f.integer("hidden", hidden, "number M of hidden units",
                {.minimum = 1, .maximum = 1e7, .required = true});
      f.integer("visible", visible, "number D of visible units, the class not counted",
                {.minimum = 1, .maximum = 1e7, .unset = "the width of the data less one"});
      f.integer("classes", classes, "number K of classes",
                {.minimum = 2, .maximum = 1e5, .unset = "the largest label of the data plus one"});
      f.real("weight_scale", weight_scale, "standard deviation of the initial weights W and U",
             {.minimum = 0});
      f.choice("visible_bias", visible_bias, {"zero", "data"},
               "initial b and d: zero, or the data's log odds and log shares (zero without data)");
    }
  };

  ClassificationRbm(const Params& p, const Context& c)
      : units_(Domain::binary(p.visible ? *p.visible : c.require_train().dim() - 1)),
        hidden_(Domain::binary(p.hidden)),
        W_(units_.dim(), p.hidden),
        U_(p.hidden, p.classes ? *p.classes : classes_of(c)),
        b_(Vector::Zero(W_.left())),
        c_(Vector::Zero(p.hidden)),
        d_(Vector::Zero(U_.right())) {
    if (units_.dim() < 1)
      throw Error(c.subject + ": data: must have a class and at least one unit");
    domain_ = {{units_.parts[0], Domain::categorical(1, U_.right()).parts[0]}};
    Stream random = c.random;
    W_ = Coupling::normal(W_.left(), W_.right(), p.weight_scale, random);
    U_ = Coupling::normal(U_.left(), U_.right(), p.weight_scale, random);
    theta_.add("W", {"visible", "hidden"}, W_);
    theta_.add("U", {"hidden", "class"}, U_);
    theta_.add("b", {"visible"}, b_);
    theta_.add("c", {"hidden"}, c_);
    theta_.add("d", {"class"}, d_);
    if (p.visible_bias == "data" && c.train != nullptr && c.train->dim() == dim()) {
      const Vector rates = Independent::from_data(domain_, *c.train, 1).natural_parameters();
      b_ = rates.head(b_.size());
      d_ = rates.tail(d_.size());
    }
  }

  const Domain& domain() const override { return domain_; }
  const Domain& hidden() const override { return hidden_; }

  void visible_energy(const BatchView& v, Row& energy) const override {
    energy = -inner_products(b_, v.topRows(b_.size()));
    for (Index n = 0; n < v.cols(); ++n) energy(n) -= double(d_(Index(v(b_.size(), n))));
  }

  void gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural, const Row& weights,
                            Parameters& out) const override {
    const Batch y = category_indicators(v.bottomRows(1), d_.size()),
                h = mean(hidden_, hidden_natural);
    const auto x = v.topRows(b_.size());
    GradientSum(weights, out).products(x, h).products(h, y).sums(x).sums(h).sums(y);
  }

  void gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                             const Row& weights, Parameters& out) const override {
    const Batch x = mean(units_, visible_natural.topRows(b_.size())),
                y = category_probabilities(visible_natural.bottomRows(d_.size()), d_.size());
    GradientSum(weights, out).products(x, h).products(h, y).sums(x).sums(h).sums(y);
  }

  std::vector<ParameterBlock> blocks() const override { return theta_.blocks(); }
  Parameters parameters() const override { return theta_.parameters(); }
  void set_parameters(const Parameters& theta) override { theta_.set(theta); }

 private:
  static Index classes_of(const Context& c) {
    const std::vector<int> all = c.require_train().labels();
    if (all.empty()) throw Error(c.subject + ": classes: must be given, the data have no labels");
    return std::max(2, 1 + *std::max_element(all.begin(), all.end()));
  }

  void do_energy(const BatchView& v, Row& energy) const override {
    Batch eta;
    do_hidden_natural(v, eta);
    visible_energy(v, energy);
    energy -= log_partition(hidden_, eta);
  }

  void do_hidden_natural(const BatchView& v, Batch& natural) const override {
    natural = W_.to_right(c_, v.topRows(b_.size()));
    for (Index n = 0; n < v.cols(); ++n) natural.col(n) += U_.column(Index(v(b_.size(), n)));
  }

  void do_visible_natural(const BatchView& h, Batch& natural) const override {
    natural.resize(b_.size() + d_.size(), h.cols());
    natural << W_.to_left(b_, h), U_.to_right(d_, h);
  }

  void do_natural(std::span<const Index> sites, const BatchView& v, Batch& natural) const override {
    const Index i = single_site(sites, "classification_rbm");
    Batch eta;
    if (i < b_.size()) {
      do_hidden_natural(v, eta);
      natural = (double(b_(i)) + W_.softplus_odds(i, v, eta)).matrix().cast<Real>();
      return;
    }
    const Batch input = W_.to_right(c_, v.topRows(b_.size()));
    natural.resize(d_.size(), v.cols());
    for (Index y = 0; y < d_.size(); ++y) {
      eta = input.colwise() + U_.column(y);
      natural.row(y) = (double(d_(y)) + log_partition(hidden_, eta)).matrix().cast<Real>();
    }
  }

  void do_energy_and_local_natural(const BatchView& v, Row& energy, Batch& natural) const override {
    free_energy_and_local_natural(v, energy, natural);
  }

  void do_parameter_gradient(const BatchView& v, const Row& weights,
                             Parameters& out) const override {
    Batch eta;
    do_hidden_natural(v, eta);
    gradient_over_hidden(v, eta, weights, out);
  }

  Domain units_, hidden_, domain_;
  Coupling W_, U_;
  Vector b_, c_, d_;
  ParameterList theta_{"classification_rbm"};
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ClassificationRbm>("classification_rbm",
                                  "restricted Boltzmann machine of p(x, y) with exact p(y|x)",
                                  "Larochelle & Bengio 2008, ICML 25:536-543");
}
