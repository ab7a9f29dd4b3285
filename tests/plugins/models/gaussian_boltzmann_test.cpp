#include <Eigen/Dense>
#include <numbers>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const char* const small =
    "{name: gaussian_boltzmann, bias: [0.5, -1], precision: [2, 0.6, 0.6, 1]}";

}  // namespace

TEST_CASE("gaussian_boltzmann has ln Z of a tridiagonal precision by elimination, for every beta") {
  const Index d = 30;
  const auto model = make_model("{name: gaussian_boltzmann, units: 30}");
  Parameters theta = Parameters::Zero(d * d + d);
  for (Index i = 0; i < d; ++i) {
    for (Index j = 0; j < d; ++j) theta(i * d + j) = i == j ? 1 : std::abs(i - j) == 1 ? -.4 : 0;
    theta(d * d + i) = std::sin(1 + double(i));
  }
  model->capability<Parametric>()->set_parameters(theta);
  // Λ = L D Lᵀ by hand: pivots D_n = 1 - .16/D_{n-1}, and bᵀΛ⁻¹b = Σ (L⁻¹b)_n²/D_n.
  double pivot = 1, reduced = theta(d * d), log_determinant = 0, squares = reduced * reduced;
  for (Index n = 1; n < d; ++n) {
    reduced = theta(d * d + n) + .4 / pivot * reduced;
    pivot = 1 - .16 / pivot;
    log_determinant += std::log(pivot);
    squares += reduced * reduced / pivot;
  }
  for (const double beta : {.3, 1., 4.}) {
    const double truth =
        .5 * (double(d) * std::log(2 * std::numbers::pi / beta) - log_determinant + beta * squares);
    CHECK(near(*model->capability<Normalized>()->log_partition(beta), truth, 1e-13));
  }
  CHECK(!model->capability<Normalized>()->log_partition(0));
  CHECK(exact_sum(*model, workers(), false).method == "closed_form");
}

TEST_CASE("gaussian_boltzmann agrees with quadrature in ln Z and both moments") {
  const auto model = make_model(small);
  const auto& normalized = *model->capability<Normalized>();
  for (const double beta : {.5, 1., 3.}) {
    const auto weight = [&](const Batch& x) { return Row((-beta * energies(*model, x)).exp()); };
    const double Z = integral(2, 14, .05, weight);
    CHECK(std::abs(std::log(Z) - *normalized.log_partition(beta)) < 1e-12);
    Parameters expected = Parameters::Zero(6), truth = expected;
    CHECK(normalized.expected_parameter_gradient(beta, expected));
    integral(2, 14, .05, [&](const Batch& x) {
      const Row w = weight(x);
      model->capability<Parametric>()->parameter_gradient(x, w * (.05 * .05 / Z), truth);
      return w;
    });
    CHECK(distance(expected, truth) < 1e-11);
  }
}

TEST_CASE("gaussian_boltzmann is the gaussian of mean Λ⁻¹b, but for a constant") {
  const auto model = make_model(small);
  const auto normal = make_model("{name: gaussian, units: 2, precision: [2, 0.6, 0.6, 1]}");
  Eigen::Matrix2d precision;
  precision << 2, .6, .6, 1;
  const Eigen::Vector2d b(.5, -1), mean = precision.inverse() * b;
  Parameters theta = normal->capability<Parametric>()->parameters();
  theta.head(2) = mean;
  normal->capability<Parametric>()->set_parameters(theta);
  Batch x(2, 20), natural, other;
  Stream random(4);
  random.normal(x);
  CHECK(distance(energies(*model, x), Row(energies(*normal, x) - .5 * b.dot(mean))) < 1e-13);
  for (const Index i : {0, 1}) {
    const Index site[] = {i};
    model->capability<Conditional>()->natural(site, x, natural);
    normal->capability<Conditional>()->natural(site, x, other);
    CHECK(distance(natural, other) < 1e-14);
  }
  const Batch draws = exact_draws(*model, 20000, Stream(5));
  for (Index i = 0; i < 2; ++i)
    CHECK(std::abs(draws.row(i).mean() - mean(i)) <
          5 * std::sqrt(precision.inverse()(i, i) / 20000));
}

TEST_CASE(
    "gaussian_boltzmann refuses a precision that is not definite, and says why a zero diagonal is "
    "not") {
  const auto model = make_model(small);
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const auto refusal = [&](std::initializer_list<double> values) {
    const std::vector<double> numbers(values);
    Parameters other = Eigen::Map<const Eigen::VectorXd>(numbers.data(), 6);
    return error_of([&] { parametric.set_parameters(other); });
  };
  CHECK(refusal({0, -1, -1, 0, 0, 0}) ==
        "gaussian_boltzmann: precision: must have a diagonal > 0, as a law needs positive "
        "eigenvalues and their sum is the trace, got 0");
  CHECK(refusal({1, 2, 2, 1, 0, 0}) ==
        "gaussian_boltzmann: precision: must be positive definite (it has no Cholesky factor)");
  CHECK(refusal({1, .5, .4, 1, 0, 0}) == "gaussian_boltzmann: precision: must be symmetric");
  CHECK(refusal({1, 0, 0, 1, std::numeric_limits<double>::infinity(), 0}) ==
        "gaussian_boltzmann: precision and b must be finite");
  CHECK(parametric.parameters() == theta);
  CHECK(error_of([] { make_model("{name: gaussian_boltzmann, units: 3, bias: [1, 2]}"); }) ==
        "model gaussian_boltzmann: bias: must have one value per unit, got 2");
  CHECK(error_of([] { make_model("{name: gaussian_boltzmann}"); }) ==
        "model gaussian_boltzmann: needs a data section");
}
