#include <cmath>

#include "support/population.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

GradientEstimate estimate(const std::string& yaml, EnergyModel& model, const Batch& data) {
  Saved saved;
  return make_gradient(yaml, context_with(model, nullptr))->estimate(data, saved, Stream(1));
}

std::string refusal(const std::string& more, const std::string& model) {
  return error_of([&] {
    const auto made = make_model(model);
    estimate("{name: moment_matching" + more + "}", *made, Batch::Zero(made->dim(), 2));
  });
}

}  // namespace

TEST_CASE("moment matching finds Jaynes' die of mean 4.5 by gradient ascent") {
  // Faces 1 … 6 are the states 0 … 5.
  const auto die =
      make_model("{name: exponential_family, units: 1, levels: 6, powers: [1], coefficients: [0]}");
  auto& parametric = *die->capability<Parametric>();
  const auto estimator =
      make_gradient("{name: moment_matching, targets: [3.5]}", context_with(*die, nullptr));
  CHECK(estimator->statistics() == std::vector<std::string>{"entropy"});
  Saved saved;
  GradientEstimate found;
  for (int update = 0; update < 200; ++update) {
    found = estimator->estimate(Batch::Zero(1, 1), saved, Stream(1));
    parametric.set_parameters(parametric.parameters() + .3 * found.ascent);
  }
  CHECK(std::abs(parametric.parameters()(0) - .3710489381) < 1e-10);
  CHECK(std::abs(found.ascent(0)) < 1e-12);
  CHECK(std::abs(found.statistics[0] - 1.6135810982) < 1e-10);
  CHECK(std::abs(found.objective + 1.6135810982) < 1e-10);
}

TEST_CASE("the dual function has the gradient that is given, and the entropy is that of the law") {
  const auto model =
      make_model("{name: ising, lattice: chain, sides: [4], coupling: 0.4, field: [0.2]}");
  const Index size = model->capability<Parametric>()->parameters().size();
  std::string targets = "[0.1";
  for (Index k = 1; k < size; ++k) targets += ", " + number_text(.1 * std::cos(double(k)));
  const auto estimator = make_gradient("{name: moment_matching, targets: " + targets + "]}",
                                       context_with(*model, nullptr));
  check_ascent(*estimator, *model, Batch::Ones(4, 1), 1e-9);
  Saved saved;
  const GradientEstimate found = estimator->estimate(Batch::Ones(4, 1), saved, Stream(1));
  const Row p = law(*model);
  CHECK(near(found.statistics[0], -(p * p.log()).sum(), 1e-12));
}

TEST_CASE("without targets moment matching is maximum likelihood") {
  const auto model = recipe_boltzmann(5, 1, true);
  const Batch data = all_states(model->domain()).leftCols(11);
  const GradientEstimate found = estimate("moment_matching", *model, data);
  CHECK(distance(found.ascent, estimate("exact", *model, data).ascent) < 1e-12);
  CHECK(near(found.objective, -energies(*model, data).mean() - log_sum_over_states(*model), 1e-12));
}

TEST_CASE("targets do not ask the data") {
  const auto model = make_model("{name: bernoulli, probabilities: [0.3, 0.6]}");
  const std::string yaml = "{name: moment_matching, targets: [0.5, 0.25]}";
  const GradientEstimate one = estimate(yaml, *model, Batch::Zero(2, 3)),
                         other = estimate(yaml, *model, Batch::Ones(2, 3));
  CHECK(one.ascent == other.ascent);
  CHECK(std::abs(one.ascent(0) - .2) < 1e-14);
  CHECK(std::abs(one.ascent(1) + .35) < 1e-14);
}

TEST_CASE("moment matching refuses energies that are not linear, and targets of another number") {
  CHECK(refusal(", targets: [1]", "{name: bernoulli, probabilities: [0.3, 0.4]}") ==
        "gradient moment_matching: targets: must have one value per parameter, 2, got 1");
  const std::string linear =
      "gradient moment_matching: needs a model with energy -θ·φ(x), linear in all its parameters";
  CHECK(refusal("", "{name: rbm, visible: 3, hidden: 2}") == linear);
  CHECK(refusal("", "{name: gaussian, mean: [1, 0]}") == linear);
  CHECK(refusal("", "{name: gaussian_mixture, units: 1, means: [-1, 1]}") == linear);
  CHECK(refusal(", max_log2_states: 3", "{name: boltzmann_machine, units: 4}")
            .find("at most 2^3 states") != std::string::npos);
  // A normal law of mean 0 is linear in Λ; it is found out when its mean moves.
  const auto normal = make_model("{name: gaussian, units: 1}");
  const auto estimator = make_gradient("moment_matching", context_with(*normal, nullptr));
  normal->capability<Parametric>()->set_parameters(Eigen::Vector2d(.5, 1));
  Saved saved;
  CHECK(error_of([&] { estimator->estimate(Batch::Zero(1, 2), saved, Stream(1)); }) == linear);
}
