// What `diagnose` finds in results of known faults, and that it finds nothing where there are none.
#include <doctest/doctest.h>

#include <functional>
#include <gibbsite/core/error.hpp>
#include <gibbsite/core/random.hpp>
#include <gibbsite/io/hdf5.hpp>
#include <gibbsite/run/diagnosis.hpp>

#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

constexpr Index chains = 4, draws = 1000;

// A result of independent normal draws of two coordinates, its numbers changed by the test.
struct Draft {
  std::vector<double> x, energy;
  std::map<std::string, std::vector<double>> statistics;
  std::string divergence, warning, spec;
  std::vector<double> gradient_norms, ages;
  std::map<std::string, double> of_estimate;
  bool reliable = true;

  Draft() {
    Batch normal(3, chains * draws);
    Stream(3).normal(normal);
    for (Index n = 0; n < chains * draws; ++n) {
      x.push_back(double(normal(0, n)));
      x.push_back(double(normal(1, n)));
      energy.push_back(double(normal(2, n)));
    }
    constant("acceptance_rate", .6);
    constant("step_size", .1);
    constant("diverging", 0);
  }

  double& at(Index chain, Index draw, Index coordinate) {
    return x[std::size_t((chain * draws + draw) * 2 + coordinate)];
  }
  void constant(const std::string& name, double value) {
    statistics[name].assign(std::size_t(chains * draws), value);
  }

  std::vector<Finding> findings() const {
    const TemporaryFolder folder;
    Hdf5Writer file(folder / "draft.h5");
    std::vector<double> numbers(static_cast<std::size_t>(draws));
    for (std::size_t n = 0; n < numbers.size(); ++n) numbers[n] = double(n);
    for (const std::string group : {"/posterior", "/sample_stats"}) {
      file.group(group);
      file.dimension(group, "chain", {0, 1, 2, 3});
      file.dimension(group, "draw", numbers);
    }
    file.dimension("/posterior", "x_dim", {0, 1});
    file.put("/posterior", "x", Stored::float64, {"chain", "draw", "x_dim"}, x);
    file.put("/sample_stats", "energy", Stored::float64, {"chain", "draw"}, energy);
    for (const auto& [name, values] : statistics)
      file.put("/sample_stats", name, Stored::float64, {"chain", "draw"}, values);
    file.group("/training");
    if (!spec.empty()) file.attribute("/", "spec", spec);
    if (!gradient_norms.empty()) {
      file.dimension("/training", "update", gradient_norms, false);
      file.put("/training", "gradient_norm", Stored::float64, {"update"}, gradient_norms);
    }
    if (!ages.empty()) {
      file.dimension("/training", "record", ages, false);
      for (const char* name : {"mean_chain_age", "max_chain_age"})
        file.put("/training", name, Stored::float64, {"record"}, ages);
    }
    if (!divergence.empty()) file.attribute("/training", "divergence", divergence);
    file.group("/estimates/ais");
    file.attribute("/estimates/ais", "reliable", reliable);
    if (!warning.empty()) file.attribute("/estimates/ais", "warning", warning);
    file.dimension("/estimates/ais", "run", numbers);
    file.put("/estimates/ais", "log_weights", Stored::float64, {"run"}, numbers);
    for (const auto& [name, value] : of_estimate)
      file.put("/estimates/ais", name, Stored::float64, {}, {value});
    file.finish(folder / "result.h5");
    return diagnose(folder / "result.h5");
  }
};

// The parts and texts of the findings, one per line.
std::string text(const Draft& draft) {
  std::string all;
  for (const Finding& one : draft.findings()) {
    CHECK_FALSE(one.advice.empty());
    all += one.part + ": " + one.what + "\n";
  }
  return all;
}

}  // namespace

// R-hat of independent chains of this length is above 1.01 with probability below 1e-6.
TEST_CASE("nothing is found in independent chains of a well tuned kernel") {
  CHECK(text({}) == "");
}

TEST_CASE("chains that do not agree are found, with the coordinate's name") {
  Draft draft;
  for (Index t = 0; t < draws; ++t) draft.at(2, t, 1) += 2;
  const std::string found = text(draft);
  CHECK(found.find("chains: the chains do not agree: R-hat of x[1] is 1.") == 0);
}

TEST_CASE("a chain that stands still is found, and has no R-hat to pass by") {
  Draft draft;
  for (Index t = 0; t < draws; ++t) draft.at(1, t, 0) = 7;
  CHECK(text(draft).find("chains: stands still in a chain that should move: x[0]\n") == 0);
}

TEST_CASE("few effective draws are found") {
  Draft draft;
  for (Index m = 0; m < chains; ++m)
    for (Index t = 1; t < draws; ++t)
      draft.at(m, t, 0) = .99 * draft.at(m, t - 1, 0) + .14 * draft.at(m, t, 0);
  CHECK(text(draft).find("chains: few effective draws: x[0] has ") != std::string::npos);
}

TEST_CASE("acceptance 0 and 1 and absurd step sizes are found") {
  Draft draft;
  auto& rate = draft.statistics["acceptance_rate"];
  std::fill_n(rate.begin(), draws, 0);
  std::fill_n(rate.begin() + draws, draws, 1);
  draft.constant("step_size", 1e9);
  CHECK(text(draft) ==
        "kernel: chain 0 accepts almost nothing: 0\nkernel: chain 1 accepts everything: 1\n"
        "kernel: step sizes reach from 1e+09 to 1e+09\n");
  draft.constant("acceptance_rate", .6);
  draft.constant("step_size", 0);
  CHECK(text(draft) == "kernel: step sizes reach from 0 to 0\n");
}

