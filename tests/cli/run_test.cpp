// Runs of small grids: what is done again, what is not, and what each option changes.
#include <doctest/doctest.h>

#include <gibbsite/io/hdf5.hpp>
#include <regex>

#include "support/program.hpp"
#include "support/results.hpp"

using namespace gibbsite::test;

namespace {

const char* const small =
    "gibbsite: 1\n"
    "name: small\n"
    "data: {name: bars_and_stripes, side: 2}\n"
    "model: {name: rbm, hidden: 2}\n"
    "train:\n"
    "  gradient: {name: contrastive_divergence, steps: 1}\n"
    "  batch: 6\n"
    "  updates: 20\n"
    "sample: {chains: 2, warmup: 2, draws: 5}\n"
    "evaluate: [exact_log_partition]\n";

// A run of `spec` into <folder>/out.
Ending run(const TemporaryFolder& folder, const std::string& spec,
           std::vector<std::string> more = {}) {
  const fs::path file = folder.write("s.yaml", spec);
  std::vector<std::string> words = {"run", file.string(), "--out", (folder / "out").string()};
  words.insert(words.end(), more.begin(), more.end());
  return invoke(words);
}

std::size_t results(const TemporaryFolder& folder) {
  std::size_t count = 0;
  for (const std::string& name : files_below(folder / "out"))
    count += name.ends_with("/result.h5") ? 1 : 0;
  return count;
}

std::string trouble(const std::string& how, const std::string& cells) {
  return "gibbsite: 1\nname: trouble\nplugins: ['" + fixture("trouble").string() +
         "']\nmodel: {name: trouble, how: none}\nsample: {chains: 1, warmup: 0, draws: 200}\n"
         "grid: {model.how: [" +
         how + "], seed: [" + cells + "]}\n";
}

}  // namespace

TEST_CASE(
    "a run leaves plan, grid file, and per cell its spec, log and results, and nothing else") {
  const TemporaryFolder folder;
  const Ending ending = run(folder, std::string(small) + "grid: {seed: [1, 2]}\n");
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  CHECK(occurrences(ending.err, ": complete in ") == 2);
  const auto files = files_below(folder / "out");
  for (const std::string& name : files) {
    CAPTURE(name);
    CHECK(std::regex_match(
        name,
        std::regex(
            R"(\.plan\.lock|plan\.yaml|grid\.h5|cells/[0-9a-f]{12}/(lock|cell\.yaml|log\.txt|status\.yaml|result\.h5))")));
  }
  CHECK(files.size() == 13);
}

TEST_CASE("a finished grid is not run again") {
  const TemporaryFolder folder;
  REQUIRE(run(folder, small).code == 0);
  const auto before = files_below(folder / "out");
  std::map<std::string, fs::file_time_type> times;
  for (const auto& name : before)
    if (name.starts_with("cells/")) times[name] = fs::last_write_time(folder / "out" / name);
  const Ending again = run(folder, small);
  CHECK(again.code == 0);
  CHECK(again.seconds < 10);
  CHECK(occurrences(again.err, "complete in") == 0);
  CHECK(std::regex_search(again.out + again.err,
                          std::regex("nothing to do|already|all .*done|done", std::regex::icase)));
  CHECK(files_below(folder / "out") == before);
  for (const auto& [name, time] : times) CHECK(fs::last_write_time(folder / "out" / name) == time);
}

TEST_CASE("a changed spec plans only the new cells and keeps the old") {
  const TemporaryFolder folder;
  REQUIRE(run(folder, std::string(small) + "grid: {seed: [1, 2]}\n").code == 0);
  const auto before = reproducible_parts(folder / "out");
  const Ending more = run(folder, std::string(small) + "grid: {seed: [2, 3]}\n");
  CHECK(more.code == 0);
  CHECK(occurrences(more.err, ": complete in ") == 1);
  CHECK(results(folder) == 3);
  auto after = reproducible_parts(folder / "out");
  std::erase_if(after, [&](const auto& item) { return !before.contains(item.first); });
  CHECK(differences(before, after).empty());
  CHECK(std::regex_search(invoke({"status", (folder / "out").string()}).out,
                          std::regex("3 cells: 3 complete")));
}

TEST_CASE("another name, description, order or spelling makes no new cell") {
  const TemporaryFolder folder;
  REQUIRE(run(folder, small).code == 0);
  std::string other =
      "sample: {draws: 5, warmup: 2, chains: 2, thin: 1}\nmodel: {hidden: 2, name: rbm}\nseed: "
      "1\ndescription: x\nname: other\n";
  other +=
      "evaluate: [{name: exact_log_partition}]\ncheckpoint: {every: 7}\ndata: {side: 2, name: "
      "bars_and_stripes}\ngibbsite: 1\n";
  other += "train: {updates: 20, batch: 6, gradient: {name: contrastive_divergence}}\n";
  const Ending again = run(folder, other);
  CAPTURE(again.err);
  CHECK(again.code == 0);
  CHECK(occurrences(again.err, ": complete in ") == 0);
  CHECK(results(folder) == 1);
}

