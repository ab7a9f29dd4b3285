// The options of the train section: clipping, averages, evaluations while training goes on, the
// parameters that are kept, and returns after a divergence.
#include "support/training.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <gibbsite/api/enumerate.hpp>
#include <gibbsite/run/diagnosis.hpp>
#include <gibbsite/run/training_record.hpp>

using namespace gibbsite;
using namespace gibbsite::test;

// An update of CD-1 on 8 observations of 4 + 3 units takes 16 parameter gradients, and site updates
// that the record counts; a sweep is 4 of them.
TEST_CASE("training ends at the first update that reaches its budget of evaluations") {
  const std::string cd =
      "gradient: {name: contrastive_divergence, energy_gap: false}, optimizer: sgd, updates: 100";
  const auto spent = [](const Cell& cell) {
    double all = cell.read("/training/site_updates").back() / 4;
    for (const char* kind : {"energy", "gradient", "parameter_gradient"})
      all += cell.read(std::string("/training/") + kind + "_evaluations").back();
    return all;
  };
  const Cell one(spec(cd + ", budget: 1"));
  CHECK(one.read("/training/update") == std::vector<double>{1});
  const double per_update = spent(one);
  CHECK(per_update > 16);
  for (const auto& [budget, updates] :
       {std::pair(10 * per_update, 10.), {10 * per_update + .5, 11.}, {1e6 * per_update, 100.}}) {
    const Cell cell(spec(cd + ", budget: " + std::to_string(budget)));
    CHECK(cell.read("/training/update").back() == updates);
  }
}

TEST_CASE("a clipped gradient keeps its direction by norm, or its small entries by value") {
  const Parameters step = theta(exact + "updates: 1") - start();
  const double longest = step.norm(), largest = step.cwiseAbs().maxCoeff();
  const auto clipped = [&](const std::string& limit) {
    return trained(exact + "updates: 1, clip: {" + limit + "}");
  };
  const Checkpoint by_norm = clipped("norm: " + number_text(longest * 10 / 4));
  CHECK(gap(by_norm.training.theta - start(), step / 4) < 1e-15);
  CHECK(by_norm.training.clipped == 1);
  const Checkpoint by_value = clipped("value: " + number_text(largest * 10 / 2));
  const Parameters cut = step.cwiseMin(largest / 2).cwiseMax(-largest / 2);
  CHECK(gap(cut, step) > 0);
  CHECK(gap(by_value.training.theta - start(), cut) < 1e-15);
  const Checkpoint untouched = clipped("norm: " + number_text(longest * 11));
  CHECK(untouched.training.theta == start() + step);
  CHECK(untouched.training.clipped == 0);
}

TEST_CASE("the running mean of the parameters is what is stored, and the last are beside it") {
  std::vector<Parameters> path;
  for (int n = 1; n <= 4; ++n) path.push_back(theta(exact + "updates: " + std::to_string(n)));
  const auto with = [&](const std::string& share) {
    return spec(exact + "updates: 4, average: " + share, "evaluate: [exact_log_partition]\n");
  };
  const Cell all(with("1"));
  REQUIRE(all.outcome.status == "complete");
  CHECK(gap(all.parameters("/parameters"), (path[0] + path[1] + path[2] + path[3]) / 4) < 1e-14);
  CHECK(all.parameters("/last_parameters") == path[3]);
  // Shares 0, 1/2, .6, .6 of what was before.
  const Cell some(with("0.6"));
  const Parameters two = (path[0] + path[1]) / 2;
  CHECK(gap(some.parameters("/parameters"), .6 * (.6 * two + .4 * path[2]) + .4 * path[3]) < 1e-14);
  const Cell plain(spec(exact + "updates: 4", "evaluate: [exact_log_partition]\n"));
  CHECK(plain.parameters("/parameters") == path[3]);
  CHECK_FALSE(plain.has("/last_parameters"));
  const char* const likelihood = "/estimates/exact_log_partition/mean_log_likelihood_train";
  CHECK(plain.read(likelihood) != all.read(likelihood));
}

