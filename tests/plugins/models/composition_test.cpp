#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("product adds the weighted energies of experts, which start from different parameters") {
  const auto model = make_model(
      "{name: product, weights: [0.5, 2], models: "
      "[{name: boltzmann_machine, units: 5, weight_scale: 1}, "
      "{name: boltzmann_machine, units: 5, weight_scale: 1}]}");
  auto& parametric = *model->capability<Parametric>();
  const auto blocks = parametric.blocks();
  REQUIRE(blocks.size() == 4);
  CHECK(blocks[2].name == "W_2");
  const Parameters theta = parametric.parameters();
  const Index half = theta.size() / 2;
  CHECK(theta.head(half) != theta.tail(half));
  const auto one = make_model("{name: boltzmann_machine, units: 5}");
  const Batch x = all_states(model->domain());
  Row sum = Row::Zero(x.cols());
  for (const auto& [weight, part] : {std::pair(.5, theta.head(half)), {2., theta.tail(half)}}) {
    one->capability<Parametric>()->set_parameters(part);
    sum += weight * energies(*one, x);
  }
  CHECK(distance(energies(*model, x), sum) < 1e-13);
}

TEST_CASE("product of normal laws is the normal law of added precisions") {
  const auto model = make_model(
      "{name: product, models: [{name: gaussian, mean: [1], precision: [2]}, "
      "{name: gaussian, mean: [-2], precision: [1]}]}");
  // 2(x-1)²/2 + (x+2)²/2 = 3x²/2 + 3: mean 0, precision 3.
  const double sum =
      integral(1, 12, .01, [&](const Batch& x) { return Row((-energies(*model, x)).exp()); });
  CHECK(near(std::log(sum), .5 * std::log(2 * 3.14159265358979 / 3) - 3, 1e-12));
}

TEST_CASE("product refuses experts on different coordinates and weights that do not match") {
  const auto refusal = [](const std::string& yaml) { return error_of([&] { make_model(yaml); }); };
  CHECK(refusal("{name: product, weights: [1], models: [{name: gaussian, units: 1}, "
                "{name: gaussian, units: 1}]}") ==
        "model product: weights: must have one value per model, got 1 for 2");
  CHECK(refusal("{name: product, models: [{name: gaussian, units: 1}, {name: gaussian, units: 2}]}")
            .find("1 real and 2 real") != std::string::npos);
  CHECK(refusal("{name: product, models: [gaussian, nosuch]}").find("models.1: unknown model") !=
        std::string::npos);
  CHECK(refusal("{name: product, models: [nosuch, nosuch]}").find("models.0: unknown model") !=
        std::string::npos);
  CHECK(refusal("{name: product, models: []}").find("at least one entry") != std::string::npos);
}

TEST_CASE("tempered multiplies the energy, of a latent model the joint one") {
  const auto cold = make_model("{name: tempered, beta: 2.5, model: {name: gaussian, units: 2}}");
  CHECK(near(*cold->capability<Normalized>()->log_partition(1),
             std::log(2 * 3.14159265358979 / 2.5), 1e-13));
  const auto rbm = make_model(
      "{name: tempered, beta: 0.5, model: {name: rbm, visible: 4, hidden: 3, weight_scale: 2}}");
  const Parameters theta = rbm->capability<Parametric>()->parameters();
  const Batch v = all_states(Domain::binary(4)), h = all_states(Domain::binary(3));
  Eigen::ArrayXd joint(v.cols() * h.cols());
  for (Index n = 0; n < v.cols(); ++n)
    for (Index m = 0; m < h.cols(); ++m)
      joint(n * h.cols() + m) = -.5 * rbm_energy(theta, v.col(n), h.col(m));
  CHECK(near(log_sum_over_states(*rbm), log_sum_exp(joint), tolerance(1e-12, 1e-5)));
}

TEST_CASE("clamped is the conditional law of the coordinates left free") {
  const auto whole = make_model("{name: boltzmann_machine, units: 5, weight_scale: 1}");
  const auto rest = make_model(
      "{name: clamped, coordinates: [3, 0], values: [1, 0], "
      "model: {name: boltzmann_machine, units: 5, weight_scale: 1}}");
  CHECK(rest->dim() == 3);
  // The inner machine has random numbers of its own: give the whole one the same parameters.
  Context inner = context();
  inner.random = inner.random.split("nested boltzmann_machine");
  const auto same = make_model("{name: boltzmann_machine, units: 5, weight_scale: 1}", inner);
  const Batch free = all_states(rest->domain());
  Batch x(5, free.cols());
  x << Batch::Zero(1, free.cols()), free.topRows(2), Batch::Ones(1, free.cols()),
      free.bottomRows(1);
  CHECK(distance(energies(*rest, free), energies(*same, x)) < 1e-13);
  CHECK(error_of([] {
          make_model(
              "{name: clamped, coordinates: [7], values: [1], model: {name: gaussian, "
              "units: 2}}");
        }).find("coordinate must be in [0, 1], got 7") != std::string::npos);
}

TEST_CASE(
    "a plugin that needs an ability the model lacks is refused with the models that have it") {
  const auto model = make_model("rosenbrock");
  const std::string refusal = error_of([&] { make_sampler("block_gibbs", *model); });
  CHECK(refusal.find("needs a model with capability 'latent' (this one offers: ") !=
        std::string::npos);
  const std::string others = refusal.substr(refusal.find("models with it: "));
  CHECK(others.find("rbm") != std::string::npos);
  CHECK(others.find("rosenbrock") == std::string::npos);
}
