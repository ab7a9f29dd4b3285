// Subspace RBM, gates h_j of K units s_jk (Tomczak & Gonczarek 2017, Neural Processing Letters 45).
//   E(x, h, s) = -Σ_ijk W_ijk x_i h_j s_jk - bᵀx - cᵀh - Σ_jk h_j D_jk s_jk,  all units in {0,1}
//   a_jk = D_jk + Σ_i W_ijk x_i
//   F(x) = -bᵀx - Σ_j ln(2^K + e^{c_j} Π_k (1 + e^{a_jk}))
//   P(h_j = 1|x) = σ(c_j - K ln 2 + Σ_k ln(1 + e^{a_jk})),  P(s_jk = 1|x, h_j) = σ(h_j a_jk),
//   P(x_i = 1|h, s) = σ(b_i + Σ_jk W_ijk h_j s_jk)
// The units of a group j depend on each other given x, the groups do not. So a group is one hidden
// unit of 2^{K+1} states, state 2^K h_j + Σ_k 2^k s_jk (k from 0), and the model is bipartite.
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class SubspaceRbm final : public EnergyModel, public Conditional, public Latent, public Parametric {
 public:
  struct Params {
    Index gates = 0, subspace = 2;
    std::optional<Index> visible;
    double weight_scale = 0.01;
    std::string visible_bias = "data";

    void fields(Fields& f) {
      f.integer("gates", gates, "number M of gate units h_j",
                {.minimum = 1, .maximum = 1e6, .required = true});
      f.integer("subspace", subspace, "number K of subspace units s_jk per gate, at a cost of 2^K",
                {.minimum = 1, .maximum = 10});
      f.integer("visible", visible, "number D of visible units",
                {.minimum = 1, .maximum = 1e7, .unset = "the width of the data"});
      f.real("weight_scale", weight_scale, "standard deviation of the weights W", {.minimum = 0});
      f.choice("visible_bias", visible_bias, {"zero", "data"},
               "initial b: zero, or the log odds of the data's rates (zero without data)");
    }
  };

  SubspaceRbm(const Params& p, const Context& c)
      : visible_(Domain::binary(p.visible ? *p.visible : c.require_train().dim())),
        hidden_(Domain::categorical(p.gates, Index{2} << p.subspace)),
        W_(dim(), p.gates * p.subspace),
        b_(Vector::Zero(dim())),
        c_(Vector::Zero(p.gates)),
        D_(Vector::Zero(W_.right())) {
    Stream random = c.random;
    W_ = Coupling::normal(W_.left(), W_.right(), p.weight_scale, random);
    theta_.add("W", {"visible", "gate", "subspace"}, W_, {dim(), p.gates, p.subspace});
    theta_.add("b", {"visible"}, b_);
    theta_.add("c", {"gate"}, c_);
    theta_.add("D", {"gate", "subspace"}, D_, {p.gates, p.subspace});
    if (p.visible_bias == "data" && c.train != nullptr && c.train->dim() == dim())
      b_ = Independent::from_data(visible_, *c.train, 1).natural_parameters();
  }

  const Domain& domain() const override { return visible_; }
  const Domain& hidden() const override { return hidden_; }

  void visible_energy(const BatchView& x, Row& energy) const override {
    energy = -inner_products(b_, x);
  }

  void gradient_over_hidden(const BatchView& x, const BatchView& hidden_natural, const Row& weights,
                            Parameters& out) const override {
    const auto [gates, units] = open_gates(category_probabilities(hidden_natural, 2 * half()));
    GradientSum(weights, out).products(x, units).sums(x).sums(gates).sums(units);
  }

  void gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                             const Row& weights, Parameters& out) const override {
    const auto [gates, units] = open_gates(category_indicators(h, 2 * half()));
    const Batch x = mean(visible_, visible_natural);
    GradientSum(weights, out).products(x, units).sums(x).sums(gates).sums(units);
  }

  std::vector<ParameterBlock> blocks() const override { return theta_.blocks(); }
  Parameters parameters() const override { return theta_.parameters(); }
  void set_parameters(const Parameters& theta) override { theta_.set(theta); }

 private:
  // 2^K, the number of states of a group with the gate open.
  Index half() const { return hidden_.parts[0].levels / 2; }

  // Means of h_j and of h_j s_jk, from the probabilities of the groups' states.
  std::pair<Batch, Batch> open_gates(const Batch& probability) const {
    const Index M = c_.size(), K = D_.size() / M, chains = probability.cols();
    Batch gates = Batch::Zero(M, chains), units = Batch::Zero(M * K, chains);
    for (Index n = 0; n < chains; ++n)
      for (Index j = 0; j < M; ++j)
        for (Index s = 0; s < half(); ++s) {
          const Real share = probability(half() * (2 * j + 1) + s, n);
          gates(j, n) += share;
          for (Index k = 0; k < K; ++k) units(j * K + k, n) += Real(s >> k & 1) * share;
        }
    return {std::move(gates), std::move(units)};
  }

  void do_energy(const BatchView& x, Row& energy) const override {
    const Index M = c_.size(), K = D_.size() / M;
    const double closed = double(K) * std::numbers::ln2;
    const Batch a = W_.to_right(D_, x);
    visible_energy(x, energy);
    for (Index n = 0; n < x.cols(); ++n)
      for (Index j = 0; j < M; ++j) {
        double open = double(c_(j));
        for (Index k = 0; k < K; ++k) open += softplus(double(a(j * K + k, n)));
        energy(n) -= closed + softplus(open - closed);
      }
  }

  void do_hidden_natural(const BatchView& x, Batch& natural) const override {
    const Index K = D_.size() / c_.size();
    const Batch a = W_.to_right(D_, x);
    natural = Batch::Zero(natural_rows(hidden_), x.cols());
    for (Index n = 0; n < x.cols(); ++n)
      for (Index j = 0; j < c_.size(); ++j) {
        Real* const open = natural.col(n).data() + half() * (2 * j + 1);
        open[0] = c_(j);
        for (Index k = 0; k < K; ++k)
          for (Index s = 0; s < Index{1} << k; ++s)
            open[(Index{1} << k) + s] = open[s] + a(j * K + k, n);
      }
  }

  void do_visible_natural(const BatchView& h, Batch& natural) const override {
    natural = W_.to_left(b_, open_gates(category_indicators(h, 2 * half())).second);
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural_from_energies(sites, x, natural);
  }

  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    Batch eta;
    do_hidden_natural(x, eta);
    gradient_over_hidden(x, eta, weights, out);
  }

  Domain visible_, hidden_;
  Coupling W_;  ///< (visible, gate · K + subspace)
  Vector b_, c_, D_;
  ParameterList theta_{"subspace_rbm"};
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<SubspaceRbm>("subspace_rbm", "RBM whose hidden units are gates of subspaces",
                            "Tomczak & Gonczarek 2017, Neural Processing Letters 45:173-182");
}
