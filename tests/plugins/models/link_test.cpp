#include <numbers>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// f(x) = 2x - 1 on the line, with λ = 1.
std::unique_ptr<EnergyModel> linked(const std::string& link) {
  auto model = make_model("{name: link, shape: [1], link: " + link + "}");
  Parameters theta(2);
  theta << 2, -1;
  model->capability<Parametric>()->set_parameters(theta);
  return model;
}

const double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("link makes g(f) the density by the normal reference") {
  Batch x(1, 4);
  x << Real(-1), Real(0), Real(.25), Real(3);
  const auto check = [&](const std::string& name, auto g) {
    CAPTURE(name);
    const Row density = (-energies(*linked(name), x)).exp();
    for (Index n = 0; n < 4; ++n) {
      const double at = double(x(0, n));
      CHECK(near(density(n), g(2 * at - 1) * std::exp(-.5 * at * at), 1e-14));
    }
  };
  check("square", [](double f) { return f * f; });
  check("absolute", [](double f) { return std::abs(f); });
  check("softplus", [](double f) { return std::log1p(std::exp(f)); });
  check("exp", [](double f) { return std::exp(f); });
}

TEST_CASE("link has the normal moments that its ln Z is") {
  const auto Z = [](const std::string& link) {
    const auto model = linked(link);
    return integral(1, 14, .01, [&](const Batch& x) { return Row((-energies(*model, x)).exp()); }) /
           std::sqrt(2 * std::numbers::pi);
  };
  CHECK(std::abs(Z("square") - 5) < 1e-12);  // E(2x - 1)² = 4 + 1
  CHECK(std::abs(Z("exp") - std::exp(-1 + 2)) < 1e-12);
}

TEST_CASE("link gives a zero of f energy +∞ and gradient 0, never NaN") {
  for (const char* name : {"square", "absolute"}) {
    const auto model = linked(name);
    Batch x(1, 3), gradient;
    x << Real(.5), Real(.5) + std::numeric_limits<Real>::epsilon(), Real(.25);
    Row energy;
    model->capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
    CHECK(energy(0) == infinity);
    CHECK(gradient(0, 0) == Real(.5));  // the reference's own
    CHECK(std::isfinite(energy(1)));
    CHECK(gradient.allFinite());
    Parameters by_theta = Parameters::Zero(2);
    model->capability<Parametric>()->parameter_gradient(x.leftCols(1), Row::Ones(1), by_theta);
    CHECK(by_theta.isZero(0));
  }
}

TEST_CASE("link softplus is finite and smooth far to either side") {
  const auto model = linked("softplus");
  Batch x(1, 5), gradient;
  x << -1000, Real(-19.5) - Real(1e-6), Real(-19.5) + Real(1e-6), 20,
      1000;  // the branch is f = -40
  Row energy;
  model->capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
  CHECK(energy(0) == doctest::Approx(500000 + 2001));
  CHECK(near(energy(1) - energy(2), 2e-6 * (19.5 + 2), 1e-12));
  CHECK(near(double(gradient(0, 1)), double(gradient(0, 2)), 1e-5));
  CHECK(double(gradient(0, 0)) == -1002);
  CHECK(energy(4) == doctest::Approx(500000 - std::log(1999)));
}

TEST_CASE("link starts f at its output_bias") {
  const auto model =
      make_model("{name: link, shape: [2], link: square, output_bias: -3, layers: [tanh]}");
  CHECK(energies(*model, Batch::Zero(2, 1))(0) == doctest::Approx(-2 * std::log(3.)));
}

TEST_CASE("link refuses functions that it does not know") {
  CHECK(error_of([] {
          make_model("{name: link, shape: [1], link: cube}");
        }).find("link: unknown value") != std::string::npos);
}
