// One cell run to its results file.
#include "gibbsite/run/cell.hpp"

#include <doctest/doctest.h>

#include <gibbsite/io/hdf5.hpp>

#include "support/make.hpp"
#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// The mean exact log-likelihood of bars and stripes under a deep machine after so many updates.
double trained(const std::string& model, const std::string& gradient, int updates,
               std::vector<double>* unconverged = nullptr, std::string* warning = nullptr) {
  const TemporaryFolder folder;
  folder.write("cell.yaml",
               "gibbsite: 1\nname: deep\ndata: {name: bars_and_stripes, side: 2}\n"
               "model: {name: deep_boltzmann_machine, visible: 4, weight_scale: 0.3, " +
                   model + "}\ntrain: {gradient: " + gradient +
                   ", optimizer: {name: sgd, step_size: 0.3}, batch: 8, record_every: 50, "
                   "updates: " +
                   std::to_string(updates) +
                   "}\nsample: {draws: 2, chains: 3, warmup: 0, init: {from: data}}\n"
                   "evaluate: [exact_log_partition, {name: gradient_error, repeats: 5}]\n");
  const Outcome outcome = run_cell(folder.path(), registry(), 2, -1);
  CAPTURE(outcome.error);
  REQUIRE(outcome.status == "complete");
  const Hdf5Reader file((folder / "result.h5").string());
  if (unconverged != nullptr) *unconverged = file.read("/training/unconverged");
  if (warning != nullptr) *warning = file.text_attribute("/training", "warning");
  return file.read("/estimates/exact_log_partition/mean_log_likelihood_train").at(0);
}

}  // namespace

TEST_CASE("a cell trains a deep machine on images alone, whose exact log-likelihood rises") {
  // Two rows, two columns, empty and full twice: the best possible is -1.73 nats, and independent
  // pixels reach -4 ln 2 = -2.77. CD-1 ends at -2.15 with a deviation of .15 over sixteen seeds, so
  // that it misses the latter once in 20,000 runs; the others end higher.
  const std::string cd = "contrastive_divergence",
                    pcd = "{name: contrastive_divergence, persistent: true, chains: 100, steps: 2}";
  struct Case {
    std::string model, gradient;
  };
  for (const auto& [model, gradient] :
       {Case{"hidden: [4, 3]", cd}, Case{"hidden: [4, 3]", pcd}, Case{"hidden: [4, 3, 2]", pcd},
        Case{"hidden: [4, 3], inference: gibbs, inference_steps: 10", pcd},
        Case{"hidden: [4, 3], temperature: 0.7", pcd}, Case{"hidden: [4, 3, 2]", "exact"}}) {
    CAPTURE(model);
    CAPTURE(gradient);
    const double before = trained(model, gradient, 0), after = trained(model, gradient, 1500);
    CHECK(before < -2.6);
    CHECK(after > -2.77);
  }
}

TEST_CASE("the training record counts observations whose mean field did not converge") {
  std::vector<double> cut_short, enough;
  std::string cut_short_warning, enough_warning;
  trained("hidden: [4, 3], inference_steps: 1, inference_tolerance: 1e-9", "contrastive_divergence",
          100, &cut_short, &cut_short_warning);
  trained("hidden: [4, 3], inference_steps: 1000", "contrastive_divergence", 100, &enough,
          &enough_warning);
  CHECK(cut_short == std::vector<double>{8, 8});
  CHECK(cut_short_warning ==
        "16 observations of the recorded updates have no converged mean field");
  CHECK(enough == std::vector<double>{0, 0});
  CHECK(enough_warning.empty());
}
