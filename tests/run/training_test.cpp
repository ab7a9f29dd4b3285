// The options of the train section: penalties, clipping, averages, evaluations while training goes
// on, the parameters that are kept, and returns after a divergence.
#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/api/enumerate.hpp>
#include <gibbsite/io/hdf5.hpp>
#include <gibbsite/io/yaml.hpp>
#include <gibbsite/run/cell.hpp>
#include <gibbsite/run/diagnosis.hpp>
#include <gibbsite/run/training_record.hpp>

#include "support/make.hpp"
#include "support/program.hpp"
#include "support/results.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Bars and stripes of side 2 in one batch: 4 visible units, so W has 12 entries, b 4 and c 3.
std::string spec(const std::string& train, const std::string& more = "") {
  return "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\n"
         "model: {name: rbm, hidden: 3, weight_scale: 0.5}\ntrain: {batch: 8, " +
         train + "}\n" + more;
}
const std::string exact = "gradient: exact, optimizer: {name: sgd, step_size: 0.1}, ";

std::unique_ptr<Experiment> build(const std::string& yaml, Faults& faults) {
  DataCache cache;
  return build_experiment(parse_yaml(yaml, "s.yaml"), registry(), workers(), cache, faults);
}

std::string faults_of(const std::string& train) {
  Faults faults;
  CHECK_FALSE(build(spec(train), faults));
  return join(faults.lines(), "\n");
}

// The state after training alone, from the model's own parameters or from others.
Checkpoint trained(const std::string& train, const Parameters& from = {}) {
  Faults faults;
  const auto experiment = build(spec(train), faults);
  CAPTURE(join(faults.lines(), "\n"));
  REQUIRE(experiment);
  if (from.size() > 0) experiment->model->capability<Parametric>()->set_parameters(from);
  const TemporaryFolder folder;
  Session session(*experiment, workers(), folder.path(), -1);
  gibbsite::train(session);
  session.account();
  return session.state;
}

Parameters theta(const std::string& train) { return trained(train).training.theta; }

// Where the cell starts.
const Parameters& start() {
  static const Parameters at = theta(exact + "updates: 0");
  return at;
}

// A cell's results file, in a folder that goes with it.
struct Cell {
  explicit Cell(const std::string& yaml) {
    folder.write("cell.yaml", yaml);
    outcome = run_cell(folder.path(), registry(), 2, -1);
  }
  std::vector<double> read(const std::string& path) const {
    return Hdf5Reader((folder / "result.h5").string()).read(path);
  }
  Parameters parameters(const std::string& group) const {
    std::vector<double> all;
    for (const char* block : {"/W", "/b", "/c"})
      for (const double value : read(group + block)) all.push_back(value);
    return Eigen::Map<const Parameters>(all.data(), Index(all.size()));
  }
  bool has(const std::string& path) const {
    return Hdf5Reader((folder / "result.h5").string()).has(path);
  }
  TemporaryFolder folder;
  Outcome outcome;
};

