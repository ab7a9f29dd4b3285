// Rosenbrock's valley as an energy (Rosenbrock 1960, Computer Journal 3:175; as a law Goodman &
// Weare 2010, Comm. Appl. Math. Comput. Sci. 5:65).
//   E(x, y) = a (μ - x)² + b (y - x²)²:  x ~ N(μ, 1/2a),  y | x ~ N(x², 1/2b),  Z = π/√(ab)
// and e^{-βE} is the same law with βa and βb.
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class Rosenbrock final : public EnergyModel,
                         public Differentiable,
                         public Normalized,
                         public Exact {
 public:
  struct Params {
    double a = 0.05, b = 5, mu = 1;

    void fields(Fields& f) {
      f.positive("a", a, "weight a of (μ - x)²");
      f.positive("b", b, "weight b of (y - x²)²: how narrow the valley is");
      f.real("mu", mu, "mean μ of x");
    }
  };
  Rosenbrock(const Params& p, const Context&) : a_(p.a), b_(p.b), mu_(p.mu) {}

  const Domain& domain() const override { return domain_; }

  std::optional<double> log_partition(double beta) const override {
    if (!(beta > 0)) return {};
    return std::log(std::numbers::pi / (beta * std::sqrt(a_ * b_)));
  }
  bool expected_parameter_gradient(double beta, Parameters&) const override { return beta > 0; }

  void draw(Stream random, Eigen::Ref<Batch> x) const override {
    random.normal(x);
    for (Index n = 0; n < x.cols(); ++n) {
      const double first = mu_ + double(x(0, n)) / std::sqrt(2 * a_);
      x(1, n) = Real(first * first + double(x(1, n)) / std::sqrt(2 * b_));
      x(0, n) = Real(first);
    }
  }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n) {
      const double u = double(x(0, n)), across = double(x(1, n)) - u * u;
      energy(n) = a_ * (mu_ - u) * (mu_ - u) + b_ * across * across;
    }
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    do_energy(x, energy);
    for (Index n = 0; n < x.cols(); ++n) {
      const double u = double(x(0, n)), across = double(x(1, n)) - u * u;
      gradient(0, n) = Real(2 * a_ * (u - mu_) - 4 * b_ * u * across);
      gradient(1, n) = Real(2 * b_ * across);
    }
  }

  Domain domain_ = Domain::real(2);
  double a_, b_, mu_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Rosenbrock>("rosenbrock", "curved narrow valley in the plane with known moments",
                           "Goodman & Weare 2010, Comm. Appl. Math. Comput. Sci. 5:65-80");
}
