// Independent double wells: two modes per coordinate, at -1 and 1, behind a barrier of height h.
//   E(x) = h Σ_i (x_i² - 1)²,  ∫ e^{-h(x²-1)²} dx = (π/2) e^{-h/2} (I_{1/4}(h/2) + I_{-1/4}(h/2))
// with modified Bessel functions I (Abramowitz & Stegun 1964, section 9.6; x² = 1 + u in the
// integral). Exact draws by rejection from N(±1, 1/2h) cut at 0, whose density is never below: on
// x >= 0, (x² - 1)² >= (x - 1)².
#include <boost/math/special_functions/bessel.hpp>
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class DoubleWell final : public EnergyModel,
                         public Differentiable,
                         public Normalized,
                         public Exact {
 public:
  struct Params {
    Index units = 1;
    double barrier = 4;

    void fields(Fields& f) {
      f.integer("units", units, "number of coordinates", {.minimum = 1, .maximum = 1e6});
      f.positive("barrier", barrier, "height h of the barrier between the wells");
    }
  };
  DoubleWell(const Params& p, const Context&)
      : domain_(Domain::real(p.units)), barrier_(p.barrier) {}

  const Domain& domain() const override { return domain_; }

  std::optional<double> log_partition(double beta) const override {
    const double half = beta * barrier_ / 2;
    if (!(half > 0) || half > 600) return {};  // the Bessel functions overflow
    const double sum =
        boost::math::cyl_bessel_i(0.25, half) + boost::math::cyl_bessel_i(-0.25, half);
    return double(dim()) * (std::log(std::numbers::pi / 2 * sum) - half);
  }
  bool expected_parameter_gradient(double beta, Parameters&) const override {
    return log_partition(beta).has_value();
  }

  void draw(Stream random, Eigen::Ref<Batch> x) const override {
    Batch normal(1, 1);
    for (Index n = 0; n < x.cols(); ++n) {
      Stream own = random.chains_from(n);
      for (Index i = 0; i < dim(); ++i) {
        double side, height;
        do {
          own.normal(normal);
          side = 1 + double(normal(0, 0)) / std::sqrt(2 * barrier_);
          height = (side * side - 1) * (side * side - 1) - (side - 1) * (side - 1);
        } while (side < 0 || own.uniform(1)(0) >= std::exp(-barrier_ * height));
        x(i, n) = Real(own.uniform(1)(0) < 0.5 ? -side : side);
      }
    }
  }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n)
      energy(n) = barrier_ * (x.col(n).cast<double>().array().square() - 1).square().sum();
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    do_energy(x, energy);
    gradient = (Real(4 * barrier_) * x.array() * (x.array().square() - Real(1))).matrix();
  }

  Domain domain_;
  double barrier_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<DoubleWell>("double_well", "independent coordinates with two modes each",
                           "Abramowitz & Stegun 1964, section 9.6, for its integral");
}
