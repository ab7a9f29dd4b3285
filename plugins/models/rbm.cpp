// Restricted Boltzmann machine (Smolensky 1986; Hinton 2002, Neural Computation 14(8)).
//   E(v, h) = -vᵀW h - bᵀv - cᵀh,  v ∈ {0,1}^D, h ∈ {0,1}^M
//   F(v) = -bᵀv - Σ_j ln(1 + e^{c_j + (vᵀW)_j}),  P(h_j = 1|v) = σ(c_j + (vᵀW)_j),
//   P(v_i = 1|h) = σ(b_i + (W h)_i)
// units: spin has v and h in {-1,+1} with the same E, so ln(2 cosh x) for ln(1 + e^x) and σ(2x) for
// σ(x). centred has E(v, h) = -(v - μ)ᵀW(h - λ) - bᵀ(v - μ) - cᵀ(h - λ) with constants μ and λ
// (Montavon & Müller 2012, Neural Networks: Tricks of the Trade; Melchior, Fischer & Wiskott 2016,
// JMLR 17(99)): the same family of laws with other gradients.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Rbm final : public BilinearModel, public Conditional, public DiscreteGradient {
 public:
  struct Params : BilinearParams {
    std::string units = "binary";
    bool centred = false;
    std::vector<double> visible_offsets;
    std::optional<double> hidden_offset;

    void fields(Fields& f) {
      BilinearParams::fields(f);
      f.choice("units", units, {"binary", "spin"}, "values of all units: {0, 1} or {-1, +1}");
      f.flag("centred", centred, "whether units enter as differences from constant offsets");
      f.reals("visible_offsets", visible_offsets, "offsets μ of a centred model, D values",
              {.unset = "the data's means"});
      f.real("hidden_offset", hidden_offset, "offset λ_j of each hidden unit of a centred model",
             {.unset = "0.5 for binary units, 0 for spins"});
    }
    Domain domain(Index count) const {
      return units == "spin" ? Domain::spin(count) : Domain::binary(count);
    }
  };

  Rbm(const Params& p, const Context& c)
      : BilinearModel("rbm", p.domain(p.width(c)), p.domain(p.hidden),
                      {p.width(c), p.hidden, p.weight_scale, c.random}),
        lowest_(p.units == "spin" ? -1 : 0) {
    if (const auto law = p.visible_law(visible_, c)) pairs_.set_visible_bias(*law);
    if (p.centred) {
      const double middle = 0.5 * (1 + double(lowest_));
      const double hidden_offset = p.hidden_offset ? *p.hidden_offset : middle;
      pairs_.set_offsets(offsets(p, c), Vector::Constant(p.hidden, Real(hidden_offset)));
    } else if (p.hidden_offset || !p.visible_offsets.empty()) {
      throw Error(c.subject + ": visible_offsets and hidden_offset: need centred: true");
    }
  }

 private:
  Vector offsets(const Params& p, const Context& c) const {
    if (p.visible_offsets.empty()) {
      const Batch data = c.require_train().all(Stream(0));
      require_inside(visible_, data);
      return data.cast<double>().rowwise().mean().cast<Real>();
    }
    if (Index(p.visible_offsets.size()) != dim())
      throw Error(c.subject + ": visible_offsets: must have one value per visible unit, got " +
                  std::to_string(p.visible_offsets.size()));
    return Eigen::Map<const Eigen::VectorXd>(p.visible_offsets.data(), dim()).cast<Real>();
  }

  void do_hidden_natural(const BatchView& v, Batch& natural) const override {
    pairs_.hidden_field(v, natural);
  }

  void set_parameters_on_workers(const Parameters& theta, const Workers& workers) override {
    pairs_.set_parameters(theta, name_, workers);
  }

  bool do_gradient_on_workers(const BatchView& v, const Row& weights, const Workers& workers,
                              Parameters& out, Row* energy) const override {
    gradient_by_layers(v, weights, workers, out, energy);
    return true;
  }

  void do_energy_and_local_natural(const BatchView& v, Row& energy, Batch& natural) const override {
    free_energy_and_local_natural(v, energy, natural);
  }

  // η of v_i is (F(lowest) - F(1))/(1 - lowest), given the other v.
  void do_natural(std::span<const Index> sites, const BatchView& v, Batch& natural) const override {
    if (sites.size() != 1)
      throw Error("rbm: visible units depend on each other, ask for one at a time");
    const Index i = sites[0];
    const Real span = 1 - lowest_;
    const auto column = pairs_.weights_by_visible().col(i);
    Batch eta;
    do_hidden_natural(v, eta);
    eta.array() += (column * (lowest_ - v.row(i).array()).matrix()).array();
    const Row low = log_partition(hidden_, eta);
    eta.colwise() += span * column;
    const Row high = log_partition(hidden_, eta);
    const double slope = double(span) * double(pairs_.visible_constant()(i));
    natural = ((slope + high - low) / double(span)).matrix().cast<Real>();
  }

  Real lowest_;  ///< the lower of a unit's two values
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Rbm>("rbm", "restricted Boltzmann machine with binary or spin units",
                    "Hinton 2002, Neural Computation 14(8):1771-1800");
}
