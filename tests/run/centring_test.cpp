// Gradients as if units were centred.
#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/api/enumerate.hpp>

#include "support/training.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("centring gives the gradient of the centred machine, transformed back") {
  // ⟨(v - μ)(h - λ)ᵀ⟩ by its definition, from the exact means of v, h and v hᵀ.
  Faults faults;
  const auto experiment = build(spec(exact + "updates: 0"), faults);
  experiment->model->capability<Parametric>()->set_parameters(start());
  const auto& latent = *experiment->model->capability<Latent>();
  const Batch data = experiment->training->all(Stream(0)), all = states(Domain::binary(4), 0, 16);
  Row energy;
  experiment->model->energy(all, energy);
  const Row law = (-energy).exp() / (-energy).exp().sum();
  const auto moments = [&](const Batch& v, const Row& weights) {
    Batch natural;
    latent.hidden_natural(v, natural);
    const Eigen::MatrixXd h = mean(latent.hidden(), natural).cast<double>();
    const Eigen::MatrixXd weighed = v.cast<double>() * weights.matrix().asDiagonal();
    return std::tuple(Eigen::MatrixXd(weighed * h.transpose()),
                      Eigen::VectorXd(weighed.rowwise().sum()),
                      Eigen::VectorXd(h * weights.matrix().transpose()));
  };
  const auto [vh_data, v_data, h_data] =
      moments(data, Row::Constant(data.cols(), 1 / double(data.cols())));
  const auto [vh_model, v_model, h_model] = moments(all, law);
  for (const std::string means : {"data", "model", "average"}) {
    CAPTURE(means);
    const double share = means == "data" ? 0 : means == "model" ? 1 : .5;
    const Eigen::VectorXd mu = (1 - share) * v_data + share * v_model,
                          lambda = (1 - share) * h_data + share * h_model;
    const auto centred = [&](const auto& vh, const auto& v, const auto& h) {
      return Eigen::MatrixXd(vh - v * lambda.transpose() - mu * h.transpose() +
                             mu * lambda.transpose());
    };
    const Eigen::MatrixXd W =
        centred(vh_data, v_data, h_data) - centred(vh_model, v_model, h_model);
    Parameters expected(19);
    for (Index i = 0; i < 4; ++i) expected.segment(3 * i, 3) = W.row(i);
    expected.segment(12, 4) = v_data - v_model - W * lambda;
    expected.tail(3) = h_data - h_model - W.transpose() * mu;
    const Parameters step = theta(exact + "updates: 1, centring: {means: " + means + "}") - start();
    CHECK(gap(step, .1 * expected) < 1e-14);
    CHECK(gap(step, theta(exact + "updates: 1") - start()) > 1e-3);
  }
}

TEST_CASE("centred training does not feel which value of a unit is called 0") {
  // Flipping v turns W, b, c into -W, -b, c + Wᵀ1: the same law of the flipped data.
  const TemporaryFolder folder;
  folder.write("a.csv", "1,1,0\n1,0,0\n1,1,1\n1,1,0\n0,1,0\n");
  folder.write("b.csv", "0,0,1\n0,1,1\n0,0,0\n0,0,1\n1,0,1\n");
  const auto after = [&](const std::string& file, bool flipped, const std::string& options) {
    Faults faults;
    const auto experiment =
        build("gibbsite: 1\nname: x\ndata: {name: csv, path: " + (folder / file).string() +
                  "}\nmodel: {name: rbm, hidden: 2}\ntrain: {batch: 5, updates: 50, " + exact +
                  options + "}\n",
              faults);
    CAPTURE(join(faults.lines(), "\n"));
    REQUIRE(experiment);
    Parameters at = Parameters::LinSpaced(11, -.7, .9);
    if (flipped) {
      for (Index j = 0; j < 2; ++j) at(9 + j) += at(j) + at(2 + j) + at(4 + j);
      at.head(9) *= -1;
    }
    auto& parametric = *experiment->model->capability<Parametric>();
    parametric.set_parameters(at);
    Session session(*experiment, workers(), folder / "nowhere", -1);
    gibbsite::train(session);
    Parameters end = session.state.training.theta;
    if (flipped) {
      end.head(9) *= -1;
      for (Index j = 0; j < 2; ++j) end(9 + j) -= end(j) + end(2 + j) + end(4 + j);
    }
    return end;
  };
  for (const std::string options : {"centring: {}", "centring: {means: data, decay: 0}"})
    CHECK(gap(after("a.csv", false, options), after("b.csv", true, options)) < 1e-11);
  CHECK(gap(after("a.csv", false, ""), after("b.csv", true, "")) > .1);
}

