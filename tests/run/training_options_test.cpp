// What the reader of the train section takes and what it refuses.
#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/api/enumerate.hpp>

#include "support/training.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("options of the train section that have no effect or no meaning are refused") {
  const std::string base = exact + "updates: 1, ";
  struct Case {
    std::string option, fault;
  };
  for (const auto& [option, fault] :
       {Case{"regularization: {}",
             "train.regularization: has no effect: give l1, l2, spectral or sparsity"},
        Case{"regularization: {l1: 1, blocks: [V]}",
             "train.regularization: blocks: the model has no parameters 'V'"},
        Case{"regularization: {blocks: [W], sparsity: {target: 0.1, rate: 1}}",
             "train.regularization: blocks: need l1, l2 or spectral"},
        Case{"regularization: {sparsity: {target: 1, rate: 1}}",
             "train.regularization: sparsity.target: must be < 1, got 1"},
        Case{"regularization: {sparsity: {target: 0.1}}",
             "train.regularization.sparsity.rate: is required"},
        Case{"regularization: {l3: 1}", "train.regularization.l3: unknown key (did you mean 'l"},
        Case{"clip: {norm: 1, value: 1}", "train.clip: needs either norm or value"},
        Case{"centring: {decay: 1}", "train.centring: decay: must be < 1, got 1"},
        Case{"clip: ", "train.clip: has no value"},
        Case{"clip: {}", "train.clip: needs either norm or value"},
        Case{"clip: {norm: 0}", "train.clip.norm: must be > 0, got 0"},
        Case{"average: 0", "train.average: must be in (0, 1], got 0"},
        Case{"average: 1.5", "train.average: must be in (0, 1], got 1.5"},
        Case{"evaluate: [exact_log_partition]", "train.evaluate.0.every: is required"},
        Case{"evaluate: 3", "train.evaluate: must be a list, got 3"},
        Case{"evaluate: [{name: convergence, every: 1}]", "train.evaluate.0"},
        Case{"stop: {metric: z.a}", "train.stop.metric: train.evaluate has no 'z'"},
        Case{"evaluate: [{name: exact_log_partition, every: 1}], stop: {metric: loss}",
             "train.stop.metric: must be label.number of an entry of train.evaluate, got loss"},
        Case{"stop: {}", "train.stop.metric: is required"},
        Case{"on_divergence: {retries: 0}",
             "train.on_divergence: has no effect: give retries or energy_gap"},
        Case{"on_divergence: {retries: 0, energy_gap: 1, rate_factor: 0.1}",
             "train.on_divergence: rate_factor and snapshot_every need retries > 0"},
        Case{"on_divergence: {rate_factor: 2}",
             "train.on_divergence.rate_factor: must be in (0, 1], got 2"}}) {
    CAPTURE(option);
    const std::string text = faults_of(base + option);
    CAPTURE(text);
    CHECK(occurrences(text, fault) == 1);
  }
  const auto without_hidden = [](const std::string& options) {
    Faults faults;
    CHECK_FALSE(
        build("gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\nmodel: "
              "{name: bernoulli, units: 4}\ntrain: {gradient: exact, updates: 1, " +
                  options + "}\n",
              faults));
    return join(faults.lines(), "\n");
  };
  CHECK(occurrences(without_hidden("regularization: {sparsity: {target: 0.1, rate: 1}}"),
                    "sparsity: needs a model with a layer of binary hidden units") == 1);
  CHECK(occurrences(without_hidden("regularization: {l2: 1}"),
                    "blocks: the model has no weights: name the parameters to regularise") == 1);
}

TEST_CASE("the resolved train section builds the same cell again, whatever is left to defaults") {
  const std::string metric =
      "evaluate: [{name: exact_log_partition, every: 2, label: z}], stop: "
      "{metric: z.log_partition}";
  for (const std::string& options :
       {metric, std::string("on_divergence: {}, centring: {means: model}"),
        std::string("on_divergence: {retries: 0, energy_gap: 3}"),
        std::string("regularization: {l1: 1}"),
        std::string("regularization: {sparsity: {target: 0.1, rate: 1}}"),
        std::string("regularization: {l2: 1, blocks: [W, c]}, clip: {value: 2}, average: 0.5")}) {
    CAPTURE(options);
    Faults faults;
    const auto first = build(spec(exact + "updates: 1, " + options), faults);
    REQUIRE(first);
    const auto again = build(to_yaml(first->resolved), faults);
    CAPTURE(join(faults.lines(), "\n"));
    REQUIRE(again);
    CHECK(again->id == first->id);
  }
}

TEST_CASE("options that are not given leave the cell what it was") {
  Faults faults;
  const auto experiment = build(spec(exact + "updates: 1"), faults);
  REQUIRE(experiment);
  const Node& train = *experiment->resolved.find("train");
  for (const char* key : {"regularization", "clip", "centring", "average", "evaluate", "stop",
                          "on_divergence", "pretrain"})
    CHECK(train.find(key) == nullptr);
}
