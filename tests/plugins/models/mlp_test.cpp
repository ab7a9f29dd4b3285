#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("mlp is the sum written out layer by layer, plus the reference") {
  const auto model = make_model(
      "{name: mlp, units: 3, hidden: [4, 2], activation: tanh, "
      "reference_precision: 0.5}");
  auto& parametric = *model->capability<Parametric>();
  Parameters theta(3 * 4 + 4 + 4 * 2 + 2 + 2 + 1);
  for (Index k = 0; k < theta.size(); ++k) theta(k) = std::sin(1 + 1.3 * double(k));
  parametric.set_parameters(theta);
  Batch x(3, 1);
  x << Real(.3), Real(-1.2), Real(2);
  const Index inputs[] = {3, 4, 2}, outputs[] = {4, 2, 1};
  std::vector<double> values{.3, -1.2, 2};
  Index at = 0;
  for (int layer = 0; layer < 3; ++layer) {
    std::vector<double> next;
    for (Index i = 0; i < outputs[layer]; ++i) {
      double sum = theta(at + outputs[layer] * inputs[layer] + i);
      for (Index j = 0; j < inputs[layer]; ++j)
        sum += theta(at + i * inputs[layer] + j) * values[std::size_t(j)];
      next.push_back(layer < 2 ? std::tanh(sum) : sum);
    }
    at += outputs[layer] * (inputs[layer] + 1);
    values = next;
  }
  CHECK(std::abs(energies(*model, x)(0) - values[0] - .25 * (.09 + 1.44 + 4)) < 1e-14);
}

TEST_CASE("mlp on the line has the law that quadrature of its energy gives its gradient") {
  // ∫ E'(x) e^{-E(x)} dx = 0 and ∫ x E'(x) e^{-E} dx = Z for every proper law.
  const auto model = make_model("{name: mlp, units: 1, hidden: [16], weight_scale: 3}");
  const auto& differentiable = *model->capability<Differentiable>();
  const auto moment = [&](int power) {
    return integral(1, 25, .01, [&](const Batch& x) {
      Row energy;
      Batch gradient;
      differentiable.energy_and_gradient(x, energy, gradient);
      const Row at = x.row(0).array().cast<double>();
      return Row((-energy).exp() * gradient.row(0).array().cast<double>() * at.pow(power));
    });
  };
  const double Z =
      integral(1, 25, .01, [&](const Batch& x) { return Row((-energies(*model, x)).exp()); });
  CHECK(std::abs(moment(0) / Z) < 1e-12);
  CHECK(std::abs(moment(1) / Z - 1) < 1e-12);
}

TEST_CASE("mlp offers a gradient on real coordinates and conditionals on discrete ones") {
  const auto real = make_model("{name: mlp, units: 2}");
  CHECK(capabilities_of(*real) == std::vector<std::string>{"gradient", "parameters"});
  const auto spin = make_model("{name: mlp, units: 2, domain: spin}");
  CHECK(capabilities_of(*spin) ==
        std::vector<std::string>{"conditional", "parameters", "discrete_gradient"});
}

TEST_CASE("mlp takes the data's width, and reference_precision only where x is real") {
  const auto data = make_dataset("{name: bars_and_stripes, side: 2}");
  Context with_data = context();
  with_data.train = data.get();
  CHECK(make_model("{name: mlp, domain: binary}", with_data)->dim() == 4);
  const auto refusal = [](const std::string& yaml) { return error_of([&] { make_model(yaml); }); };
  CHECK(refusal("{name: mlp}") == "model mlp: needs a data section");
  CHECK(refusal("{name: mlp, units: 2, domain: spin, reference_precision: 1}") ==
        "model mlp: reference_precision: must be left out where the domain is spin, got 1");
  CHECK(refusal("{name: mlp, units: 2, hidden: [0]}").find("hidden: must be") != std::string::npos);
  CHECK(refusal("{name: mlp, units: 2, weight_scale: 0, spectral_normalisation: true}") ==
        "model mlp: a weight matrix of zeros cannot be normalised");
  const auto model = make_model("{name: mlp, units: 2}");
  Parameters theta = model->capability<Parametric>()->parameters();
  theta(7) = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { model->capability<Parametric>()->set_parameters(theta); }) ==
        "model mlp: weights and biases must be finite");
}