TEST_CASE("centring is refused where it has no meaning") {
  for (const std::string model :
       {"rbm, hidden: 3, centred: true", "rbm, hidden: 3, temperature: 2",
        "deep_boltzmann_machine, visible: 4, hidden: [3, 2]", "semi_restricted, hidden: 2",
        "boltzmann_machine, temperature: 2"}) {
    CAPTURE(model);
    Faults faults;
    CHECK_FALSE(build(
        "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\nmodel: {name: " + model +
            "}\ntrain: {gradient: contrastive_divergence, updates: 1, centring: {}}\n",
        faults));
    const std::string text = join(faults.lines(), "\n");
    CAPTURE(text);
    CHECK(occurrences(text, "train.centring: needs a model of two layers") == 1);
  }
}

TEST_CASE("centred training of a fully visible machine does not feel which value is called 0") {
  // x -> 1 - x turns W, b into W, -b - 2W1; only centred training follows it.
  const TemporaryFolder folder;
  folder.write("a.csv", "1,1,0\n1,0,0\n1,1,1\n1,1,0\n0,1,0\n");
  folder.write("b.csv", "0,0,1\n0,1,1\n0,0,0\n0,0,1\n1,0,1\n");
  const auto flip = [](Parameters theta) {
    const Eigen::MatrixXd W = theta.head(9).reshaped(3, 3);
    theta.tail(3) = -theta.tail(3) - 2 * W.rowwise().sum();
    return theta;
  };
  const auto after = [&](const std::string& file, bool flipped, const std::string& options) {
    Faults faults;
    const auto experiment =
        build("gibbsite: 1\nname: x\ndata: {name: csv, path: " + (folder / file).string() +
                  "}\nmodel: boltzmann_machine\ntrain: {batch: 5, updates: 50, " + exact + options +
                  "}\n",
              faults);
    CAPTURE(join(faults.lines(), "\n"));
    REQUIRE(experiment);
    Parameters at(12);
    at << 0, .4, -.3, .4, 0, .2, -.3, .2, 0, .5, -.2, .1;
    auto& parametric = *experiment->model->capability<Parametric>();
    parametric.set_parameters(flipped ? flip(at) : at);
    Session session(*experiment, workers(), folder / "nowhere", -1);
    gibbsite::train(session);
    const Parameters end = session.state.training.theta;
    return flipped ? flip(end) : end;
  };
  for (const std::string options : {"centring: {}", "centring: {means: data, decay: 0}"})
    CHECK(gap(after("a.csv", false, options), after("b.csv", true, options)) < 1e-11);
  CHECK(gap(after("a.csv", false, ""), after("b.csv", true, "")) > .01);
}

TEST_CASE("a centred update of a fully visible machine is its gradient by centred coordinates") {
  // With E = -(x - μ)ᵀW(x - μ) - b'ᵀ(x - μ), an update of W and b' = b + 2Wμ.
  Faults faults;
  const std::string yaml =
      "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\nmodel: {name: "
      "boltzmann_machine, weight_scale: 0.5}\ntrain: {batch: 8, updates: 1, " +
      exact + "centring: {means: data}}\n";
  const auto experiment = build(yaml, faults);
  REQUIRE(experiment);
  auto& parametric = *experiment->model->capability<Parametric>();
  const Parameters before = parametric.parameters();
  const Batch data = experiment->training->all(Stream(0)), all = states(Domain::binary(4), 0, 16);
  Row energy;
  experiment->model->energy(all, energy);
  const Row law = (-energy).exp() / (-energy).exp().sum();
  const Eigen::VectorXd mu = data.cast<double>().rowwise().mean();
  const auto moments = [&](const Batch& x, const Row& weights) {
    const Eigen::MatrixXd off = x.cast<double>().colwise() - mu;
    return std::pair(Eigen::MatrixXd(off * weights.matrix().asDiagonal() * off.transpose()),
                     Eigen::VectorXd(off * weights.matrix().transpose()));
  };
  const auto [of_data, mean_data] =
      moments(data, Row::Constant(data.cols(), 1 / double(data.cols())));
  const auto [of_model, mean_model] = moments(all, law);
  Eigen::MatrixXd W = .1 * (of_data - of_model);
  W.diagonal().setZero();
  Parameters expected(20);
  expected << W.reshaped(), .1 * (mean_data - mean_model) - 2 * W * mu;
  const TemporaryFolder folder;
  Session session(*experiment, workers(), folder.path(), -1);
  gibbsite::train(session);
  CHECK(gap(session.state.training.theta - before, expected) < 1e-14);
}
