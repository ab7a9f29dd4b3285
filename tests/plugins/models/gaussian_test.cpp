#include <Eigen/Dense>
#include <numbers>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const double log_two_pi = std::log(2 * std::numbers::pi);

double closed_form(const EnergyModel& model, double beta = 1) {
  return *model.capability<Normalized>()->log_partition(beta);
}

}  // namespace

TEST_CASE("gaussian has ln Z of a tridiagonal precision by the determinant's recurrence") {
  const Index d = 30;
  const auto model = make_model("{name: gaussian, units: 30}");
  Parameters theta = Parameters::Zero(d + d * d);
  for (Index i = 0; i < d; ++i)
    for (Index j = 0; j < d; ++j)
      theta(d + i * d + j) = i == j ? 1 : std::abs(i - j) == 1 ? -.4 : 0;
  model->capability<Parametric>()->set_parameters(theta);
  double before = 1, determinant = 1;  // |Λ_n| = |Λ_{n-1}| - .16 |Λ_{n-2}|
  for (Index n = 2; n <= d; ++n) {
    const double next = determinant - .16 * before;
    before = determinant;
    determinant = next;
  }
  const double truth = .5 * double(d) * log_two_pi - .5 * std::log(determinant);
  CHECK(std::abs(closed_form(*model) - truth) < 1e-12);
  CHECK(std::abs(closed_form(*model, 2.5) - (truth - .5 * double(d) * std::log(2.5))) < 1e-12);
  CHECK(!model->capability<Normalized>()->log_partition(0));
  CHECK(exact_sum(*model, workers(), false).method == "closed_form");
}

TEST_CASE("gaussian agrees with quadrature in ln Z, mean and covariance at several temperatures") {
  const auto model =
      make_model("{name: gaussian, mean: [0.5, -0.25], precision: [2, 0.6, 0.6, 1]}");
  const auto& normalized = *model->capability<Normalized>();
  for (const double beta : {.5, 1.0, 3.0}) {
    const auto weight = [&](const Batch& x) { return Row((-beta * energies(*model, x)).exp()); };
    const double Z = integral(2, 12, .05, weight);
    CHECK(std::abs(std::log(Z) - *normalized.log_partition(beta)) < 1e-12);
    Parameters expected = Parameters::Zero(6), truth = expected;
    CHECK(normalized.expected_parameter_gradient(beta, expected));
    integral(2, 12, .05, [&](const Batch& x) {
      const Row w = weight(x);
      model->capability<Parametric>()->parameter_gradient(x, w * (.05 * .05 / Z), truth);
      return w;
    });
    CHECK(distance(expected, truth) < 1e-11);
  }
}

TEST_CASE("gaussian with linear term b has the textbook ln Z after completing the square") {
  // ∫ exp(-xᵀΛx/2 + bᵀx) = e^{bᵀΛ⁻¹b/2} ∫ exp(-(x-m)ᵀΛ(x-m)/2) with m = Λ⁻¹b.
  Eigen::Matrix3d precision;
  precision << 1, -.4, 0, -.4, 1, -.4, 0, -.4, 1;
  const Eigen::Vector3d b(.3, -1, .7), mean = precision.inverse() * b;
  const auto model = make_model("{name: gaussian, units: 3}");
  Parameters theta(12);
  theta << mean, precision.reshaped();
  model->capability<Parametric>()->set_parameters(theta);
  Batch x(3, 1);
  x << 1, 2, -.5;
  const Eigen::Vector3d at = x.cast<double>();
  const double energy = .5 * at.dot(precision * at) - b.dot(at);
  const double truth = 1.5 * log_two_pi - .5 * std::log(precision.determinant()) + .5 * b.dot(mean);
  CHECK(std::abs((-energies(*model, x)(0) - closed_form(*model)) - (-energy - truth)) < 1e-12);
}

TEST_CASE("gaussian reads precision as a multiple of the identity, a diagonal or a whole matrix") {
  const auto precision_of = [](const std::string& yaml) {
    const auto model = make_model(yaml);
    return Parameters(model->capability<Parametric>()->parameters().tail(4));
  };
  CHECK(precision_of("{name: gaussian, units: 2}") == Eigen::Vector4d(1, 0, 0, 1));
  CHECK(precision_of("{name: gaussian, units: 2, precision: [3]}") == Eigen::Vector4d(3, 0, 0, 3));
  CHECK(precision_of("{name: gaussian, mean: [1, 2], precision: [3, 4]}") ==
        Eigen::Vector4d(3, 0, 0, 4));
  CHECK(precision_of("{name: gaussian, units: 2, precision: [3, 1, 1, 4]}") ==
        Eigen::Vector4d(3, 1, 1, 4));
}