TEST_CASE("scheduled evaluations are columns of the record, change nothing and are paid apart") {
  const std::string end = "evaluate: [exact_log_partition]\n";
  const std::string record = "updates: 12, record_every: 5";
  const Cell without(spec(exact + record, end)),
      with(spec(exact + record + ", evaluate: [{name: exact_log_partition, every: 4, label: z}]",
                end));
  REQUIRE(with.outcome.status == "complete");
  CHECK(with.parameters("/parameters") == without.parameters("/parameters"));
  CHECK(with.read("/training/update") == std::vector<double>{4, 5, 8, 10, 12});
  const auto values = with.read("/training/z.mean_log_likelihood_train");
  REQUIRE(values.size() == 5);
  CHECK(std::isnan(values[1]));
  CHECK(std::isnan(values[3]));
  CHECK(values[0] < values[2]);
  CHECK(values[4] == with.read("/estimates/exact_log_partition/mean_log_likelihood_train").at(0));
  CHECK(with.has("/training/z.log_partition"));
  CHECK_FALSE(without.has("/training/z.log_partition"));
  const auto spent = [](const Cell& cell, std::size_t stage) {
    return std::array{cell.read("/cost/energy_evaluations").at(stage),
                      cell.read("/cost/site_updates").at(stage)};
  };
  CHECK(spent(with, 0) == spent(without, 0));
  CHECK(spent(with, 2)[0] == 4 * spent(without, 2)[0]);
  CHECK(spent(with, 2)[0] + spent(with, 2)[1] > 0);
}

TEST_CASE("a scheduled evaluation has other random numbers at every update and sees the mean") {
  const std::string still = "gradient: exact, optimizer: {name: sgd, step_size: 1e-300}, ";
  const Cell cell(spec(still + "updates: 3, evaluate: [{name: annealed_importance_sampling, "
                               "temperatures: 5, runs: 10, every: 1}]"));
  const auto z = cell.read("/training/annealed_importance_sampling.log_partition");
  REQUIRE(z.size() == 3);
  CHECK(z[0] != z[1]);
  CHECK(z[1] != z[2]);
  const Cell averaged(spec(exact + "updates: 8, average: 1, evaluate: [{name: exact_log_partition, "
                                   "every: 8}]",
                           "evaluate: [exact_log_partition]\n"));
  CHECK(averaged.read("/training/exact_log_partition.log_partition").back() ==
        averaged.read("/estimates/exact_log_partition/log_partition").at(0));
  CHECK(averaged.parameters("/last_parameters") == theta(exact + "updates: 8"));
}

TEST_CASE("training stops when a metric has not improved for so long, and keeps the best") {
  // The log-likelihood rises from the start, so that its first value is the smallest.
  const std::string stop =
      "updates: 50, evaluate: [{name: exact_log_partition, every: 3}], stop: {metric: "
      "exact_log_partition.mean_log_likelihood_train, ";
  const Cell early(spec(exact + stop + "mode: min, patience: 2}"));
  REQUIRE(early.outcome.status == "complete");
  CHECK(early.read("/training/update").back() == 9);
  CHECK(early.parameters("/parameters") == theta(exact + "updates: 3"));
  CHECK(early.parameters("/last_parameters") == theta(exact + "updates: 9"));
  const Hdf5Reader file((early.folder / "result.h5").string());
  CHECK(file.boolean_attribute("/training", "stopped_early") == true);
  CHECK(file.text_attribute("/training", "metric") ==
        "exact_log_partition.mean_log_likelihood_train");
  const Cell late(spec(exact + stop + "patience: 2}"));
  CHECK(late.read("/training/update").back() == 50);
  CHECK(late.parameters("/parameters") == theta(exact + "updates: 48"));
  CHECK(Hdf5Reader((late.folder / "result.h5").string())
            .boolean_attribute("/training", "stopped_early") == false);
  const Checkpoint never = trained(exact + stop + "mode: min}");
  CHECK(never.training.update == 50);
  CHECK(never.training.best_update == 3);
  CHECK(never.training.best == theta(exact + "updates: 3"));
}

TEST_CASE("a metric that an evaluation does not have fails with the names that it has") {
  Faults faults;
  const auto experiment =
      build(spec(exact + "updates: 5, evaluate: [{name: exact_log_partition, every: 1}], stop: "
                         "{metric: exact_log_partition.mean_log_likelihood_trian}"),
            faults);
  REQUIRE(experiment);
  const TemporaryFolder folder;
  Session session(*experiment, workers(), folder.path(), -1);
  CHECK_THROWS_WITH_AS(
      gibbsite::train(session),
      "train.stop.metric: evaluation 'exact_log_partition' has no number "
      "'mean_log_likelihood_trian' (did you mean 'mean_log_likelihood_train'; known: "
      "log_partition, mean_log_likelihood_train)",
      Error);
}

