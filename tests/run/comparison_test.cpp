// What a table makes of cells: rows, means, pairs, truths and refusals.
#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/core/diagnostics.hpp>
#include <gibbsite/core/error.hpp>
#include <gibbsite/run/comparison.hpp>
#include <numbers>

#include "support/run_folder.hpp"

using namespace gibbsite;
using namespace gibbsite::test;
using doctest::Approx;

namespace {

using Mark = ComparedValue::Mark;
using Interval = ComparedValue::Interval;

// Cells `sampler: <row>` of seeds 1, 2, ... with these values of estimates/e/value.
std::vector<DraftCell> cells_of(const std::map<std::string, std::vector<double>>& rows) {
  std::vector<DraftCell> cells;
  for (const auto& [sampler, values] : rows)
    for (std::size_t k = 0; k < values.size(); ++k)
      cells.push_back({.varying = "sample.sampler: " + sampler + ", seed: " + std::to_string(k + 1),
                       .scalars = {{"estimates/e/value", values[k]}}});
  return cells;
}

Comparison table_of(const std::vector<DraftCell>& cells, std::vector<std::string> metrics,
                    ComparisonRequest request = {}) {
  const RunFolder run(cells);
  request.folders = {run.path()};
  request.metrics = std::move(metrics);
  return compare(request);
}

const ComparedValue& value(const Comparison& table, std::size_t row, std::size_t metric = 0) {
  return table.rows.at(row).values.at(metric);
}

std::string fault_of(const std::vector<DraftCell>& cells, const std::string& metric,
                     const ComparisonRequest& request = {}) {
  try {
    table_of(cells, {metric}, request);
  } catch (const Error& fault) {
    return fault.what();
  }
  return "no fault";
}

// One cell with a log Z of 61.5 +- .5 where 61 is exact.
DraftCell estimate(const std::string& varying, double log_z, double error) {
  return {.varying = varying,
          .scalars = {{"estimates/ais/log_partition", log_z},
                      {"estimates/ais/standard_error", error},
                      {"estimates/exact/log_partition", 61},
                      {"estimates/exact/standard_error", 0}},
          .texts = {{"estimates/ais/bound", "unbiased_Z"}, {"estimates/exact/bound", "exact"}}};
}

}  // namespace

TEST_CASE("rows are what varies but the seed, with the mean and interval over seeds") {
  const Comparison table =
      table_of(cells_of({{"gibbs", {1, 2, 3, 4}}, {"wolff", {7}}}), {"estimates/e/value"});
  CHECK(table.by == std::vector<std::string>{"sample.sampler"});
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].by == std::vector<std::string>{"gibbs"});
  CHECK(table.rows[0].cells() == 4);
  CHECK(value(table, 0).mean.low == Approx(mean_of({1, 2, 3, 4}).low));
  CHECK(value(table, 0).interval == Interval::seeds);
  CHECK(value(table, 1).mean.value == 7);
  CHECK(value(table, 1).interval == Interval::none);
  ComparisonRequest by_seed;
  by_seed.by = {"seed"};
  CHECK(table_of(cells_of({{"gibbs", {1, 2}}, {"wolff", {5, 6}}}), {"estimates/e/value"}, by_seed)
            .rows[0]
            .values[0]
            .mean.value == 3);
}

TEST_CASE("differences to a baseline are paired over the seeds that both have") {
  ComparisonRequest request;
  request.baseline = {"sampler=a"};
  const Comparison table = table_of(
      cells_of({{"a", {10, 20, 30, 40}}, {"b", {10.1, 20.2, 30.3}}, {"c", {10, 20, 30, 40}}}),
      {"estimates/e/value"}, request);
  CHECK(table.rows[0].is_baseline);
  CHECK_FALSE(value(table, 0).difference.has_value());
  const Difference b = value(table, 1).difference.value(), c = value(table, 2).difference.value();
  CHECK(b.mean.count == 3);
  CHECK(b.mean.value == Approx(.2).epsilon(1e-10));
  CHECK(b.p == Approx(1 - std::sqrt(12. / 14)).epsilon(1e-8));
  CHECK(b.p_holm == Approx(2 * (1 - std::sqrt(12. / 14))).epsilon(1e-8));
  CHECK(c.mean.value == 0);
  CHECK(c.p_holm == 1);
}

TEST_CASE("the best is marked, and the rows that pairs of seeds cannot tell from it") {
  const auto cells = cells_of(
      {{"a", {10, 20, 30, 40}}, {"b", {9.9, 20.1, 29.9, 40.05}}, {"c", {9, 19.01, 28.99, 39}}});
  const Comparison high = table_of(cells, {"estimates/e/value:high"});
  CHECK(value(high, 0).mark == Mark::best);
  CHECK(value(high, 1).mark == Mark::like_best);
  CHECK(value(high, 2).mark == Mark::none);
  const Comparison low = table_of(cells, {"estimates/e/value:low"});
  CHECK(value(low, 2).mark == Mark::best);
  CHECK(value(low, 0).mark == Mark::none);
  CHECK(value(table_of(cells, {"estimates/e/value"}), 0).mark == Mark::none);
}

