// Training of a model's parts before the whole.
#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/run/pretrain_record.hpp>

#include "support/training.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::string machine(const std::string& train, const std::string& more = "") {
  return "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 3}\nmodel: {name: "
         "deep_boltzmann_machine, visible: 9, hidden: [8, 4], weight_scale: 0.1}\ntrain: {"
         "gradient: {name: contrastive_divergence, persistent: true, chains: 10}, optimizer: "
         "{name: sgd, step_size: 0.1}, batch: 8, " +
         train + "}\n" + more;
}

std::string images(const std::string& train, const std::string& more = "") {
  return "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 4}\nmodel: {name: convnet, "
         "shape: [1, 4, 4], coarse: [2], layers: ['residual (conv 2 3x3 padding 1, swish, conv 1 "
         "3x3 padding 1)', average_pool 2x2, dense 5, tanh]}\ntrain: {gradient: {name: "
         "denoising_score_matching, sigma: 0.3}, batch: 10, " +
         train + "}\n" + more;
}

std::string faults_in(const std::string& yaml) {
  Faults faults;
  CHECK_FALSE(build(yaml, faults));
  return join(faults.lines(), "\n");
}

double likelihood(const std::string& yaml) {
  const Cell cell(yaml + "evaluate: [exact_log_partition]\n");
  REQUIRE(cell.outcome.status == "complete");
  for (const auto& [name, value] : cell.outcome.headline)
    if (name == "exact_log_partition.mean_log_likelihood_train") return value;
  FAIL("no likelihood");
  return 0;
}

}  // namespace

// Independent fair coins have a mean log-likelihood of -9 ln 2 = -6.24.
TEST_CASE(
    "a pre-trained deep Boltzmann machine starts at a better exact likelihood than a random one") {
  const double random = likelihood(machine("updates: 0"));
  CHECK(std::abs(random + 9 * std::log(2.)) < .5);
  const double started =
      likelihood(machine("updates: 0, pretrain: [{gradient: contrastive_divergence, updates: 500}, "
                         "{gradient: contrastive_divergence, updates: 500}]"));
  CHECK(started > random + .5);
}

TEST_CASE("parts that make no updates leave the whole where it starts") {
  Faults faults;
  const auto experiment =
      build(machine("updates: 0, pretrain: [{updates: 0}, {updates: 0}]"), faults);
  CAPTURE(join(faults.lines(), "\n"));
  REQUIRE(experiment);
  auto& parametric = *experiment->model->capability<Parametric>();
  Parameters theta = parametric.parameters();
  for (Index k = 0; k < theta.size(); ++k) theta(k) += .1 * std::sin(double(k));
  parametric.set_parameters(theta);
  const TemporaryFolder folder;
  Session session(*experiment, workers(), folder.path(), -1);
  gibbsite::train(session);
  CHECK(session.state.training.theta == theta);
  CHECK(session.state.pretraining.part == 2);
}

TEST_CASE("the record of parts has a row per update of each, and the whole begins anew after it") {
  const Cell cell(
      machine("updates: 3, pretrain: [{gradient: contrastive_divergence, epochs: 2}, "
              "{updates: 5, record_every: 2, optimizer: {name: sgd, step_size: 0.5}}]"));
  REQUIRE(cell.outcome.status == "complete");
  // 16 observations in batches of 8.
  CHECK(cell.read("/pretraining/part") == std::vector<double>{0, 0, 0, 0, 1, 1});
  CHECK(cell.read("/pretraining/update") == std::vector<double>{1, 2, 3, 4, 2, 4});
  CHECK(cell.read("/pretraining/learning_rate") == std::vector<double>{.1, .1, .1, .1, .5, .5});
  CHECK(cell.read("/training/update") == std::vector<double>{1, 2, 3});
  // What parts are asked for is part of the cost of training.
  const double of_parts = cell.read("/pretraining/parameter_gradient_evaluations").back();
  CHECK(of_parts > 0);
  CHECK(cell.read("/training/parameter_gradient_evaluations").front() > of_parts);
  CHECK_FALSE(Cell(machine("updates: 1")).has("/pretraining"));
}

TEST_CASE("what coarse images have taught is where the whole network starts") {
  Faults faults;
  const auto experiment = build(images("updates: 0, pretrain: [{updates: 30}]"), faults);
  CAPTURE(join(faults.lines(), "\n"));
  REQUIRE(experiment);
  const TemporaryFolder folder;
  Session session(*experiment, workers(), folder.path(), -1);
  const PretrainStage& coarse = experiment->train->pretraining[0];
  const Parameters before = coarse.parametric->parameters();
  gibbsite::train(session);
  const Parameters learnt = coarse.parametric->parameters();
  CHECK(gap(before, learnt) > 1e-3);
  CHECK(session.state.training.theta.tail(learnt.size()) == learnt);
}

TEST_CASE("training by parts, stopped and resumed at any update, ends with the same bits") {
  for (const std::string& yaml :
       {machine("updates: 6, pretrain: [{updates: 7, optimizer: {name: adam}}, {gradient: "
                "contrastive_divergence, updates: 5}]",
                "checkpoint: {every: 1e-9}\n"),
        images("updates: 5, pretrain: [{updates: 7}]", "checkpoint: {every: 1e-9}\n")}) {
    const Cell whole(yaml);
    REQUIRE(whole.outcome.status == "complete");
    for (const int after : {2, 3, 5}) {
      CAPTURE(after);
      CHECK(kills_without_effect(yaml, whole, after) > 1);
    }
  }
}

TEST_CASE("a part that diverges ends the cell as diverged") {
  const Cell cell(
      machine("updates: 1, pretrain: [{updates: 50, optimizer: {name: sgd, step_size: "
              "1e308}}, {updates: 1}]"));
  CHECK(cell.outcome.status == "diverged");
  CHECK(cell.outcome.error.find("of pretrain 0") != std::string::npos);
}

TEST_CASE("pre-training is refused where it has no meaning, and resolves to itself") {
  CHECK(occurrences(faults_of(exact + "updates: 1, pretrain: [{updates: 1}]"),
                    "train.pretrain: needs a model with parts") == 1);
  CHECK(occurrences(
            faults_in(machine("updates: 1, pretrain: [{updates: 1}]")),
            "train.pretrain: must be a list with an entry for each of the model's 2 parts") == 1);
  const std::string wrong =
      faults_in(machine("updates: 1, pretrain: [{updates: 1, epochs: 1}, {steps: 1, updates: 1}]"));
  CHECK(occurrences(wrong, "train.pretrain.0: needs either epochs or updates") == 1);
  CHECK(occurrences(wrong, "train.pretrain.1.steps: unknown key") == 1);
  Faults faults;
  const auto first = build(machine("updates: 1, pretrain: [{updates: 1}, {epochs: 2}]"), faults);
  REQUIRE(first);
  const auto again = build(to_yaml(first->resolved), faults);
  CAPTURE(join(faults.lines(), "\n"));
  REQUIRE(again);
  CHECK(again->id == first->id);
}