TEST_CASE("a dry run tells why each cell would run and writes nothing") {
  const TemporaryFolder folder;
  const Ending ending = run(folder, std::string(small) + "grid: {seed: [1, 2]}\n", {"--dry-run"});
  CHECK(ending.code == 0);
  CHECK(occurrences(ending.out, "would run: new") == 2);
  CHECK_FALSE(fs::exists(folder / "out"));
  REQUIRE(run(folder, small).code == 0);
  CHECK(occurrences(run(folder, small, {"--dry-run"}).out, "done") == 1);
  CHECK(occurrences(run(folder, small, {"--dry-run", "--fresh"}).out, "would run: --fresh") == 1);
}

TEST_CASE("only the cells that are asked for are run") {
  const TemporaryFolder folder;
  const std::string grid = std::string(small) + "grid: {seed: [1, 2, 3]}\n";
  CHECK(run(folder, grid, {"--only", "seed=2"}).code == 0);
  CHECK(results(folder) == 1);
  CHECK(run(folder, grid, {"--only", "seed=2"}).code == 0);
  CHECK(results(folder) == 1);
  CHECK(run(folder, grid).code == 0);
  CHECK(results(folder) == 3);
}

TEST_CASE("a fresh run computes the same again") {
  const TemporaryFolder folder;
  REQUIRE(run(folder, small).code == 0);
  const auto before = reproducible_parts(folder / "out");
  const Ending again = run(folder, small, {"--fresh"});
  CHECK(again.code == 0);
  CHECK(occurrences(again.err, ": complete in ") == 1);
  CHECK(differences(before, reproducible_parts(folder / "out")).empty());
}

TEST_CASE("a setting on the command line is the same as in the file") {
  const TemporaryFolder a, b;
  REQUIRE(
      run(a, small,
          {"--set", "seed=7", "--set", "train.gradient={name: contrastive_divergence, steps: 3}"})
          .code == 0);
  std::string spec = small;
  spec.replace(spec.find("steps: 1"), 8, "steps: 3");
  REQUIRE(run(b, spec + "seed: 7\n").code == 0);
  CHECK(differences(reproducible_parts(a / "out"), reproducible_parts(b / "out")).empty());
}

TEST_CASE("the grid file has one row per cell with what varies and the headline numbers") {
  const TemporaryFolder folder;
  REQUIRE(run(folder, std::string(small) + "grid: {train.gradient.steps: [1, 2], seed: [3, 4]}\n")
              .code == 0);
  const gibbsite::Hdf5Reader file(folder / "out" / "grid.h5");
  CHECK(file.read("/cells/train.gradient.steps") == std::vector<double>{1, 1, 2, 2});
  CHECK(file.read("/cells/seed") == std::vector<double>{3, 4, 3, 4});
  CHECK(file.shape("/cells/status") == std::vector<std::size_t>{4});
  CHECK(file.shape("/cells/file") == std::vector<std::size_t>{4});
}

TEST_CASE("a cell whose plugin goes wrong fails with the reason, and the others finish") {
  const TemporaryFolder folder;
  const Ending ending =
      run(folder, trouble("none, segfault, abort, exit, throw, throw_int, none", "1"));
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(results(folder) == 1);
  const auto failed = [&](const std::string& how, const std::string& why) {
    CAPTURE(how);
    CHECK(std::regex_search(ending.err,
                            std::regex("model\\.how=" + how + " seed=1: failed in [^\n]*" + why)));
  };
  failed("segfault", "SIGSEGV");
  failed("abort", "SIGABRT");
  failed("exit", "");
  failed("throw", "the coins rolled away");
  failed("throw_int", "");
  const Ending status = invoke({"status", (folder / "out").string()});
  CHECK(status.code == 0);
  CHECK(occurrences(status.out, "the coins rolled away") == 1);
  CHECK(occurrences(status.out, "6 cells: 1 complete, 5 failed") == 1);
}

TEST_CASE("a failed cell is tried again as often as asked, and by the next run") {
  const TemporaryFolder folder;
  const std::string spec = trouble("segfault", "1");
  CHECK(occurrences(run(folder, spec, {"--retries", "2"}).err, "trying again") == 2);
  CHECK(occurrences(run(folder, spec).err, ": failed in ") == 1);
}

TEST_CASE("after a failure nothing more is started where that is asked for") {
  const TemporaryFolder folder;
  const Ending ending = run(folder, trouble("segfault, none", "1"), {"--fail-fast", "--jobs", "1"});
  CHECK(ending.code == 1);
  CHECK(results(folder) == 0);
  CHECK(run(folder, trouble("segfault, none", "1"), {"--jobs", "1"}).code == 1);
  CHECK(results(folder) == 1);
}

TEST_CASE("a cell that hangs is killed after its time and the others finish") {
  const TemporaryFolder folder;
  const Ending ending = run(folder, trouble("hang, none", "1"), {"--timeout", "2"});
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(ending.seconds < 20);
  CHECK(occurrences(ending.err, "took longer than 2 s") == 1);
  CHECK(results(folder) == 1);
}

TEST_CASE("what a plugin prints goes to the log of its cell") {
  const TemporaryFolder folder;
  const Ending ending =
      run(folder, trouble("chat", "1"), {"--set", "model.after=195", "--timeout", "50"});
  CHECK(ending.code == 0);
  CHECK(occurrences(ending.out + ending.err, "much talk") == 0);
}