TEST_CASE("gaussian draws have its mean and covariance to five standard errors") {
  const auto model = make_model(
      "{name: gaussian, mean: [1, -2, 0.5], precision: [2, 0.5, 0, 0.5, 1, -0.3, 0, -0.3, 0.7]}");
  const Parameters theta = model->capability<Parametric>()->parameters();
  const Eigen::Matrix3d covariance = theta.tail(9).reshaped(3, 3).inverse();
  const Index n = 20000;
  const Eigen::MatrixXd off =
      exact_draws(*model, n, Stream(3)).cast<double>().colwise() - theta.head(3);
  for (Index i = 0; i < 3; ++i) {
    CHECK(std::abs(off.row(i).mean()) < 5 * std::sqrt(covariance(i, i) / double(n)));
    for (Index j = 0; j <= i; ++j) {
      const double variance =
          covariance(i, i) * covariance(j, j) + covariance(i, j) * covariance(i, j);
      const double found = off.row(i).dot(off.row(j)) / double(n);
      CHECK(std::abs(found - covariance(i, j)) < 5 * std::sqrt(variance / double(n)));
    }
  }
}

TEST_CASE("gaussian gradients of the precision stay symmetric to the last bit") {
  const auto model = make_model("{name: gaussian, mean: [0.1, 0.2, 0.3, 0.4, 0.7]}");
  Batch x(5, 40);
  Stream random(4);
  random.normal(x);
  Parameters out = Parameters::Zero(30);
  model->capability<Parametric>()->parameter_gradient(x, Row::LinSpaced(40, -1, 1.3), out);
  const Eigen::MatrixXd by_precision = out.tail(25).reshaped(5, 5);
  CHECK(by_precision == by_precision.transpose());
}

TEST_CASE(
    "gaussian refuses a precision that is not symmetric, not positive definite or of wrong size") {
  const auto refusal = [](const std::string& yaml) { return error_of([&] { make_model(yaml); }); };
  CHECK(refusal("{name: gaussian, units: 2, precision: [1, 2, 2, 1]}") ==
        "gaussian: precision: must be positive definite (it has no Cholesky factor)");
  CHECK(refusal("{name: gaussian, units: 2, precision: [1, 1, 1, 1]}") ==
        "gaussian: precision: must be positive definite (it has no Cholesky factor)");
  CHECK(refusal("{name: gaussian, units: 2, precision: [0]}") ==
        "gaussian: precision: must be positive definite (it has no Cholesky factor)");
  CHECK(refusal("{name: gaussian, units: 2, precision: [1, 0.5, 0.4, 1]}") ==
        "gaussian: precision: must be symmetric");
  CHECK(refusal("{name: gaussian, units: 2, precision: [1, 1, 1]}") ==
        "model gaussian: precision: must have 1, 2 or 4 values, got 3");
  CHECK(refusal("{name: gaussian, units: 2, mean: [1, 1, 1]}") ==
        "model gaussian: mean: must have one value per unit, got 3");
  CHECK(refusal("{name: gaussian}") == "model gaussian: needs a data section");
}

TEST_CASE("gaussian is accurate for a condition number of 1e4") {
  const auto model = make_model("{name: gaussian, mean: [0, 0], precision: [1e-2, 1e2]}");
  CHECK(std::abs(closed_form(*model) - log_two_pi) < 1e-12);
}

TEST_CASE("gaussian of a condition number has its eigenvalues in geometric progression") {
  const auto eigenvalues = [](const std::string& yaml) {
    const auto model = make_model(yaml);
    const Index d = model->dim();
    const Eigen::MatrixXd precision =
        model->capability<Parametric>()->parameters().tail(d * d).reshaped(d, d);
    return Eigen::VectorXd(Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(precision).eigenvalues());
  };
  for (const std::string rotated : {"false", "true"}) {
    const std::string tail = ", condition: 1e4, rotated: " + rotated + "}";
    const Eigen::VectorXd five = eigenvalues("{name: gaussian, units: 5" + tail);
    const Eigen::VectorXd twice = eigenvalues("{name: gaussian, units: 5, precision: [2]" + tail);
    for (Index k = 0; k < 5; ++k) {
      // Eigenvalues of a rounded matrix are right to its norm times a few roundings.
      CHECK(std::abs(five(k) - std::pow(10, double(k))) < 1e4 * 5e-15);
      CHECK(std::abs(twice(k) - 2 * std::pow(10, double(k))) < 2e4 * 5e-15);
    }
    const auto model = make_model("{name: gaussian, units: 64" + tail);
    const double truth = 32 * log_two_pi - .25 * 64 * std::log(1e4);
    CHECK(std::abs(closed_form(*model) - truth) < 1e-9);
  }
  const auto theta = [](const std::string& yaml) {
    return make_model(yaml)->capability<Parametric>()->parameters();
  };
  // In two dimensions the cosine basis is (1, 1)/√2 and (1, -1)/√2.
  const Parameters turned = theta("{name: gaussian, units: 2, condition: 9, rotated: true}");
  CHECK(distance(turned.tail(4), Eigen::Vector4d(5, -4, -4, 5)) < 1e-14);
  CHECK(theta("{name: gaussian, units: 1, condition: 9}")(1) == 1);
  const auto refusal = [](const std::string& yaml) { return error_of([&] { make_model(yaml); }); };
  CHECK(refusal("{name: gaussian, units: 2, precision: [1, 2], condition: 3}") ==
        "model gaussian: precision: must have 1 value beside condition, got 2");
  CHECK(refusal("{name: gaussian, units: 2, rotated: true}") ==
        "model gaussian: rotated: needs condition");
  CHECK(refusal("{name: gaussian, units: 2, condition: 0.5}").find("condition: must be >= 1") !=
        std::string::npos);
}
