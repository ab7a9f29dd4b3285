#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const char* const two =
    "{name: gaussian_mixture, weights: [0.3, 0.7], means: [-2, 2], standard_deviations: [0.5, 1]}";

}  // namespace

TEST_CASE("gaussian_mixture is a density with the moments of its parts") {
  const auto model = make_model(two);
  const auto moment = [&](int power) {
    return integral(1, 15, .02, [&](const Batch& x) {
      return Row((-energies(*model, x)).exp() * x.row(0).array().cast<double>().pow(power));
    });
  };
  CHECK(std::abs(moment(0) - 1) < 1e-13);
  CHECK(std::abs(moment(1) - .8) < 1e-13);
  CHECK(std::abs(moment(2) - .64 - 4.135) < 1e-12);
  CHECK(exact_sum(*model, workers(), true).log_partition == 0);
  CHECK(!model->capability<Normalized>()->log_partition(.5));
}

TEST_CASE("gaussian_mixture parameter gradients have mean 0 under the model, by quadrature") {
  const auto model = make_model(
      "{name: gaussian_mixture, weights: [1, 3, 2], means: [-2, 0, 1, 1, 0.5, -1], "
      "standard_deviations: [0.7, 1, 1.3]}");
  const auto& parametric = *model->capability<Parametric>();
  Parameters mean = Parameters::Zero(parametric.parameters().size()), size = mean;
  integral(2, 12, .05, [&](const Batch& x) {
    const Row density = (-energies(*model, x)).exp() * (.05 * .05);
    parametric.parameter_gradient(x, density, mean);
    return density;
  });
  CHECK(mean.cwiseAbs().maxCoeff() < 1e-13);
  Parameters closed = Parameters::Zero(mean.size());
  CHECK(model->capability<Normalized>()->expected_parameter_gradient(1, closed));
  CHECK(closed.cwiseAbs().maxCoeff() == 0);
}

TEST_CASE("gaussian_mixture draws have its mean and variance to five standard errors") {
  const auto model = make_model(two);
  const Index n = 40000;
  const Eigen::ArrayXd x = exact_draws(*model, n, Stream(8)).cast<double>().reshaped();
  CHECK(std::abs(x.mean() - .8) < 5 * std::sqrt(4.135 / double(n)));
  const Eigen::ArrayXd squares = (x - .8).square();
  const double error = std::sqrt((squares - squares.mean()).square().mean() / double(n));
  CHECK(std::abs(squares.mean() - 4.135) < 5 * error);
  const double left = (x < 0).cast<double>().mean();  // .3 Φ(4) + .7 Φ(-2)
  CHECK(std::abs(left - (.3 * .99996832875817 + .7 * .0227501319482)) <
        5 * std::sqrt(.25 / double(n)));
}

TEST_CASE("gaussian_mixture energy stays finite where every density underflows") {
  const auto model = make_model(two);
  Batch x(1, 1), gradient;
  x << 1000;
  Row energy;
  model->capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
  CHECK(energy(0) ==
        doctest::Approx(.5 * 998 * 998 + std::log(std::sqrt(2 * 3.14159265358979)) - std::log(.7)));
  CHECK(gradient(0, 0) == doctest::Approx(998));
}

TEST_CASE("gaussian_mixture tells its sizes from what is given and refuses what does not fit") {
  CHECK(make_model("{name: gaussian_mixture, weights: [1, 1], means: [1, 2, 3, 4, 5, 6]}")->dim() ==
        3);
  CHECK(make_model("{name: gaussian_mixture, units: 2, means: [1, 2, 3, 4, 5, 6]}")->dim() == 2);
  const auto refusal = [](const std::string& yaml) { return error_of([&] { make_model(yaml); }); };
  CHECK(refusal("{name: gaussian_mixture, weights: [1, 1], means: [1, 2, 3]}") ==
        "model gaussian_mixture: means: must have one value per component and unit, got 3");
  CHECK(refusal(
            "{name: gaussian_mixture, units: 1, means: [1, 2, 3], standard_deviations: [1, 2]}") ==
        "model gaussian_mixture: standard_deviations: must have one value per component or one");
  CHECK(refusal("{name: gaussian_mixture, units: 1, means: [1], weights: [0]}")
            .find("weights: must be > 0, got 0") != std::string::npos);
  CHECK(refusal("{name: gaussian_mixture, means: [1, 2]}") ==
        "model gaussian_mixture: needs a data section");
}
