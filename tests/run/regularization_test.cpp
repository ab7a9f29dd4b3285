// Penalties that training takes off the likelihood.
#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <gibbsite/api/enumerate.hpp>

#include "support/training.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("l1 and l2 pull weights towards zero and leave biases alone, unless blocks are named") {
  const Parameters at = Parameters::LinSpaced(19, -.7, .9);
  const auto after = [&](const std::string& options) {
    return trained(exact + "updates: 1" + options, at).training.theta;
  };
  const Parameters free = after("");
  const Parameters pull = -.1 * (.3 * at.array().sign() + .2 * at.array()).matrix();
  const auto change = [&](const std::string& options) {
    return Parameters(after(", regularization: {" + options + "}") - free);
  };
  Parameters weights = pull;
  weights.tail(7).setZero();
  CHECK(gap(change("l1: 0.3, l2: 0.2"), weights) < 1e-15);
  Parameters biases = pull;
  biases.head(12).setZero();
  biases.tail(3).setZero();
  CHECK(gap(change("l1: 0.3, l2: 0.2, blocks: [b]"), biases) < 1e-15);
}

TEST_CASE("the penalty is recorded: its value at the parameters before the update") {
  const Cell cell(spec(exact + "updates: 1, regularization: {l1: 0.3, l2: 0.2}"));
  REQUIRE(cell.outcome.status == "complete");
  const auto weights = start().head(12);
  const Hdf5Reader file((cell.folder / "result.h5").string());
  CHECK(file.is_floating("/training/seconds"));
  CHECK_FALSE(file.is_floating("/training/site_updates"));
  CHECK(cell.read("/training/penalty").at(0) ==
        doctest::Approx(.3 * weights.lpNorm<1>() + .1 * weights.squaredNorm()).epsilon(1e-13));
}

TEST_CASE(
    "sparsity moves weights and hidden biases by the distance of activities from the target") {
  const Parameters free = theta(exact + "updates: 1");
  const std::string sparse =
      "regularization: {sparsity: {target: 0.1, rate: 2, decay: 0.75}}, updates: ";
  const Checkpoint one = trained(exact + sparse + "1");
  Faults faults;
  const auto experiment = build(spec(exact + "updates: 0"), faults);
  const Batch v = experiment->training->all(Stream(0));
  experiment->model->capability<Parametric>()->set_parameters(start());
  const auto activity = [&] {
    Batch natural;
    experiment->model->capability<Latent>()->hidden_natural(v, natural);
    return Parameters((1 / (1 + (-natural.array().cast<double>()).exp())).rowwise().mean());
  };
  const Parameters q = activity();
  CHECK(gap(one.training.activity, q) < 1e-14);
  Parameters expected = Parameters::Zero(19);
  const Parameters mean = v.cast<double>().rowwise().mean();
  for (Index j = 0; j < 3; ++j) {
    for (Index i = 0; i < 4; ++i) expected(3 * i + j) = -.1 * 2 * (q(j) - .1) * mean(i);
    expected(16 + j) = -.1 * 2 * (q(j) - .1);
  }
  CHECK(expected.norm() > .01);
  CHECK(gap(one.training.theta - free, expected) < 1e-14);
  // The next mean of the activities keeps three quarters of this one.
  experiment->model->capability<Parametric>()->set_parameters(one.training.theta);
  const Checkpoint two = trained(exact + sparse + "2");
  CHECK(gap(two.training.activity, .75 * q + .25 * activity()) < 1e-14);
}

TEST_CASE("a strong wish for sparsity is fulfilled") {
  const std::string sparse = "updates: 2000, regularization: {sparsity: {target: 0.05, rate: 5}}";
  const Parameters q = trained(exact + sparse).training.activity;
  CHECK((q.array() - .05).abs().maxCoeff() < .03);
}

// σ by the eigenvalues of WᵀW; u vᵀ by differences of σ.
TEST_CASE("the spectral penalty is λσ²/2 of the weights, and training descends it") {
  const Parameters at = Parameters::LinSpaced(19, -.7, .9);
  const auto sigma = [](const Parameters& theta) {
    const Eigen::MatrixXd W = theta.head(12).reshaped<Eigen::RowMajor>(4, 3);
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(W.transpose() * W);
    return std::sqrt(solver.eigenvalues().maxCoeff());
  };
  const Parameters free = trained(exact + "updates: 1", at).training.theta;
  const Parameters change =
      trained(exact + "updates: 1, regularization: {spectral: 2}", at).training.theta - free;
  constexpr double step = 1e-5;
  for (Index k = 0; k < 12; ++k) {
    Parameters up = at, down = at;
    up(k) += step;
    down(k) -= step;
    const double slope = (std::pow(sigma(up), 2) - std::pow(sigma(down), 2)) / (2 * step);
    CHECK(std::abs(change(k) + .1 * slope) < 1e-9);  // rate .1 times λ/2 = 1
  }
  CHECK(change.tail(7).isZero(0));
  const Cell cell(spec(exact + "updates: 1, regularization: {spectral: 2}"));
  CHECK(cell.read("/training/penalty").at(0) ==
        doctest::Approx(std::pow(sigma(start()), 2)).epsilon(1e-11));
}

TEST_CASE("the spectral penalty of weights that are all 0 is 0") {
  const Parameters zero = Parameters::Zero(19);
  CHECK(gap(trained(exact + "updates: 1, regularization: {spectral: 2}", zero).training.theta,
            trained(exact + "updates: 1", zero).training.theta) == 0);
}
