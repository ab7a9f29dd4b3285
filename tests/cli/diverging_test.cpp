// Numbers that leave the finite range end a cell, not a grid, and keep what was finite.
#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/io/hdf5.hpp>
#include <regex>

#include "support/program.hpp"

using namespace gibbsite::test;

namespace {

// The folder of the one cell whose log line has `word`.
fs::path cell_with(const TemporaryFolder& folder, const std::string& log, const std::string& word) {
  std::smatch found;
  REQUIRE(std::regex_search(log, found, std::regex("cell ([0-9a-f]{12}) [^\n]*" + word)));
  return folder / "out" / "cells" / found[1].str();
}

}  // namespace

TEST_CASE(
    "training that diverges keeps the last finite parameters and its checkpoint, and the grid goes "
    "on") {
  const TemporaryFolder folder;
  const fs::path spec =
      folder.write("s.yaml",
                   "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\nmodel: {name: "
                   "rbm, hidden: 2}\n"
                   "train: {gradient: {name: contrastive_divergence}, optimizer: {name: sgd, "
                   "step_size: 0.1, momentum: 0.99}, batch: 6, updates: 200}\n"
                   "grid: {train.optimizer.step_size: [0.1, 1e308, 0.2]}\n");
  const std::vector<std::string> words = {
      "run", spec.string(), "--out", (folder / "out").string(), "--jobs", "1"};
  const Ending ending = invoke(words);
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(occurrences(ending.err, ": complete in ") == 2);
  CHECK(occurrences(ending.err, ": diverged in ") == 1);
  CHECK(std::regex_search(ending.err, std::regex("diverged in .*not finite at update [0-9]+")));
  const fs::path cell = cell_with(folder, ending.err, "diverged");
  CHECK(fs::exists(cell / "checkpoint.bin"));
  const gibbsite::Hdf5Reader result(cell / "result.h5");
  CHECK(result.text_attribute("/", "status") == "diverged");
  CHECK(occurrences(result.text_attribute("/", "error"), "not finite") == 1);
  for (const char* block : {"/parameters/W", "/parameters/b", "/parameters/c"})
    for (const double value : result.read(block)) CHECK(std::isfinite(value));
  const Ending again = invoke(words);
  CHECK(again.code == 1);
  CHECK(occurrences(again.err, " in ") == 0);
  CHECK(occurrences(invoke({"status", (folder / "out").string()}).out, "2 complete, 1 diverged") ==
        1);
}

TEST_CASE("an energy that turns NaN ends its cell as diverged, and the grid goes on") {
  const TemporaryFolder folder;
  const fs::path spec =
      folder.write("s.yaml", "gibbsite: 1\nname: x\nplugins: ['" + fixture("trouble").string() +
                                 "']\nmodel: {name: trouble, how: none}\n"
                                 "sample: {chains: 2, warmup: 0, draws: 500}\nevaluate: "
                                 "[convergence]\ngrid: {model.how: [none, nan]}\n");
  const Ending ending =
      invoke({"run", spec.string(), "--out", (folder / "out").string(), "--jobs", "1"});
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(occurrences(ending.err, ": complete in ") == 1);
  CHECK(std::regex_search(
      ending.err,
      std::regex(
          "model\\.how=nan: diverged in .*the energy of chain [01] is \\.nan at step [0-9]+")));
  const gibbsite::Hdf5Reader result(cell_with(folder, ending.err, "diverged") / "result.h5");
  CHECK(result.text_attribute("/", "status") == "diverged");
  if (result.has("/sample_stats/energy"))
    for (const double energy : result.read("/sample_stats/energy")) CHECK(std::isfinite(energy));
}