TEST_CASE("after a divergence training goes on from its snapshot, slower and with other numbers") {
  const std::string cd =
      "gradient: {name: contrastive_divergence, persistent: true, chains: 20}, updates: 30, ";
  // Two steps of this length leave the finite range.
  const std::string wild = cd + "optimizer: {name: adam, step_size: 1e308}, ";
  const Cell cell(
      spec(wild + "on_divergence: {retries: 3, rate_factor: 1e-308, snapshot_every: 2}"));
  REQUIRE(cell.outcome.status == "complete");
  const auto update = cell.read("/rollbacks/update"), restart = cell.read("/rollbacks/restart");
  REQUIRE(update.size() == 1);
  CHECK(restart[0] <= update[0]);
  CHECK(update[0] - restart[0] < 2);
  CHECK(int(restart[0]) % 2 == 0);
  CHECK(cell.read("/rollbacks/learning_rate").at(0) == doctest::Approx(1));
  const auto findings = diagnose(cell.folder / "result.h5");
  CHECK(std::any_of(findings.begin(), findings.end(), [](const auto& finding) {
    return finding.what == "it diverged and went on from a snapshot 1 time";
  }));
  std::vector<double> whole(30);
  for (std::size_t n = 0; n < 30; ++n) whole[n] = double(n + 1);
  CHECK(cell.read("/training/update") == whole);
  CHECK(cell.read("/training/learning_rate").back() == doctest::Approx(1));
  const Cell ends(spec(wild + "on_divergence: {retries: 2, rate_factor: 1, snapshot_every: 5}"));
  CHECK(ends.outcome.status == "diverged");
  CHECK(occurrences(ends.outcome.error, ", after 2 returns to a snapshot") == 1);
  CHECK(ends.read("/rollbacks/update").size() == 2);
  CHECK(ends.parameters("/parameters").allFinite());
  const Cell plain(spec(cd + "optimizer: {name: sgd, step_size: 0.1}, on_divergence: {}"));
  CHECK(plain.outcome.status == "complete");
  CHECK_FALSE(plain.has("/rollbacks"));
  CHECK(plain.parameters("/parameters") == theta(cd + "optimizer: {name: sgd, step_size: 0.1}"));
}

TEST_CASE("what follows a return is training with the smaller rate") {
  // Exact gradients have no random numbers, so that only the rate tells the two apart.
  for (const std::string name : {"adam", "adamax, beta1: 0.5"}) {
    CAPTURE(name);
    const auto with = [&](const std::string& step, const std::string& more) {
      return trained("gradient: exact, updates: 5, optimizer: {name: " + name +
                     ", step_size: " + step + "}" + more);
    };
    const Checkpoint state =
        with("1e308", ", on_divergence: {rate_factor: 1e-308, snapshot_every: 100}");
    REQUIRE(state.rollbacks.size() == 1);
    CHECK(state.rollbacks[0].restart == 0);
    CHECK(gap(state.training.theta, with("1", "").training.theta) < 1e-13);
  }
}

TEST_CASE("an energy gap beyond its bound is a divergence; a missing one is refused") {
  const std::string cd =
      "gradient: {name: contrastive_divergence}, updates: 20, optimizer: {name: sgd, step_size: "
      "0.1}, on_divergence: {retries: 0, energy_gap: ";
  const Cell tight(spec(cd + "1e-9}"));
  CHECK(tight.outcome.status == "diverged");
  CHECK(tight.outcome.error.starts_with("the energy gap is "));
  CHECK(Cell(spec(cd + "1e9}")).outcome.status == "complete");
  Faults faults;
  const auto silent =
      build(spec("gradient: {name: contrastive_divergence, energy_gap: false}, updates: 2, "
                 "on_divergence: {energy_gap: 1}"),
            faults);
  REQUIRE(silent);
  const TemporaryFolder folder;
  Session session(*silent, workers(), folder.path(), -1);
  CHECK_THROWS_WITH_AS(
      gibbsite::train(session),
      "train.on_divergence.energy_gap: the gradient estimator reports no energy gap", Error);
}

TEST_CASE("training that a budget ended stays ended when a later stage is resumed") {
  Faults faults;
  const auto experiment =
      build(spec("gradient: contrastive_divergence, updates: 100, budget: 200"), faults);
  REQUIRE(experiment);
  const TemporaryFolder folder;
  Session session(*experiment, workers(), folder.path(), -1);
  gibbsite::train(session);
  const Training& training = session.state.training;
  const auto ended = training.update;
  const Parameters last = training.theta;
  CHECK(ended < 100);
  session.enter(Checkpoint::Stage::sample);
  gibbsite::train(session);
  CHECK(training.update == ended);
  CHECK(training.theta == last);
}

