// Energy by a multilayer perceptron (LeCun, Chopra, Hadsell, Ranzato & Huang 2006, A Tutorial on
// Energy-Based Learning).
//   E(x) = f_θ(x) + λ|x|²/2,  f = W_L a(… a(W_1 x + b_1) …) + b_L
// On real coordinates f grows at most linearly, so every λ > 0 makes the law proper. On binary and
// spin coordinates there is no λ: log odds of one unit are differences of energies.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Mlp final : public NetworkEnergy, public Conditional, public DiscreteGradient {
 public:
  struct Params {
    std::vector<Index> hidden = {64, 64};
    std::string activation = "swish", domain = "real";
    std::optional<Index> units;
    std::optional<double> reference_precision;
    NetworkSettings network;

    void fields(Fields& f) {
      f.integers("hidden", hidden, "number of units of each hidden layer",
                 {.minimum = 1, .maximum = 1e6});
      f.choice("activation", activation, {"elu", "relu", "softplus", "swish", "tanh"},
               "function a of every hidden unit");
      f.integer("units", units, "number of coordinates",
                {.minimum = 1, .maximum = 1e7, .unset = "the width of the data"});
      f.choice("domain", domain, {"real", "binary", "spin"}, "what a coordinate is");
      f.real("reference_precision", reference_precision,
             "λ of λ|x|²/2, real coordinates only; with 0 the law is improper and only of use to "
             "chains that do not converge",
             {.minimum = 0, .unset = "1 on real coordinates"});
      network.weight_fields(f);
    }
  };

  Mlp(const Params& p, const Context& c)
      : Mlp(p, c, p.units ? *p.units : c.require_train().dim()) {}

 private:
  Mlp(const Params& p, const Context& c, Index units)
      : NetworkEnergy(p.domain == "real"     ? Domain::real(units)
                      : p.domain == "binary" ? Domain::binary(units)
                                             : Domain::spin(units),
                      Network({units}, 1, settings(p), c.random, c.subject),
                      p.domain == "real" ? p.reference_precision.value_or(1) : 0) {
    if (p.domain != "real" && p.reference_precision)
      throw Error(c.subject + ": reference_precision: must be left out where the domain is " +
                  p.domain + ", got " + number_text(*p.reference_precision));
  }

  static NetworkSettings settings(const Params& p) {
    NetworkSettings all = p.network;
    for (const Index units : p.hidden) {
      all.layers.push_back("dense " + std::to_string(units));
      all.layers.push_back(p.activation);
    }
    return all;
  }

  bool offers(std::string_view capability) const override {
    if (capability == Conditional::name || capability == DiscreteGradient::name)
      return domain().is_discrete();
    return NetworkEnergy::offers(capability);
  }

  double energy_of(const Vector& outputs, const Real*, Vector& slope) const override {
    slope(0) = 1;
    return double(outputs(0));
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural_from_energies(sites, x, natural);
  }

  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override {
    natural.resize(x.rows(), x.cols());
    do_energy_and_gradient(x, energy, natural);
    natural *= -1;
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Mlp>("mlp", "multilayer perceptron as the energy",
                    "LeCun, Chopra, Hadsell, Ranzato & Huang 2006, A Tutorial on Energy-Based "
                    "Learning");
}