TEST_CASE(
    "the best is one of rows of one problem; models of the same data compete where nothing else "
    "varies") {
  std::vector<DraftCell> cells;
  for (const char* model : {"easy", "hard"})
    for (const char* sampler : {"a", "b"}) {
      const std::string both = std::string("model: ") + model + ", sample.sampler: " + sampler;
      cells.push_back({.varying = both,
                       .spec = std::string("data: {name: digits}, model: {name: ") + model + "}",
                       .scalars = {{"estimates/e/value",
                                    double(cells.size() % 2) + (*model == 'e' ? 10 : 0)}}});
    }
  const Comparison table = table_of(cells, {"estimates/e/value:high"});
  CHECK(value(table, 0).mark == Mark::none);
  CHECK(value(table, 1).mark == Mark::best);
  CHECK(value(table, 3).mark == Mark::best);
  Comparison models = table_of({cells[0], cells[2]}, {"estimates/e/value:high"});
  CHECK(value(models, 0).mark == Mark::best);
  CHECK(value(models, 1).mark == Mark::none);
  cells[0].spec = "model: {name: easy}";
  cells[2].spec = "model: {name: hard}";
  models = table_of({cells[0], cells[2]}, {"estimates/e/value:high"});
  CHECK(value(models, 0).mark == Mark::none);
}

TEST_CASE("one cell has its own interval, and two are compared by their own errors") {
  ComparisonRequest request;
  request.baseline = {"evaluate.ais.runs=10"};
  const Comparison table = table_of(
      {estimate("evaluate.ais.runs: 10", 61, .3), estimate("evaluate.ais.runs: 100", 62, .4)},
      {"ais.log_partition"}, request);
  CHECK(value(table, 0).interval == Interval::own);
  CHECK(value(table, 0).mean.high == Approx(61 + .3 * 1.959963984540054));
  CHECK(value(table, 1).difference->mean.standard_error == Approx(.5));
  CHECK(value(table, 1).difference->p == Approx(normal_p(2, 1)));
}

TEST_CASE("errors, their mean square and z are against an exact estimate of the same cell") {
  const Comparison table = table_of(
      {estimate("seed: 1", 61.3, .3), estimate("seed: 2", 60.9, .4)},
      {"estimates/ais/log_partition/error", "ais.log_partition/rms_error", "ais.log_partition/z"});
  CHECK(value(table, 0, 0).mean.value == Approx(.1));
  CHECK(value(table, 0, 0).mean.high == Approx(.1 + std::tan(.475 * std::numbers::pi) * .2));
  CHECK(value(table, 0, 1).mean.value == Approx(std::sqrt((.09 + .01) / 2)));
  CHECK(value(table, 0, 2).mean.value == Approx(.1 / (.5 / 2)));
  CHECK(fault_of({estimate("seed: 1", 61, .3)}, "exact.log_partition/z").find("knows the truth") !=
        std::string::npos);
}

TEST_CASE("the truth may be a number, another estimate or another row") {
  std::vector<DraftCell> cells;
  for (const char* sampler : {"gibbs", "exact"}) {
    cells.push_back(estimate(std::string("sample.sampler: ") + sampler, 62, .3));
    cells.back().energy = {1, 2, 1.5, 4, 3, 2, 5, 3.5, 1, 2, 2.5, 3, 4, 3, 1, 2};
    if (*sampler == 'e')
      for (double& energy : cells.back().energy) energy += 1;
  }
  ComparisonRequest request;
  request.truths = {"sample_stats/energy=2"};
  const std::vector<std::string> metrics = {"sample_stats/energy/error", "sample_stats/energy/z"};
  const Comparison number = table_of(cells, metrics, request);
  const Eigen::Map<const Eigen::ArrayXXd> x(cells[0].energy.data(), 8, 2);
  const double mean = x.mean(), error = mcse_mean(x);
  CHECK(value(number, 0, 0).mean.value == Approx(mean - 2));
  CHECK(value(number, 0, 1).mean.value == Approx((mean - 2) / error));
  request.truths = {"sampler=exact"};
  const Comparison row = table_of(cells, metrics, request);
  CHECK(value(row, 0, 0).mean.value == Approx(-1));
  CHECK(value(row, 0, 0).mean.standard_error == Approx(error * std::sqrt(2)));
  CHECK(value(row, 0, 1).mean.value == Approx(-1 / (error * std::sqrt(2))));
  CHECK(value(row, 1, 0).mean.count == 0);
  request.truths = {"ais"};
  CHECK(value(table_of(cells, {"exact.log_partition/z"}, request), 0).mean.value ==
        Approx(-1 / .3));
}

