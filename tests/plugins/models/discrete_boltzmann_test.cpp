#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("discrete_boltzmann with two levels is the Boltzmann machine with L = -2W") {
  const auto machine = recipe_boltzmann(10, 1, true);
  Parameters theta = machine->capability<Parametric>()->parameters();
  theta.head(100) *= -2;
  const auto model = make_model("{name: discrete_boltzmann, units: 10, levels: 2}");
  model->capability<Parametric>()->set_parameters(theta);
  CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - 10.502846869318) < 1e-12);
  CHECK(distance(energies(*model, all_states(model->domain())),
                 energies(*machine, all_states(machine->domain()))) < 1e-13);
}

TEST_CASE("discrete_boltzmann scales levels to [0, 1], so that one unit nears a normal integral") {
  const auto model = make_model("{name: discrete_boltzmann, units: 1, diagonal: 400}");
  CHECK(model->domain() == Domain::categorical(1, 256));
  model->capability<Parametric>()->set_parameters(Parameters{{400, 200}});
  // Σ_k exp(-200 y² + 200 y) = e^50 Σ exp(-200 (y - 1/2)²): the trapezoidal rule for 255 √(π/200);
  // the tails beyond [0, 1] are e^-50.
  const double truth = 50 + std::log(255 * std::sqrt(3.14159265358979 / 200));
  CHECK(near(exact_sum(*model, workers(), false).log_partition, truth, 1e-13));
}

TEST_CASE("discrete_boltzmann with one potts coupling for all pairs counts occupation numbers") {
  const Index units = 5, levels = 3;
  const auto model = make_model(
      "{name: discrete_boltzmann, units: 5, levels: 3, interaction: potts, weight_scale: 0}");
  Parameters theta = Parameters::Constant(30, -.7);
  for (Index i = 0; i < units; ++i) theta(i * units + i) = 0;
  theta.tail(5).setConstant(.4);
  model->capability<Parametric>()->set_parameters(theta);
  double Z = 0;
  const auto factorial = [](Index n) { return std::tgamma(double(n) + 1); };
  for (Index a = 0; a <= units; ++a)
    for (Index b = 0; a + b <= units; ++b) {
      const Index c = units - a - b;
      const double pairs = double(a * (a - 1) + b * (b - 1) + c * (c - 1)) / 2;
      Z += factorial(units) / (factorial(a) * factorial(b) * factorial(c)) *
           std::exp(.7 * pairs + .4 * (.5 * double(b) + double(c)));
    }
  CHECK(near(log_sum_over_states(*model), std::log(Z), 1e-14));
  CHECK(std::llround(std::pow(levels, units)) == all_states(model->domain()).cols());
}

TEST_CASE("discrete_boltzmann gradients keep L symmetric, and the potts diagonal zero") {
  for (const std::string kind : {"quadratic", "potts"}) {
    const auto model =
        make_model("{name: discrete_boltzmann, units: 4, levels: 6, interaction: " + kind + "}");
    Batch x(4, 30);
    Independent::uniform(model->domain()).draw(Stream(6), x);
    Parameters out = Parameters::Zero(20);
    model->capability<Parametric>()->parameter_gradient(x, Row::LinSpaced(30, -1, 1.3), out);
    const Eigen::MatrixXd by_L = out.head(16).reshaped(4, 4);
    CHECK(by_L == by_L.transpose());
    CHECK(by_L.diagonal().isZero(0) == (kind == "potts"));
  }
}

TEST_CASE("discrete_boltzmann refuses an asymmetric L and a diagonal that would not matter") {
  const auto model =
      make_model("{name: discrete_boltzmann, units: 2, levels: 4, interaction: potts}");
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const auto refusal = [&](const Parameters& other) {
    return error_of([&] { parametric.set_parameters(other); });
  };
  CHECK(refusal(Parameters{{0, 1, .5, 0, 0, 0}}) == "discrete_boltzmann: L must be symmetric");
  CHECK(refusal(Parameters{{1, .5, .5, 0, 0, 0}}) ==
        "discrete_boltzmann: L must have a zero diagonal for the potts interaction");
  CHECK(refusal(Parameters{{0, .5, .5, 0, 0, std::numeric_limits<double>::quiet_NaN()}}) ==
        "discrete_boltzmann: L and b must be finite");
  CHECK(parametric.parameters() == theta);
  CHECK(error_of([] {
          make_model("{name: discrete_boltzmann, units: 2, interaction: potts, diagonal: 1}");
        }) == "model discrete_boltzmann: diagonal: must be 0 for the potts interaction, got 1");
}
