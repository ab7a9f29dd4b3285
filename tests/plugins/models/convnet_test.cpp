#include <sstream>

#include "support/program.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const char* const tutorial =
    "conv 16 5x5 stride 2 padding 4, swish, conv 32 3x3 stride 2 padding 1, swish, conv 64 3x3 "
    "stride 2 padding 1, swish, conv 64 3x3 stride 2 padding 1, swish, dense 64, swish";

template <class Numbers>
std::string list(const Numbers& numbers) {
  std::vector<std::string> texts;
  for (Index k = 0; k < numbers.size(); ++k) texts.push_back(number_text(double(numbers(k))));
  return "[" + join(texts) + "]";
}

std::string columns_of(const Batch& x) {
  std::vector<std::string> texts;
  for (Index n = 0; n < x.cols(); ++n) texts.push_back(list(x.col(n)));
  return "[" + join(texts) + "]";
}

struct Case {
  std::string shape;
  std::vector<std::string> layers;
  bool spectral = false;
};

std::unique_ptr<EnergyModel> build(const Case& each) {
  return make_model("{name: convnet, shape: " + each.shape + ", layers: ['" +
                    join(each.layers, "', '") + "'], reference_precision: 0.3, weight_scale: 1.5" +
                    (each.spectral ? ", spectral_normalisation: true}" : "}"));
}

// What the model computes at some configurations, as the JSON that torch_network.py reads.
std::string as_json(const Case& each, EnergyModel& model) {
  auto& parametric = *model.capability<Parametric>();
  Parameters theta = parametric.parameters();
  for (Index k = 0; k < theta.size(); ++k) theta(k) += .05 * std::sin(1 + double(k));  // biases too
  parametric.set_parameters(theta);
  Batch x(model.dim(), 3), gradient;
  Stream random(2);
  random.normal(x);
  Row energy, weights(3);
  weights << 1, -.4, 2.5;
  model.capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
  Parameters by_theta = Parameters::Zero(theta.size());
  parametric.parameter_gradient(x, weights, by_theta);
  return "{\"shape\": " + each.shape + ", \"layers\": [\"" + join(each.layers, "\", \"") +
         "\"], \"spectral\": " + (each.spectral ? "true" : "false") +
         ", \"precision\": 0.3, \"theta\": " + list(theta) + ", \"x\": " + columns_of(x) +
         ", \"weights\": " + list(weights) + ", \"energy\": " + list(energy) +
         ", \"gradient\": " + columns_of(gradient) + ", \"parameter_gradient\": " + list(by_theta) +
         "}";
}

}  // namespace

TEST_CASE("convnet computes what PyTorch computes with the same weights, to 1e-10") {
  const TemporaryFolder folder;
  for (const Case& each :
       {Case{"[1, 28, 28]",
             {"conv 16 5x5 stride 2 padding 4", "swish", "conv 32 3x3 stride 2 padding 1", "swish",
              "conv 64 3x3 stride 2 padding 1", "swish", "conv 64 3x3 stride 2 padding 1", "swish",
              "dense 64", "swish"}},
        Case{"[2, 7, 6]",
             {"conv 4 3x2 padding 1", "relu", "residual (conv 3 3x3 padding 1, elu, conv 4 1x1)",
              "average_pool 2x3 stride 2", "softplus", "dense 5",
              "residual (dense 6, tanh, dense 5)"}},
        Case{"[2, 5, 4]", {"conv 3 2x2 stride 2", "tanh", "dense 4", "swish"}, true}}) {
    CAPTURE(join(each.layers));
    const auto file = folder.write("network.json", as_json(each, *build(each)));
    const Ending ran = run_program(
        {"/usr/bin/python3", GIBBSITE_SOURCE "/tests/plugins/models/torch_network.py", file});
    CAPTURE(ran.out);
    CAPTURE(ran.err);
    CHECK(ran.code == 0);
    const std::size_t at = ran.out.find("skipped: ");
    if (at != std::string::npos) skip(ran.out.substr(at + 9, ran.out.find('\n', at) - at - 9));
  }
}

TEST_CASE("convnet of the tutorial has its 76 993 parameters and differentiable energies") {
  const auto model = make_model("{name: convnet, shape: [1, 28, 28], layers: [" +
                                std::string(tutorial) + "], reference_precision: 0}");
  CHECK(model->dim() == 784);
  const Parameters theta = model->capability<Parametric>()->parameters();
  // 400 + 16, 4608 + 32, 18432 + 64, 36864 + 64, 256 · 64 + 64, 64 + 1
  CHECK(theta.size() == 416 + 4640 + 18496 + 36928 + 16448 + 65);
  Batch x(784, 1), gradient;
  Stream random(3);
  random.normal(x);
  Row energy;
  model->capability<Differentiable>()->energy_and_gradient(x, energy, gradient);
  Parameters by_theta = Parameters::Zero(theta.size());
  model->capability<Parametric>()->parameter_gradient(x, Row::Ones(1), by_theta);
  const double h = 1e-5;
  for (Index k = 0; k < 40; ++k) {
    const Index pixel = 19 * k, entry = k * (theta.size() - 1) / 39;
    const auto at = [&](double step) {
      Batch moved = x;
      moved(pixel, 0) += Real(step);
      return energies(*model, moved)(0);
    };
    CHECK(near(double(gradient(pixel, 0)), (at(h) - at(-h)) / (2 * h), 1e-8));
    const auto with = [&](double step) {
      Parameters moved = theta;
      moved(entry) += step;
      model->capability<Parametric>()->set_parameters(moved);
      return energies(*model, x)(0);
    };
    CHECK(near(by_theta(entry), (with(h) - with(-h)) / (2 * h), 1e-8));
    model->capability<Parametric>()->set_parameters(theta);
  }
}

