// Neal's funnel (Neal 2003, Annals of Statistics 31:705, section 8).
//   v ~ N(0, s²),  x_i | v ~ N(0, e^v), i = 1 … k:
//   E(v, x) = v²/2s² + Σ_i (x_i² e^{-v}/2 + v/2),  ln Z = ln s + (k + 1)/2 ln 2π
// At other temperatures x integrates to (2π e^v/β)^{k/2}, which leaves a normal integral over v:
//   ln ∫ e^{-βE} = ½ ln(2πs²/β) + (k/2) ln(2π/β) + s² (k(1 - β)/2)²/(2β)
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class Funnel final : public EnergyModel, public Differentiable, public Normalized, public Exact {
 public:
  struct Params {
    Index units = 10;
    double scale = 3;

    void fields(Fields& f) {
      f.integer("units", units, "number of coordinates: v, then k = units - 1 of x",
                {.minimum = 2, .maximum = 1e6});
      f.positive("scale", scale, "standard deviation s of v");
    }
  };
  Funnel(const Params& p, const Context&) : domain_(Domain::real(p.units)), scale_(p.scale) {}

  const Domain& domain() const override { return domain_; }

  std::optional<double> log_partition(double beta) const override {
    if (!(beta > 0)) return {};
    const double k = double(dim() - 1), tilt = scale_ * k * (1 - beta) / 2;
    return std::log(scale_) + (k + 1) / 2 * std::log(2 * std::numbers::pi / beta) +
           tilt * tilt / (2 * beta);
  }
  bool expected_parameter_gradient(double beta, Parameters&) const override { return beta > 0; }

  void draw(Stream random, Eigen::Ref<Batch> x) const override {
    random.normal(x);
    for (Index n = 0; n < x.cols(); ++n) {
      const double v = scale_ * double(x(0, n));
      x.col(n) *= Real(std::exp(v / 2));
      x(0, n) = Real(v);
    }
  }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    const double k = double(dim() - 1);
    for (Index n = 0; n < x.cols(); ++n) {
      const double v = double(x(0, n));
      energy(n) = v * v / (2 * scale_ * scale_) + 0.5 * std::exp(-v) * squares(x, n) + k * v / 2;
    }
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    do_energy(x, energy);
    const double k = double(dim() - 1);
    for (Index n = 0; n < x.cols(); ++n) {
      const double v = double(x(0, n)), precision = std::exp(-v);
      gradient.col(n) = Real(precision) * x.col(n);
      gradient(0, n) = Real(v / (scale_ * scale_) - 0.5 * precision * squares(x, n) + k / 2);
    }
  }
  double squares(const BatchView& x, Index n) const {
    return x.col(n).tail(dim() - 1).cast<double>().squaredNorm();
  }

  Domain domain_;
  double scale_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Funnel>("funnel", "normal law whose scale is itself log-normal",
                       "Neal 2003, Annals of Statistics 31:705-767, section 8");
}
