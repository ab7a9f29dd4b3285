// What the experiments find, at a size that takes seconds.
#include <doctest/doctest.h>

#include <cstdio>
#include <map>
#include <sstream>

#include "support/program.hpp"

using namespace gibbsite::test;

// 100 calls of 16 observations leave a relative error of about .03 (that of unbiased pairs where
// these meet at once); the steps compared differ by more than five times as much.
TEST_CASE("the bias of contrastive divergence falls with its steps") {
  const TemporaryFolder folder;
  const std::string out = (folder / "out").string();
  const Ending ran =
      invoke({"run", GIBBSITE_SOURCE "/experiments/training/cd_bias.yaml", "--out", out, "--set",
              "evaluate.error.repeats=100", "--only", "model.weight_scale=2", "--only",
              "evaluate.error.gradient=contrastive_divergence"});
  CAPTURE(ran.err);
  REQUIRE(ran.code == 0);
  const Ending table =
      invoke({"compare", out, "--by", "steps", "--metric", "error.relative_bias", "--csv"});
  std::map<int, double> bias;
  std::istringstream lines(table.out);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    int steps = 0, cells = 0, complete = 0;
    double value = 0;
    REQUIRE(std::sscanf(line.c_str(), "%d,%d,%d,%lf", &steps, &cells, &complete, &value) == 4);
    bias[steps] = value;
  }
  REQUIRE(bias.size() == 6);
  CHECK(bias[1] > bias[2]);
  CHECK(bias[2] > 1.5 * bias[5]);
  CHECK(bias[5] > 2 * bias[25]);
  CHECK(bias[50] < 0.1);
}

// The differences have deviation .01 over seeds; one that went the wrong way, or did not learn at
// all, is off by more than a nat.
TEST_CASE("methods without chains come as far as maximum likelihood on 1000 draws") {
  const TemporaryFolder folder;
  const std::string out = (folder / "out").string();
  const Ending ran = invoke({"run", GIBBSITE_SOURCE "/experiments/training/without_chains.yaml",
                             "--out", out, "--only", "data.size=2000", "--only", "seed=1"});
  CAPTURE(ran.err);
  REQUIRE(ran.code == 0);
  const Ending table = invoke(
      {"compare", out, "--by", "gradient", "--metric", "exact.mean_log_likelihood_test", "--csv"});
  std::map<std::string, double> likelihood;
  std::istringstream lines(table.out);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    const auto comma = line.find(',');
    int cells = 0, complete = 0;
    double value = 0;
    REQUIRE(std::sscanf(line.c_str() + comma, ",%d,%d,%lf", &cells, &complete, &value) == 3);
    likelihood[line.substr(0, comma)] = value;
  }
  REQUIRE(likelihood.size() == 5);
  for (const auto& [gradient, value] : likelihood) {
    CAPTURE(gradient);
    CHECK(value > likelihood["exact"] - 0.06);
    CHECK(value < likelihood["exact"] + 0.06);
  }
}

// After 30 updates on whole images: of single batches of 100 digits objectives have a deviation of
// 4, and the two differ by some 50.
TEST_CASE("a network that has learnt coarse images is ahead on whole ones") {
  const TemporaryFolder folder;
  const std::string out = (folder / "out").string();
  const Ending ran = invoke({"run", GIBBSITE_SOURCE "/experiments/training/coarse_to_fine.yaml",
                             "--out", out, "--set", "train.updates=30", "--only", "seed=1"});
  CAPTURE(ran.err);
  REQUIRE(ran.code == 0);
  const Ending table = invoke(
      {"compare", out, "--by", "pretrain.0.updates", "--metric", "training/objective", "--csv"});
  std::map<int, double> objective;
  std::istringstream lines(table.out);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    int updates = 0, cells = 0, complete = 0;
    double value = 0;
    REQUIRE(std::sscanf(line.c_str(), "%d,%d,%d,%lf", &updates, &cells, &complete, &value) == 4);
    objective[updates] = value;
  }
  REQUIRE(objective.size() == 2);
  CHECK(objective[300] > objective[0] + 20);
}
