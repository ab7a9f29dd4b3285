#include <numbers>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

void set(EnergyModel& model, std::initializer_list<double> values) {
  const std::vector<double> numbers = values;
  model.capability<Parametric>()->set_parameters(
      Eigen::Map<const Parameters>(numbers.data(), Index(numbers.size())));
}

}  // namespace

TEST_CASE("exponential_tilting of a normal law by an affine function: ln Z = b + s²|w|²/2") {
  const auto model = make_model("{name: exponential_tilting, shape: [2], standard_deviation: 0.5}");
  set(*model, {1.5, -2, .3});
  const double Z =
      integral(2, 8, .04, [&](const Batch& x) { return Row((-energies(*model, x)).exp()); });
  CHECK(std::abs(std::log(Z) - (.3 + .125 * (2.25 + 4))) < 1e-12);
}

TEST_CASE("exponential_tilting by nothing is its reference, a density: ln Z = 0") {
  const auto model = make_model(
      "{name: exponential_tilting, shape: [2], weight_scale: 0, "
      "standard_deviation: 1.3}");
  const double Z =
      integral(2, 14, .05, [&](const Batch& x) { return Row((-energies(*model, x)).exp()); });
  CHECK(std::abs(Z - 1) < 1e-12);
  // The factor has the number of coordinates in its exponent.
  const auto wide = make_model("{name: exponential_tilting, shape: [3, 5, 7], weight_scale: 0}");
  CHECK(energies(*wide, Batch::Zero(105, 1))(0) ==
        doctest::Approx(52.5 * std::log(2 * std::numbers::pi)));
  const auto box = make_model(
      "{name: exponential_tilting, reference: uniform, shape: [3], "
      "weight_scale: 0, lower: -2, upper: 3}");
  CHECK(energies(*box, Batch::Zero(3, 1))(0) == doctest::Approx(3 * std::log(5.)));
}

TEST_CASE("exponential_tilting of a box by e^{wx}: Z = (e^{wu} - e^{wl}) / (w (u - l))") {
  const auto model = make_model(
      "{name: exponential_tilting, reference: uniform, shape: [1], "
      "lower: -1, upper: 2}");
  set(*model, {.7, 0});
  const Index n = 2000;  // Simpson's rule, ends included
  Batch x(1, n + 1);
  Row weights(n + 1);
  for (Index k = 0; k <= n; ++k) {
    x(0, k) = Real(-1 + 3 * double(k) / double(n));
    weights(k) = k == 0 || k == n ? 1 : k % 2 == 1 ? 4 : 2;
  }
  const double Z = (weights * (-energies(*model, x)).exp()).sum() / double(n);
  CHECK(std::abs(Z - (std::exp(1.4) - std::exp(-.7)) / (.7 * 3)) < 1e-12);
}

TEST_CASE("exponential_tilting has probability 0 outside its box, with a finite gradient") {
  const auto model = make_model(
      "{name: exponential_tilting, reference: uniform, shape: [2], "
      "layers: [dense 4, swish]}");
  Batch x(2, 5), gradient;
  x << 0, 1, -1, Real(1.001), 0, 0, 1, -1, 0, -50;
  Row energy;
  model->capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
  CHECK(energy.head(3).isFinite().all());
  CHECK((energy.tail(2) == std::numeric_limits<double>::infinity()).all());
  CHECK(gradient.leftCols(3).cwiseAbs().minCoeff() > 0);
  CHECK(gradient.rightCols(2).isZero(0));
}

TEST_CASE("exponential_tilting refuses an empty box") {
  CHECK(error_of([] {
          make_model(
              "{name: exponential_tilting, reference: uniform, shape: [1], lower: 2, upper: "
              "2}");
        }) == "model exponential_tilting: upper: must be > lower, 2, got 2");
}
