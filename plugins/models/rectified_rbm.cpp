// Restricted Boltzmann machine of rectified hidden units: a truncated Gaussian graphical model (Su,
// Liao, Li, Gan & Carin 2017, AAAI) with binary visible units.
//   E(v, h) = -bᵀv + Σ_j h_j²/2 - Σ_j h_j x_j,  x = c + Wᵀv,  v ∈ {0,1}^D, h_j >= 0
//   h_j|v ~ N(x_j, 1) given h_j >= 0,  P(v_i = 1|h) = σ(b_i + (W h)_i)
//   F(v) = -bᵀv - Σ_j ln ∫_0^∞ e^{h x_j - h²/2} dh,  ∂F/∂W_ij = -v_i E[h_j|v]
// E[h_j|v] = x_j + φ(x_j)/Φ(x_j) is a smooth rectifier. The noisy rectified units of Nair & Hinton
// (2010, ICML) draw max(0, x + N(0, σ(x))), an approximation to infinitely many binary units that
// share a weight; it is no conditional of a joint energy. Here h|v is one, and draws are exact.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class RectifiedRbm final : public BilinearModel, public Conditional {
 public:
  using Params = BilinearParams;

  RectifiedRbm(const Params& p, const Context& c)
      : BilinearModel("rectified_rbm", Domain::binary(p.width(c)), Domain::rectified(p.hidden),
                      {p.width(c), p.hidden, p.weight_scale, c.random}) {
    if (const auto law = p.visible_law(visible_, c)) pairs_.set_visible_bias(*law);
  }

 private:
  // (x_j, 1) of each hidden unit.
  static void with_precision(const Batch& x, Batch& natural) {
    natural.resize(2 * x.rows(), x.cols());
    for (Index j = 0; j < x.rows(); ++j) {
      natural.row(2 * j) = x.row(j);
      natural.row(2 * j + 1).setOnes();
    }
  }

  void do_hidden_natural(const BatchView& v, Batch& natural) const override {
    Batch x;
    pairs_.hidden_field(v, x);
    with_precision(x, natural);
  }

  // P(v_i = 1 | other v) has log odds F(v_i = 0) - F(v_i = 1).
  void do_natural(std::span<const Index> sites, const BatchView& v, Batch& natural) const override {
    if (sites.size() != 1)
      throw Error("rectified_rbm: visible units depend on each other, ask for one at a time");
    const Index i = sites[0];
    const auto column = pairs_.weights_by_visible().col(i);
    Batch x, eta;
    pairs_.hidden_field(v, x);
    x -= column * v.row(i);
    with_precision(x, eta);
    const Row off = log_partition(hidden_, eta);
    x.colwise() += column;
    with_precision(x, eta);
    const double b = double(pairs_.visible_bias()(i));
    natural = (b + log_partition(hidden_, eta) - off).matrix().cast<Real>();
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<RectifiedRbm>("rectified_rbm",
                             "restricted Boltzmann machine with hidden units h >= 0",
                             "Su, Liao, Li, Gan & Carin 2017, AAAI 31:2542-2549");
}
