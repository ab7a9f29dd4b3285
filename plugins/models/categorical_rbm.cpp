// Restricted Boltzmann machine of softmax visible units (Salakhutdinov, Mnih & Hinton 2007, ICML).
//   E(v, h) = -Σ_i (b_{i,v_i} + Σ_j W_{i,v_i,j} h_j) - cᵀh,  v ∈ {0 … K-1}^D, h ∈ {0,1}^M
//   P(h_j = 1|v) = σ(c_j + Σ_i W_{i,v_i,j}),  P(v_i = k|h) ∝ exp(b_ik + Σ_j W_ikj h_j)
// that is, a binary one on the D K indicators of v_i = k, of which one per unit is 1. Adding a
// number to all levels of b_i, or of W_i.j (and taking it from c_j), does not change the law.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class CategoricalRbm final : public BilinearModel, public Conditional, public DiscreteGradient {
 public:
  struct Params : BilinearParams {
    Index levels = 0;

    void fields(Fields& f) {
      f.integer("levels", levels, "number K of values of a visible unit",
                {.minimum = 2, .maximum = 1e5, .required = true});
      BilinearParams::fields(f);
    }
  };

  CategoricalRbm(const Params& p, const Context& c)
      : BilinearModel("categorical_rbm", Domain::categorical(p.width(c), p.levels),
                      Domain::binary(p.hidden),
                      {p.width(c) * p.levels, p.hidden, p.weight_scale, c.random}),
        levels_(p.levels) {
    if (const auto law = p.visible_law(visible_, c)) pairs_.set_visible_bias(*law);
  }

  std::vector<ParameterBlock> blocks() const override {
    const Index D = dim(), K = levels_, M = hidden_.dim();
    return {{"W", {"visible", "level", "hidden"}, {D, K, M}},
            {"b", {"visible", "level"}, {D, K}},
            {"c", {"hidden"}, {M}}};
  }
  void visible_energy(const BatchView& v, Row& energy) const override {
    pairs_.visible_energy(indicators(v), energy);
  }
  void gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural, const Row& weights,
                            Parameters& out) const override {
    BilinearModel::gradient_over_hidden(indicators(v), hidden_natural, weights, out);
  }
  void gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                             const Row& weights, Parameters& out) const override {
    Batch rates(visible_natural.rows(), h.cols());
    for (Index n = 0; n < h.cols(); ++n)
      for (Index row = 0; row < rates.rows(); row += levels_) {
        const Eigen::ArrayXd eta =
            visible_natural.col(n).segment(row, levels_).cast<double>().array();
        rates.col(n).segment(row, levels_) = (eta - log_sum_exp(eta)).exp().cast<Real>();
      }
    pairs_.accumulate(rates, h, weights, out);
  }

 private:
  void do_energy_and_local_natural(const BatchView& v, Row& energy, Batch& natural) const override {
    free_energy_and_local_natural(v, energy, natural);
  }

  // Whether v_i = k, in row i K + k.
  Batch indicators(const BatchView& v) const {
    Batch out = Batch::Zero(dim() * levels_, v.cols());
    for (Index n = 0; n < v.cols(); ++n)
      for (Index i = 0; i < dim(); ++i) out(i * levels_ + Index(v(i, n)), n) = 1;
    return out;
  }

  void do_hidden_natural(const BatchView& v, Batch& natural) const override {
    pairs_.hidden_field(indicators(v), natural);
  }

  // P(v_i = k | other v) ∝ e^{-F(v_i = k)}.
  void do_natural(std::span<const Index> sites, const BatchView& v, Batch& natural) const override {
    if (sites.size() != 1)
      throw Error("categorical_rbm: visible units depend on each other, ask for one at a time");
    const Index first = sites[0] * levels_;
    Batch others = indicators(v), without, eta;
    others.middleRows(first, levels_).setZero();
    pairs_.hidden_field(others, without);
    natural.resize(levels_, v.cols());
    for (Index k = 0; k < levels_; ++k) {
      eta = without.colwise() + pairs_.weights_by_visible().col(first + k);
      const double b = double(pairs_.visible_bias()(first + k));
      natural.row(k) = (b + log_partition(hidden_, eta)).matrix().cast<Real>();
    }
  }

  Index levels_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<CategoricalRbm>("categorical_rbm",
                               "restricted Boltzmann machine with softmax visible units",
                               "Salakhutdinov, Mnih & Hinton 2007, ICML 24:791-798");
}
