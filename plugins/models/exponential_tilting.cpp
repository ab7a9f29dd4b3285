// Exponential tilting of a reference law q by a network (Xie, Lu, Zhu & Wu 2016, A Theory of
// Generative ConvNet, ICML).
//   p(x) = e^{f_θ(x)} q(x) / Z,  E(x) = -f_θ(x) - ln q(x),  so Z = E_q[e^{f(x)}]
//   q uniform on [lower, upper]^d (E = +∞ outside), or N(0, s² I) with its factor (2π s²)^{-d/2}
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class ExponentialTilting final : public NetworkEnergy {
 public:
  struct Params {
    std::string reference = "normal";
    double standard_deviation = 1, lower = -1, upper = 1;
    std::vector<Index> shape;
    NetworkSettings network;

    void fields(Fields& f) {
      f.choice("reference", reference, {"normal", "uniform"}, "law q that e^f is a density by");
      f.positive("standard_deviation", standard_deviation, "s of the normal reference");
      f.real("lower", lower, "least value of a coordinate under the uniform reference");
      f.real("upper", upper, "largest value of a coordinate under the uniform reference");
      NetworkEnergy::shape_field(f, shape);
      network.layer_fields(f);
      network.weight_fields(f);
    }
  };

  ExponentialTilting(const Params& p, const Context& c)
      : ExponentialTilting(p, c, input_shape(p.shape, c)) {}

 private:
  ExponentialTilting(const Params& p, const Context& c, const Shape& shape)
      : NetworkEnergy(Domain::real(shape.size()), Network(shape, 1, p.network, c.random, c.subject),
                      p.reference == "normal" ? std::pow(p.standard_deviation, -2) : 0),
        uniform_(p.reference == "uniform"),
        lower_(Real(p.lower)),
        upper_(Real(p.upper)) {
    if (!(lower_ < upper_))
      throw Error(c.subject + ": upper: must be > lower, " + number_text(p.lower) + ", got " +
                  number_text(p.upper));
    const double width = uniform_ ? double(upper_) - double(lower_)
                                  : std::sqrt(2 * std::numbers::pi) * p.standard_deviation;
    log_normaliser_ = double(shape.size()) * std::log(width);
  }

  double energy_of(const Vector& outputs, const Real* x, Vector& slope) const override {
    slope(0) = 0;
    if (uniform_)
      for (Index i = 0; i < dim(); ++i)
        if (!(x[i] >= lower_ && x[i] <= upper_)) return std::numeric_limits<double>::infinity();
    slope(0) = -1;
    return log_normaliser_ - double(outputs(0));
  }

  bool uniform_;
  Real lower_, upper_;
  double log_normaliser_ = 0;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ExponentialTilting>("exponential_tilting",
                                   "network that tilts a normal or uniform reference law",
                                   "Xie, Lu, Zhu & Wu 2016, ICML, arXiv 1602.03264");
}
