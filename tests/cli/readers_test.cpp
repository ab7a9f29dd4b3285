// The results open in readers that are not ours.
#include <doctest/doctest.h>

#include "support/program.hpp"

using namespace gibbsite::test;

TEST_CASE("xarray, h5py and the netCDF and HDF5 tools read every group of a result alike") {
  for (const char* module : {"h5py", "xarray"})
    if (run_program({"/usr/bin/python3", "-c", std::string("import ") + module}).code != 0) {
      skip(std::string("python3 has no module ") + module);
      return;
    }
  const std::string rest =
      "train: {gradient: {name: contrastive_divergence}, batch: 10, updates: 30}\n"
      "sample: {chains: 3, warmup: 5, draws: 40, save_warmup: true}\n"
      "evaluate:\n"
      "  - exact_log_partition\n"
      "  - {name: annealed_importance_sampling, temperatures: 20, runs: 10}\n"
      "  - {name: gradient_error, gradient: {name: contrastive_divergence}, repeats: 10}\n"
      "  - convergence\n";
  for (const char* model : {"{name: rbm, hidden: 3}", "{name: boltzmann_machine}"}) {
    const TemporaryFolder folder;
    const fs::path spec =
        folder.write("s.yaml",
                     "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2, test_fraction: "
                     "0.3}\nmodel: " +
                         std::string(model) + "\n" + rest + "grid: {seed: [1, 2]}\n");
    const Ending ran = invoke({"run", spec.string(), "--out", (folder / "out").string()});
    CAPTURE(ran.err);
    REQUIRE(ran.code == 0);
    const Ending read =
        run_program({"/usr/bin/python3", GIBBSITE_SOURCE "/tests/readers/read_results.py",
                     (folder / "out").string()});
    CAPTURE(model);
    CAPTURE(read.out);
    CAPTURE(read.err);
    CHECK(read.code == 0);
    for (std::size_t at = read.out.find("skipped: "); at != std::string::npos;
         at = read.out.find("skipped: ", at + 1))
      skip(read.out.substr(at + 9, read.out.find('\n', at) - at - 9));
  }
}

TEST_CASE("the recipes of results/README.md run as they stand") {
  const TemporaryFolder folder;
  const std::string out = (folder / "results/quickstart").string();
  const Ending ran = invoke({"run", GIBBSITE_SOURCE "/experiments/quickstart.yaml", "--out", out,
                             "--set", "train.epochs=2", "--set", "sample.draws=60", "--set",
                             "sample.warmup=10", "--set", "evaluate.ais.temperatures=20", "--set",
                             "evaluate.ais.runs=10", "--set", "evaluate.gradient.repeats=5"});
  CAPTURE(ran.err);
  REQUIRE(ran.code == 0);
  const Ending recipes =
      run_program({"/usr/bin/python3", GIBBSITE_SOURCE "/tests/readers/run_recipes.py",
                   GIBBSITE_SOURCE "/results/README.md", folder.path().string()});
  CAPTURE(recipes.out);
  CAPTURE(recipes.err);
  CHECK(recipes.code == 0);
  CHECK(occurrences(recipes.out, "ran: ") + occurrences(recipes.out, "skipped: ") == 6);
  for (std::size_t at = recipes.out.find("skipped: "); at != std::string::npos;
       at = recipes.out.find("skipped: ", at + 1))
    skip(recipes.out.substr(at + 9, recipes.out.find('\n', at) - at - 9));
}
