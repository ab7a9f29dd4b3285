// Density by a non-negative function g of a network (LeCun, Chopra, Hadsell, Ranzato & Huang 2006,
// A Tutorial on Energy-Based Learning, takes g = exp).
//   p(x) ∝ g(f_θ(x)) e^{-λ|x|²/2},  E(x) = -ln g(f_θ(x)) + λ|x|²/2
//   g(f) = f², |f|, ln(1 + e^f) or e^f
// E = +∞ where f = 0 and g is the square or the absolute value. There the gradient has no limit; it
// is given as 0 where |f| < 1e-15, that is where -ln|f| > 34.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Link final : public NetworkEnergy {
 public:
  struct Params {
    std::string link = "softplus";
    double reference_precision = 1, output_bias = 1;
    std::vector<Index> shape;
    NetworkSettings network;

    void fields(Fields& f) {
      f.choice("link", link, {"absolute", "exp", "softplus", "square"},
               "function g that makes f non-negative: |f|, e^f, ln(1 + e^f) or f²");
      NetworkEnergy::shape_field(f, shape);
      network.layer_fields(f);
      NetworkEnergy::precision_field(f, reference_precision);
      network.weight_fields(f);
      f.real("output_bias", output_bias, "initial bias of f, which keeps it from zeros at first");
    }
  };

  Link(const Params& p, const Context& c) : Link(p, c, input_shape(p.shape, c)) {}

 private:
  Link(const Params& p, const Context& c, const Shape& shape)
      : NetworkEnergy(Domain::real(shape.size()), Network(shape, 1, p.network, c.random, c.subject),
                      p.reference_precision),
        power_(p.link == "square"     ? 2
               : p.link == "absolute" ? 1
                                      : 0),
        softplus_(p.link == "softplus") {
    Parameters theta = parameters();
    theta(theta.size() - 1) = p.output_bias;
    set_parameters(theta);
  }

  double energy_of(const Vector& outputs, const Real*, Vector& slope) const override {
    const double f = double(outputs(0));
    if (power_ > 0) {
      slope(0) = std::abs(f) < 1e-15 ? Real(0) : Real(-power_ / f);
      return -power_ * std::log(std::abs(f));
    }
    // ln(1 + e^f) = e^f (1 - e^f/2 + …): below -40 its logarithm is f to the last bit.
    if (softplus_ && f > -40) {
      const double g = softplus(f);
      slope(0) = Real(-sigmoid(f) / g);
      return -std::log(g);
    }
    slope(0) = -1;
    return -f;
  }

  double power_;  ///< of |f|, or 0
  bool softplus_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Link>("link", "non-negative function of a network as the density",
                     "LeCun, Chopra, Hadsell, Ranzato & Huang 2006, A Tutorial on Energy-Based "
                     "Learning");
}
