#include <Eigen/LU>
#include <numbers>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::string refusal(const std::string& more) {
  return error_of([&] { make_model("{name: exponential_family, units: 2" + more + "}"); });
}

const char* const highest =
    "exponential_family: coefficients: the highest power of coordinate 0 must be even with a "
    "coefficient < 0";

}  // namespace

TEST_CASE("exponential_family has the entropy of Jaynes' die of mean 4.5, the largest of all") {
  auto model = make_model(
      "{name: exponential_family, units: 1, levels: 6, powers: [1], coefficients: "
      "[0.3710489381]}");
  const Row p = law(*model);
  double mean = 0, entropy = 0;
  for (Index face = 1; face <= 6; ++face) {
    mean += double(face) * p(face - 1);
    entropy -= p(face - 1) * std::log(p(face - 1));
  }
  CHECK(std::abs(mean - 4.5) < 1e-9);
  CHECK(std::abs(entropy - 1.6135810982) < 1e-9);
  // ln Z - η·E[φ] is the entropy as well.
  const ExactSum sum = exact_sum(*model, workers(), true);
  CHECK(std::abs(sum.log_partition + .3710489381 * sum.expected_gradient(0) - entropy) < 1e-12);
  // No other law of the same mean has more: move along a direction that keeps sum and mean.
  for (const double step : {-.01, .01}) {
    Eigen::ArrayXd q = p.transpose();
    q(0) += step;
    q(1) -= 2 * step;
    q(2) += step;
    CHECK(-(q * q.log()).sum() < entropy);
  }
}

TEST_CASE("exponential_family with squares and pairs is the normal law with that precision") {
  const auto model = make_model(
      "{name: exponential_family, units: 2, pairs: true, coefficients: "
      "[0.5, -1, -0.2, -0.5, -0.6]}");
  const double Z =
      integral(2, 14, .05, [&](const Batch& x) { return Row((-energies(*model, x)).exp()); });
  Eigen::Matrix2d precision;
  precision << 2, .6, .6, 1;
  const Eigen::Vector2d linear(.5, -.2);
  CHECK(std::abs(std::log(Z) -
                 (std::log(2 * std::numbers::pi) - .5 * std::log(precision.determinant()) +
                  .5 * linear.dot(precision.inverse() * linear))) < 1e-12);
}

TEST_CASE("exponential_family features are powers, pairs and indicators in the order stated") {
  const auto model = make_model(
      "{name: exponential_family, units: 3, levels: 4, powers: [2, 1], "
      "pairs: true, indicators: true}");
  Batch x(3, 1);
  x << 2, 3, 0;
  Parameters out = Parameters::Zero(6 + 3 + 12), truth(21);
  model->capability<Parametric>()->parameter_gradient(x, Row::Constant(1, -1), out);
  truth << 2, 4, 3, 9, 0, 0, 6, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0;
  CHECK(out == truth);
}

TEST_CASE("exponential_family starts uniform on categories and standard normal on the line") {
  const auto die = make_model("{name: exponential_family, units: 2, levels: 3}");
  CHECK(energies(*die, all_states(die->domain())).isZero(0));
  const auto line = make_model("{name: exponential_family, units: 1}");
  CHECK(energies(*line, Batch::Constant(1, 1, 3))(0) == 4.5);
}

TEST_CASE("exponential_family refuses what is no law") {
  CHECK(refusal(", powers: [1]") == highest);
  CHECK(refusal(", coefficients: [0, 0, 0, -1]") == highest);
  CHECK(refusal(", coefficients: [0, 1, 0, -1]") == highest);
  CHECK(refusal(", powers: [2, 3], coefficients: [-1, 0.1, -1, 0]") == highest);
  CHECK(refusal(", powers: [2, 4], coefficients: [-1, 0.1, -1, -1]") == highest);
  CHECK(refusal(", powers: [2, 3, 4], coefficients: [1, 5, -0.1, -1, 0, 0]").empty());
  CHECK(refusal(", powers: [2], pairs: true, coefficients: [-0.5, -0.5, 1.1]") ==
        "exponential_family: coefficients: the quadratic form must be negative definite");
  CHECK(refusal(", powers: [2], pairs: true, coefficients: [-0.5, -0.5, 0.9]").empty());
  CHECK(refusal(", powers: [2, 4], pairs: true, coefficients: [0, -0.1, -0.5, 0, 9]").empty());
  CHECK(refusal(", coefficients: [1, 2]") ==
        "model exponential_family: coefficients: must have one value per feature, 4, got 2");
}
