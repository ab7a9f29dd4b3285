#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("boltzmann_machine has the tabulated log partition function, by two enumerations") {
  struct Line {
    Index units;
    double scale, without_bias, with_bias;
  };
  for (const Line& line :
       {Line{4, .5, 3.093757839086, 2.901660369163}, Line{10, .3, 7.418899713722, 7.205468053186},
        Line{10, 1, 10.926432215547, 10.502846869318},
        Line{16, .3, 12.012092115161, 12.030305721601},
        Line{16, 1, 20.462900340419, 20.371619649985}}) {
    CAPTURE(line.units);
    CAPTURE(line.scale);
    const auto plain = recipe_boltzmann(line.units, line.scale, false);
    const auto biased = recipe_boltzmann(line.units, line.scale, true);
    CHECK(exact_method(*plain) == "enumeration");
    CHECK(std::abs(exact_sum(*plain, workers(), false).log_partition - line.without_bias) < 1e-11);
    CHECK(std::abs(exact_sum(*biased, workers(), false).log_partition - line.with_bias) < 1e-11);
    CHECK(std::abs(log_sum_over_states(*biased) - line.with_bias) < 1e-11);
  }
}

TEST_CASE("boltzmann_machine has the tabulated moments, as means of the energy's gradient") {
  const auto model = recipe_boltzmann(10, 1, false);
  const Parameters mean = exact_sum(*model, workers(), true).expected_gradient;
  CHECK(std::abs(-mean(100) - .679153800397) < 1e-11);  // E x_0 = -E ∂E/∂b_0
  CHECK(std::abs(-mean(1) - .099568292212) < 1e-11);    // E x_0 x_1 = -E ∂E/∂W_01
  CHECK(mean(0) == 0);                                  // W_00 stays 0
  CHECK(distance(mean, mean_gradient_over_states(*model)) < 1e-12);
}

TEST_CASE("boltzmann_machine counts each pair twice in its conditional log odds") {
  const auto model = recipe_boltzmann(6, 1.5, true);
  const auto& conditional = *model->capability<Conditional>();
  const Parameters theta = model->capability<Parametric>()->parameters();
  const Batch x = all_states(model->domain());
  const Row p = law(*model);
  double from_law = 0, from_formula = 0;
  for (Index i = 0; i < 6; ++i) {
    const Index site[] = {i};
    Batch logit;
    conditional.natural(site, x, logit);
    for (Index n = 0; n < x.cols(); ++n) {
      const Index flipped = n ^ (Index{1} << i);
      const double odds = std::log(p(x(i, n) == 1 ? n : flipped) / p(x(i, n) == 1 ? flipped : n));
      from_law = std::max(from_law, std::abs(logit(0, n) - odds));
      double sum = theta(36 + i);
      for (Index j = 0; j < 6; ++j)
        if (j != i) sum += 2 * theta(6 * i + j) * x(j, n);
      from_formula = std::max(from_formula, std::abs(logit(0, n) - sum));
    }
  }
  CHECK(from_law < 1e-12);
  CHECK(from_formula < 1e-14);
}

TEST_CASE("boltzmann_machine starts with symmetric weights of the scale asked for") {
  const auto model = make_model("{name: boltzmann_machine, units: 60, weight_scale: 0.5}");
  const Parameters theta = model->capability<Parametric>()->parameters();
  const Eigen::Map<const Eigen::MatrixXd> W(theta.data(), 60, 60);
  CHECK(W == W.transpose());
  CHECK(W.diagonal().cwiseAbs().maxCoeff() == 0);
  CHECK(std::sqrt(W.squaredNorm() / (60 * 59)) == doctest::Approx(0.5).epsilon(0.06));
  CHECK(theta.tail(60).cwiseAbs().maxCoeff() == 0);
}

TEST_CASE("boltzmann_machine refuses an asymmetric, diagonal or infinite W and keeps the old one") {
  const auto model = recipe_boltzmann(3, 1, true);
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const auto refusal = [&](Index at, double value) {
    Parameters other = theta;
    other(at) = value;
    return error_of([&] { parametric.set_parameters(other); });
  };
  CHECK(refusal(4, .25) == "boltzmann_machine: W[1, 1] must be 0, got 0.25");
  CHECK(refusal(1, 7).starts_with(
      "boltzmann_machine: W[0, 1] must equal W[1, 0] (W is symmetric), got 7 and "));
  CHECK(refusal(9, std::numeric_limits<double>::infinity()) ==
        "boltzmann_machine: W and b must be finite");
  CHECK(parametric.parameters() == theta);
  Parameters rounded = theta;
  rounded(1) *= 1 + 1e-15;
  CHECK_NOTHROW(parametric.set_parameters(rounded));
}