TEST_CASE("training stopped and resumed at any update or evaluation ends with the same bits") {
  // All that is kept at once: optimizer slots and schedule, running mean, sparsity, scheduled
  // evaluations of which one takes long, the best parameters, and returns to snapshots.
  const std::string yaml = spec(
      "gradient: {name: contrastive_divergence, persistent: true, chains: 9}, optimizer: "
      "{name: rmsprop, centred: true, momentum: 0.5, step_size: 0.02, schedule: cosine, "
      "period: 30, warmup: 5}, updates: 40, record_every: 3, average: 0.8, regularization: "
      "{l1: 0.001, sparsity: {target: 0.2, rate: 0.1}}, clip: {norm: 0.3}, centring: {means: "
      "average}, evaluate: [{name: "
      "exact_log_partition, every: 4}, {name: annealed_importance_sampling, temperatures: 4, "
      "runs: 5, every: 6}], stop: {metric: exact_log_partition.mean_log_likelihood_train, "
      "mode: min, patience: 5}, on_divergence: {retries: 1000, rate_factor: 0.999, energy_gap: "
      "0.3, "
      "snapshot_every: 5}",
      "sample: {draws: 20, chains: 2, warmup: 3}\nevaluate: [exact_log_partition]\n"
      "checkpoint: {every: 1e-9}\n");
  const Cell whole(yaml);
  REQUIRE(whole.outcome.status == "complete");
  CHECK(whole.read("/rollbacks/update").size() > 2);
  CHECK(whole.read("/training/clipped").back() > 2);
  CHECK(whole.read("/training/update").back() < 40);  // it has ended early
  for (const int after : {2, 3, 7, 20}) {
    CAPTURE(after);
    CHECK(kills_without_effect(yaml, whole, after) > 2);
  }
}

TEST_CASE("the record has the temperature that an unadjusted kernel aims at") {
  const TemporaryFolder folder;
  folder.write("a.csv", "1,1\n1,0\n0.5,-1\n0,1\n");
  const auto cell = [&](const std::string& gradient) {
    return Cell("gibbsite: 1\nname: x\ndata: {name: csv, path: " + (folder / "a.csv").string() +
                "}\nmodel: {name: gaussian, units: 2}\ntrain: {optimizer: sgd, updates: 3, batch: "
                "4, gradient: " +
                gradient + "}\n");
  };
  const std::string decoupled = "sampler: {name: ula, drift: 1, noise: 0.01}}";
  for (const std::string name :
       {"short_run", "contrastive_divergence", "stochastic_maximum_likelihood", "fast_pcd"}) {
    CAPTURE(name);
    const Cell one = cell("{name: " + name + ", " + decoupled);
    REQUIRE(one.outcome.status == "complete");
    for (const double t : one.read("/training/temperature"))
      CHECK(t == doctest::Approx(5e-5).epsilon(1e-12));
  }
  CHECK(cell("{name: short_run, sampler: {name: ula, step_size: 0.1}}")
            .read("/training/temperature") == std::vector<double>(3, 1));
  CHECK_FALSE(cell("{name: short_run, sampler: {name: mala, step_size: 0.1}}")
                  .has("/training/temperature"));
}

TEST_CASE("a gradient or an optimizer that changes the number of parameters is refused") {
  struct Short final : GradientEstimator {
    GradientEstimate estimate(const BatchView&, Saved&, Stream) const override {
      return {.ascent = Parameters::Zero(3)};
    }
  };
  struct Longer final : Optimizer {
    void update(Parameters& theta, const Parameters&, Slots&, std::uint64_t) const override {
      theta.setZero(theta.size() + 1);
    }
    double learning_rate(std::uint64_t) const override { return 1; }
  };
  const auto refusal = [](auto replace) {
    Faults faults;
    const auto experiment = build(spec(exact + "updates: 2"), faults);
    REQUIRE(experiment);
    replace(*experiment->train);
    const TemporaryFolder folder;
    Session session(*experiment, workers(), folder.path(), -1);
    try {
      gibbsite::train(session);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refusal([](TrainStage& stage) { stage.gradient = std::make_unique<Short>(); }) ==
        "the gradient estimator returns 3 numbers for 19 parameters");
  CHECK(refusal([](TrainStage& stage) { stage.optimizer = std::make_unique<Longer>(); }) ==
        "the optimizer leaves 20 numbers for 19 parameters");
}