double gap(const Parameters& a, const Parameters& b) { return (a - b).cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("l1 and l2 pull weights towards zero and leave biases alone, unless blocks are named") {
  const Parameters at = Parameters::LinSpaced(19, -.7, .9);
  const auto after = [&](const std::string& options) {
    return trained(exact + "updates: 1" + options, at).training.theta;
  };
  const Parameters free = after("");
  const Parameters pull = -.1 * (.3 * at.array().sign() + .2 * at.array()).matrix();
  const auto change = [&](const std::string& options) {
    return Parameters(after(", regularization: {" + options + "}") - free);
  };
  Parameters weights = pull;
  weights.tail(7).setZero();
  CHECK(gap(change("l1: 0.3, l2: 0.2"), weights) < 1e-15);
  Parameters biases = pull;
  biases.head(12).setZero();
  biases.tail(3).setZero();
  CHECK(gap(change("l1: 0.3, l2: 0.2, blocks: [b]"), biases) < 1e-15);
}

TEST_CASE("the penalty is recorded: its value at the parameters before the update") {
  const Cell cell(spec(exact + "updates: 1, regularization: {l1: 0.3, l2: 0.2}"));
  REQUIRE(cell.outcome.status == "complete");
  const auto weights = start().head(12);
  const Hdf5Reader file((cell.folder / "result.h5").string());
  CHECK(file.is_floating("/training/seconds"));
  CHECK_FALSE(file.is_floating("/training/site_updates"));
  CHECK(cell.read("/training/penalty").at(0) ==
        doctest::Approx(.3 * weights.lpNorm<1>() + .1 * weights.squaredNorm()).epsilon(1e-13));
}

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

TEST_CASE(
    "sparsity moves weights and hidden biases by the distance of activities from the target") {
  const Parameters free = theta(exact + "updates: 1");
  const std::string sparse =
      "regularization: {sparsity: {target: 0.1, rate: 2, decay: 0.75}}, updates: ";
  const Checkpoint one = trained(exact + sparse + "1");
  Faults faults;
  const auto experiment = build(spec(exact + "updates: 0"), faults);
  const Batch v = experiment->training->all(Stream(0));
  experiment->model->capability<Parametric>()->set_parameters(start());
  const auto activity = [&] {
    Batch natural;
    experiment->model->capability<Latent>()->hidden_natural(v, natural);
    return Parameters((1 / (1 + (-natural.array().cast<double>()).exp())).rowwise().mean());
  };
  const Parameters q = activity();
  CHECK(gap(one.training.activity, q) < 1e-14);
  Parameters expected = Parameters::Zero(19);
  const Parameters mean = v.cast<double>().rowwise().mean();
  for (Index j = 0; j < 3; ++j) {
    for (Index i = 0; i < 4; ++i) expected(3 * i + j) = -.1 * 2 * (q(j) - .1) * mean(i);
    expected(16 + j) = -.1 * 2 * (q(j) - .1);
  }
  CHECK(expected.norm() > .01);
  CHECK(gap(one.training.theta - free, expected) < 1e-14);
  // The next mean of the activities keeps three quarters of this one.
  experiment->model->capability<Parametric>()->set_parameters(one.training.theta);
  const Checkpoint two = trained(exact + sparse + "2");
  CHECK(gap(two.training.activity, .75 * q + .25 * activity()) < 1e-14);
}

TEST_CASE("a strong wish for sparsity is fulfilled") {
  const std::string sparse = "updates: 2000, regularization: {sparsity: {target: 0.05, rate: 5}}";
  const Parameters q = trained(exact + sparse).training.activity;
  CHECK((q.array() - .05).abs().maxCoeff() < .03);
}

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
        "deep_boltzmann_machine, visible: 4, hidden: [3, 2]", "semi_restricted, hidden: 2"}) {
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
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].what == "it diverged and went on from a snapshot 1 time");
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
  struct Killed {};
  for (const int after : {2, 3, 7, 20}) {
    CAPTURE(after);
    const TemporaryFolder folder;
    folder.write("cell.yaml", yaml);
    int kills = 0;
    // Each attempt is gone when it is about to save for the n-th time.
    for (bool done = false; !done;) {
      Faults faults;
      const auto experiment = build(yaml, faults);
      Session session(*experiment, workers(), folder.path(), -1);
      int saves = 0;
      session.before_save = [&] {
        if (++saves == after) throw Killed();
      };
      try {
        gibbsite::train(session);
        done = true;
      } catch (const Killed&) {
        ++kills;
      }
    }
    CHECK(kills > 2);
    CHECK(run_cell(folder.path(), registry(), 1, -1).status == "complete");
    CHECK(differences(reproducible_part(whole.folder / "result.h5"),
                      reproducible_part(folder / "result.h5")) == std::vector<std::string>{});
  }
}

TEST_CASE("options of the train section that have no effect or no meaning are refused") {
  const std::string base = exact + "updates: 1, ";
  struct Case {
    std::string option, fault;
  };
  for (const auto& [option, fault] :
       {Case{"regularization: {}", "train.regularization: has no effect: give l1, l2 or sparsity"},
        Case{"regularization: {l1: 1, blocks: [V]}",
             "train.regularization: blocks: the model has no parameters 'V'"},
        Case{"regularization: {blocks: [W], sparsity: {target: 0.1, rate: 1}}",
             "train.regularization: blocks: need l1 or l2"},
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
  for (const char* key :
       {"regularization", "clip", "centring", "average", "evaluate", "stop", "on_divergence"})
    CHECK(train.find(key) == nullptr);
}