TEST_CASE("costs divide by what the stage sample has spent, where it has spent any") {
  DraftCell cell{.varying = "seed: 1", .scalars = {{"estimates/c/ess_bulk_min", 300}}};
  const Comparison table = table_of(
      {cell},
      {"estimates/c/ess_bulk_min/per_evaluation", "estimates/c/ess_bulk_min/per_second",
       "estimates/c/ess_bulk_min/per_update", "cost/sample/seconds", "cost/energy_evaluations"});
  CHECK(value(table, 0, 0).mean.value == 2);
  CHECK(value(table, 0, 1).mean.value == 150);
  CHECK(value(table, 0, 2).mean.count == 0);
  CHECK(value(table, 0, 3).mean.value == 2);
  CHECK(value(table, 0, 4).mean.value == 1107);
}

TEST_CASE("columns of training have a last and a best value") {
  DraftCell cell{.varying = "seed: 1",
                 .training = {{"objective", {-5, -1, -3}}, {"gap", {4, 2, 3}}}};
  const Comparison table =
      table_of({cell}, {"training/objective", "training/objective/best", "training/gap/best:low"});
  CHECK(value(table, 0, 0).mean.value == -3);
  CHECK(value(table, 0, 1).mean.value == -1);
  CHECK(value(table, 0, 2).mean.value == 2);
  CHECK(fault_of({cell}, "training/gap/best").find("say which value is best") != std::string::npos);
}

TEST_CASE("cells that failed or diverged are counted and named, not averaged") {
  auto cells = cells_of({{"a", {1, 2, 900, 0}}, {"b", {3, 4}}});
  cells[2].status = "diverged";
  cells[3].status = "failed";
  cells[3].error = "the plugin crashed";
  cells[5].scalars = {{"estimates/other/value", 1}};
  cells.push_back({.varying = "sample.sampler: c, seed: 1", .status = ""});
  const Comparison table = table_of(cells, {"estimates/e/value", "status"});
  CHECK(value(table, 0).mean.value == 1.5);
  CHECK(table.rows[0].states ==
        std::map<std::string, int>{{"complete", 2}, {"diverged", 1}, {"failed", 1}});
  CHECK(value(table, 0, 1).text == "complete (2), diverged (1), failed (1)");
  CHECK(table.rows[2].cells() == 1);
  CHECK(table.rows[2].complete() == 0);
  CHECK(std::isnan(value(table, 2).mean.value));
  const std::string notes = join(table.notes, "\n");
  CHECK(notes.find(
            "values are those of 4 of 7 cells; the others: diverged (1), failed (1), new (1)") !=
        std::string::npos);
  CHECK(notes.find("cell3 (sample.sampler=a) failed: the plugin crashed") != std::string::npos);
  CHECK(notes.find("estimates/e/value: 1 of 2 complete cells of sample.sampler=b have it") !=
        std::string::npos);
}

TEST_CASE("several folders are told apart by name, and paired by their seeds") {
  const RunFolder one(cells_of({{"a", {1, 2}}}), "one"), two(cells_of({{"a", {2, 4}}}), "two");
  ComparisonRequest request;
  request.folders = {one.path(), two.path() / ""};
  request.metrics = {"estimates/e/value"};
  request.baseline = {"folder=one"};
  const Comparison table = compare(request);
  CHECK(table.by == std::vector<std::string>{"folder", "sample.sampler"});
  CHECK(table.rows[1].by == std::vector<std::string>{"two", "a"});
  CHECK(value(table, 1).difference->mean.count == 2);
  CHECK(value(table, 1).difference->mean.value == 1.5);
  request.folders = {one.path(), one.path()};
  CHECK_THROWS_AS(compare(request), Error);
}

TEST_CASE("paths that vary together are one column, and do not keep seeds from pairing") {
  std::vector<DraftCell> cells;
  for (const int runs : {1, 2})
    for (const int seed : {1, 2}) {
      const std::string text = std::to_string(runs);
      cells.push_back({.varying = "evaluate.a.runs: " + text + ", evaluate.b.runs: " + text +
                                  ", seed: " + std::to_string(seed),
                       .scalars = {{"estimates/e/value", double(10 * seed + runs)}}});
    }
  ComparisonRequest request;
  request.baseline = {"evaluate.a.runs=1"};
  const Comparison table = table_of(cells, {"estimates/e/value"}, request);
  CHECK(table.by == std::vector<std::string>{"evaluate.a.runs"});
  CHECK(value(table, 1).difference->mean.count == 2);
  CHECK(value(table, 1).difference->mean.value == 1);
}