TEST_CASE("divergences, deep trees, energies not explored and replicas at rest are found") {
  Draft draft;
  draft.statistics["diverging"][5] = 1;
  CHECK(text(draft) == "kernel: 1 trajectories diverged\n");
  draft = {};
  draft.constant("tree_depth", 10);
  CHECK(text(draft) == "kernel: 100 % of trees end at depth 10\n");
  draft = {};
  auto& energy = draft.statistics["hamiltonian"] = draft.energy;
  for (std::size_t n = 1; n < energy.size(); ++n) energy[n] = .95 * energy[n - 1] + .3 * energy[n];
  CHECK(text(draft).find("kernel: E-BFMI is 0.") == 0);
  draft = {};
  draft.constant("swap_rate_1", .5);
  draft.constant("swap_rate_2", .001);
  draft.constant("round_trips", 0);
  CHECK(text(draft) ==
        "kernel: neighbouring temperatures hardly ever exchange: swap_rate_2\n"
        "kernel: in some chain no replica has gone down to the lowest temperature and back\n");
}

TEST_CASE("a shift of all coordinates is found by their mean") {
  Draft draft;
  // Two halves of the chains lie a little apart, which a sum over coordinates shows clearest.
  for (Index m = 0; m < chains; ++m)
    for (Index t = 0; t < draws; ++t) draft.at(m, t, 1) += (m < 2 ? 1 : -1) * .2;
  for (Index m = 0; m < chains; ++m)
    for (Index t = 0; t < draws; ++t) draft.at(m, t, 0) += (m < 2 ? 1 : -1) * .2;
  const std::string found = text(draft);
  CHECK(found.find("R-hat of the mean of x is 1.") != std::string::npos);
}

TEST_CASE("acceptance far from what warm-up aimed at is found, unless nothing was adapted") {
  Draft draft;
  draft.spec = "sample: {sampler: {name: hmc, adapt: true, target_acceptance: 0.85}}";
  CHECK(occurrences(text(draft), "accepts 0.6, but warm-up aimed at 0.85") == 4);
  draft.spec = "sample: {sampler: {name: hmc, adapt: true, target_acceptance: 0.7}}";
  CHECK(text(draft) == "");
  draft.spec = "sample: {sampler: {name: hmc, adapt: false, target_acceptance: 0.85}}";
  CHECK(text(draft) == "");
}

TEST_CASE("gradients that grow are found") {
  Draft draft;
  for (int n = 0; n < 100; ++n) draft.gradient_norms.push_back(1 + n);
  CHECK(
      text(draft) ==
      "training: gradients grow: the median norm of the last tenth is 96, of the first tenth 6\n");
  for (double& norm : draft.gradient_norms) norm = 101 - norm;
  CHECK(text(draft) == "");
}

TEST_CASE("estimates that call themselves unreliable and training that diverged are found") {
  Draft draft;
  draft.reliable = false;
  draft.warning = "3 of 100 weights carry all";
  draft.divergence = "the gradient is not finite at update 7";
  CHECK(text(draft) ==
        "training: it diverged: the gradient is not finite at update 7\n"
        "estimates/ais: 3 of 100 weights carry all\n");
}

TEST_CASE("particles that are to last and are young at the end are found, short chains are not") {
  Draft draft;
  draft.ages = {10, 20, 40, 60, 80};
  CHECK(text(draft) ==
        "training: particles meant to last are 80 kernel steps old on average, fewer than 100: "
        "they still tell of their start\n");
  draft.spec = "train: {gradient: {name: contrastive_divergence, persistent: false}}";
  CHECK(text(draft) == "");
  draft.ages = {1, 1, 1, 1, 1};
  draft.spec = "";
  CHECK(text(draft) == "");
  draft.spec = "train: {gradient: {name: contrastive_divergence, persistent: true}}";
  CHECK(occurrences(text(draft), "are 1 kernel steps old") == 1);
  draft.ages.back() = 100;
  CHECK(text(draft) == "");
}

TEST_CASE("weights that are worth little and a wide gap are found where an estimate is silent") {
  Draft draft;
  draft.of_estimate = {
      {"effective_sample_size", 101}, {"max_weight", .29}, {"pareto_shape", .69}, {"gap", .99}};
  CHECK(text(draft) == "");
  draft.of_estimate = {
      {"effective_sample_size", 99}, {"max_weight", .31}, {"pareto_shape", .71}, {"gap", 1.5}};
  CHECK(text(draft) ==
        "estimates/ais: its 1000 weights are worth 99 equal ones, less than a tenth\n"
        "estimates/ais: one weight has 0.31 of all, more than 0.3\n"
        "estimates/ais: its weights have a Pareto tail of shape 0.71, above 0.7: no number of "
        "draws makes its error known\n"
        "estimates/ais: forward and reverse estimates are 1.5 nats apart, more than 1\n");
  draft.reliable = false;
  CHECK(text(draft) == "estimates/ais: it calls itself unreliable\n");
}

TEST_CASE("a file that cannot be read is a storage fault") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(diagnose(folder / "missing.h5"), StorageError);
  CHECK_THROWS_AS(diagnose(folder.write("text.h5", "no HDF5")), StorageError);
}
