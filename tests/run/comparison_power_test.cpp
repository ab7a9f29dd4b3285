// What `compare` finds and does not find over many repetitions of one comparison.
#include <doctest/doctest.h>

#include <gibbsite/core/random.hpp>
#include <gibbsite/run/comparison.hpp>

#include "support/run_folder.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Two samplers on many problems, five seeds each: what the seed does to both has deviation 10, what
// is each run's own 2, and the second sampler is better by `gain` where the first has 100.
std::vector<ComparedValue> differences(int problems, int seeds, double gain, std::uint64_t seed) {
  Batch noise(3, problems * seeds);
  Stream(seed).normal(noise);
  std::vector<DraftCell> cells;
  for (int k = 0; k < problems; ++k)
    for (const char* sampler : {"old", "new"})
      for (int s = 0; s < seeds; ++s) {
        const auto at = noise.col(k * seeds + s);
        const bool is_new = sampler[0] == 'n';
        const double own = double(is_new ? at[1] : at[2]);
        cells.push_back({.varying = "problem: " + std::to_string(k) +
                                    ", sample.sampler: " + sampler + ", seed: " + std::to_string(s),
                         .spec = "data: {name: p" + std::to_string(k) + "}, model: {name: m}",
                         .headline = {{"chains.ess_bulk",
                                       100 + 10 * double(at[0]) + 2 * own + (is_new ? gain : 0)}},
                         .cost = {}});
      }
  const RunFolder run(cells);
  const Comparison table = compare({.folders = {run.path()},
                                    .by = {"problem", "sampler"},
                                    .metrics = {"chains.ess_bulk"},
                                    .baseline = {"sampler=old"}});
  std::vector<ComparedValue> all;
  for (const ComparedRow& row : table.rows)
    if (!row.is_baseline) all.push_back(row.values[0]);
  return all;
}

}  // namespace

// Of 200 comparisons of equals more than 5 % should be off by chance alone; 23 or more would be
// with probability 1e-4 if each were wrong with probability .05.
TEST_CASE("identical samplers are told apart in no more than one of twenty comparisons" *
          doctest::test_suite("slow")) {
  const auto found = differences(200, 5, 0, 7);
  REQUIRE(found.size() == 200);
  int alarms = 0, intervals_without_0 = 0;
  for (const ComparedValue& one : found) {
    REQUIRE(one.difference.has_value());
    alarms += one.difference->p < 0.05;
    intervals_without_0 += one.difference->mean.low > 0 || one.difference->mean.high < 0;
  }
  MESSAGE("false alarms: ", alarms, " of 200");
  CHECK(alarms <= 22);
  CHECK(alarms == intervals_without_0);
}

// The difference of 5 has standard error 2 sqrt(2 / 10) = .9 over ten pairs, but 4.6 without pairs.
TEST_CASE("an improvement of 5 % is found with ten seeds, in pairs and after correction") {
  const auto found = differences(8, 10, 5, 11);
  REQUIRE(found.size() == 8);
  for (const ComparedValue& one : found) {
    REQUIRE(one.difference.has_value());
    CHECK(one.difference->mean.low > 0);
    CHECK(one.difference->p_holm < 0.05);
    CHECK(one.mark == ComparedValue::Mark::best);
  }
}