TEST_CASE("a list of evaluations is no column where it follows from the rest") {
  std::vector<DraftCell> cells = {{.varying = "model: a, evaluate: [x, y]"},
                                  {.varying = "model: b, evaluate: [x]"}};
  CHECK(table_of(cells, {"seconds"}).by == std::vector<std::string>{"model"});
  cells[1].varying = "model: a, evaluate: [x]";
  CHECK(table_of(cells, {"seconds"}).by == std::vector<std::string>{"model", "evaluate"});
}

TEST_CASE("cells of one folder run from two states of a spec are no repetitions") {
  auto cells = cells_of({{"a", {1}}});
  cells.push_back(cells[0]);
  cells[0].spec = "seed: 1, train: {updates: 10}";
  cells[1].spec = "seed: 1, train: {updates: 20}";
  const Comparison table = table_of(cells, {"estimates/e/value"});
  CHECK(table.by == std::vector<std::string>{"sample.sampler", "train.updates"});
  CHECK(table.rows.size() == 2);
}

TEST_CASE("an entry that another path sets is not shown with its plugin") {
  const Comparison table =
      table_of({{.varying = "model: {name: ising, coupling: .5}, model.coupling: 1"},
                {.varying = "model: {name: ising, coupling: .5}, model.coupling: 2"}},
               {"seconds"});
  CHECK(table.rows[0].by == std::vector<std::string>{"ising", "1"});
}

TEST_CASE("without metrics the headlines are shown, with costs and errors where there are any") {
  DraftCell cell = estimate("seed: 1", 61.5, .5);
  cell.headline = {{"ais.log_partition", 61.5},
                   {"ais.log_partition_low", 60.5},
                   {"ais.log_partition_high", 62.5},
                   {"chains.ess_bulk", 300},
                   {"exact.log_partition", 61}};
  const Comparison table = table_of({cell}, {});
  std::vector<std::string> names;
  for (const Metric& metric : table.metrics) names.push_back(metric.name);
  CHECK(names == std::vector<std::string>{"ais.log_partition", "ais.log_partition/error",
                                          "ais.log_partition/z", "chains.ess_bulk",
                                          "chains.ess_bulk/per_evaluation",
                                          "chains.ess_bulk/per_second", "exact.log_partition"});
}

TEST_CASE("names and values that do not exist are refused with those that do") {
  const auto cells = cells_of({{"gibbs", {1, 2}}, {"wolff", {3, 4}}});
  const std::string good = "estimates/e/value";
  CHECK(fault_of(cells, "estimates/e/valu")
            .find("--metric: unknown metric 'estimates/e/valu' (did you mean 'estimates/e/value'; "
                  "known: ") == 0);
  CHECK(fault_of(cells, good + ":up").find("after ':' must be high or low, got 'up'") !=
        std::string::npos);
  CHECK(fault_of(cells, good + "/error").find("no cell knows the truth of it") !=
        std::string::npos);
  ComparisonRequest request;
  request.by = {"sample.smapler"};
  CHECK(fault_of(cells, good, request) ==
        "--by: unknown path 'sample.smapler' (did you mean 'sample.sampler'; known: "
        "sample.sampler, seed)");
  request = {};
  request.baseline = {"sampler=gibs"};
  CHECK(fault_of(cells, good, request) ==
        "--baseline: no row has sample.sampler=gibs (did you mean 'gibbs'; known: gibbs, wolff)");
  request.baseline = {"gibbs"};
  CHECK(fault_of(cells, good, request) == "--baseline: must be path=value, got 'gibbs'");
  request = {};
  request.truths = {"estimates/e/value=x"};
  CHECK(fault_of(cells, good, request).find("--truth: estimates/e/value: must be a number") == 0);
  request.truths = {"estimates/f/value=1"};
  CHECK(fault_of(cells, good, request).find("--truth: unknown path 'estimates/f/value' (") == 0);
  request.truths = {"sampler=gibs"};
  CHECK(fault_of(cells, good, request).find("--truth: no row has sample.sampler=gibs (did") == 0);
  request.truths = {"exact"};
  CHECK(fault_of(cells, good, request) ==
        "--truth: no result has an estimate called 'exact' (known: e)");
  request = {};
  request.only = {"seed=3"};
  CHECK(fault_of(cells, good, request).find("--only: no cell has seed=3 (") == 0);
  CHECK(fault_of({{.varying = "seed: 1", .status = ""}}, good).find("no cell has a result yet") !=
        std::string::npos);
  CHECK_THROWS_AS(compare({.folders = {"/nowhere"}}), Error);
}