TEST_CASE("convnet without weights is the normal reference law") {
  const auto model = make_model(
      "{name: convnet, shape: [2, 1, 1], layers: [tanh], weight_scale: 0, "
      "reference_precision: 4}");
  Batch x(2, 1);
  x << 3, -1;
  CHECK(energies(*model, x)(0) == 20);
}

TEST_CASE("convnet refuses a shape that is none and layers that do not fit") {
  const auto refusal = [](const std::string& yaml) { return error_of([&] { make_model(yaml); }); };
  CHECK(refusal("{name: convnet}").find("shape: is required") != std::string::npos);
  CHECK(refusal("{name: convnet, shape: [2, 2]}") ==
        "model convnet: shape: must be [units] or [channels, height, width], got 2 sizes");
  CHECK(refusal("{name: convnet, shape: [1, 4, 4], layers: [conv 3 5x5]}") ==
        "model convnet: layers: 'conv 3 5x5': its window or padding does not fit an input of "
        "1x4x4");
}

TEST_CASE(
    "a convnet whose leading branches are closed starts as the coarser one of means of pixels") {
  const auto model = make_model(
      "{name: convnet, shape: [2, 4, 6], coarse: [2], weight_scale: 2, reference_precision: 0.3, "
      "layers: ['residual (conv 3 3x3 padding 1, swish, conv 2 3x3 padding 1)', average_pool 2x2, "
      "conv 4 2x2, swish]}");
  auto& parted = *model->capability<Parted>();
  REQUIRE(parted.parts() == 1);
  Batch x(48, 3);
  Stream random(4);
  random.normal(x);
  const Rows data(x);
  const auto part = parted.part(0, data);
  CHECK(part.model->dim() == 12);
  auto& own = *part.model->capability<Parametric>();
  Parameters theta = own.parameters();
  CHECK(theta.size() == parted.part_parameters(0).size());
  for (Index k = 0; k < theta.size(); ++k) theta(k) = std::sin(1 + 2.1 * double(k));
  own.set_parameters(theta);
  parted.take_part(0, theta);
  CHECK(distance(parted.part_parameters(0), theta) < tolerance(1e-15, 1e-6));
  const Batch small = part.data->all(Stream(0));
  for (Index n = 0; n < 3; ++n)
    for (Index channel = 0; channel < 2; ++channel)
      for (Index row = 0; row < 2; ++row)
        for (Index column = 0; column < 3; ++column) {
          const Index at = channel * 24 + 2 * row * 6 + 2 * column;
          const double mean = (double(x(at, n)) + x(at + 1, n) + x(at + 6, n) + x(at + 7, n)) / 4;
          CHECK(near(small(channel * 6 + row * 3 + column, n), mean, tolerance(1e-15, 1e-6)));
        }
  const auto level = [](const Batch& y) {
    return Row(.15 * y.cast<double>().colwise().squaredNorm().array());
  };
  const Row fine = energies(*model, x) - level(x),
            coarse = energies(*part.model, small) - level(small);
  CHECK((fine - coarse).abs().maxCoeff() < tolerance(1e-13, 1e-5));
  CHECK((coarse - coarse(0)).abs().maxCoeff() > 1e-3);
}

TEST_CASE("convnet refuses leading layers that do not lead to a coarser image") {
  const auto refusal = [](const std::string& coarse, const std::string& more = "") {
    return error_of([&] {
      make_model(
          "{name: convnet, shape: [1, 4, 4], layers: [conv 1 3x3 padding 1, average_pool "
          "2x2, conv 2 2x2], coarse: " +
          coarse + more + "}");
    });
  };
  const std::string who = "model convnet: coarse: ";
  CHECK(refusal("[2]") == "");
  CHECK(refusal("[1]").starts_with(who + "1 layers must lead from 1x4x4 to as many channels"));
  CHECK(refusal("[3]").find("got 2") != std::string::npos);
  CHECK(refusal("[4]") == who + "must fall, from at most the number of layers, got 4");
  CHECK(refusal("[2, 2]") == who + "must fall, from at most the number of layers, got 2");
  CHECK(refusal("[2]", ", spectral_normalisation: true") ==
        who + "must not stand beside spectral_normalisation");
}
