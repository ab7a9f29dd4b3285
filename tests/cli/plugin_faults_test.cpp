// What plugins do wrong while they run costs their cell, is told with its place, and nothing else.
#include <doctest/doctest.h>

#include <cmath>
#include <csignal>
#include <gibbsite/io/hdf5.hpp>
#include <regex>
#include <set>

#include "support/program.hpp"
#include "support/results.hpp"

using namespace gibbsite::test;

namespace {

std::string trouble(const std::string& how, const std::string& more = "") {
  return "gibbsite: 1\nname: trouble\nplugins: ['" + fixture("trouble").string() +
         "']\nmodel: {name: trouble, how: none}\nsample: {chains: 1, warmup: 0, draws: 200}\n" +
         more + "grid: {model.how: [" + how + "]}\n";
}

struct Troubled {
  TemporaryFolder folder;
  Ending run(const std::string& spec, const std::vector<std::string>& more = {},
             const std::string& out = "out") const {
    std::vector<std::string> words = {"run", folder.write("s.yaml", spec).string(), "--out",
                                      (folder / out).string()};
    words.insert(words.end(), more.begin(), more.end());
    return invoke(words);
  }
  // The status of the cell that varies so.
  std::string row(const std::string& how) const {
    const std::string rows = invoke({"status", (folder / "out").string(), "--json"}).out;
    std::smatch found;
    const std::string text = std::regex_replace(rows, std::regex("\\s+"), " ");
    const std::regex one(
        "\\{ ?\"cell\": ?\"([0-9a-f]{12})\", ?\"varying\": ?\\{ ?\"model.how\": ?\"" + how + "\"");
    REQUIRE(std::regex_search(text, found, one));
    return text_of(folder / "out" / "cells" / found[1].str() / "status.yaml");
  }
  std::string logs() const {
    std::string all;
    for (const auto& cell : fs::directory_iterator(folder / "out/cells"))
      all += text_of(cell.path() / "log.txt");
    return all;
  }
};

}  // namespace

TEST_CASE("a failed cell is a row with signal, message, stage, step and the end of its log") {
  const Troubled cells;
  const Ending ending =
      cells.run(trouble("segfault, overflow, abort, noexcept, throw, none"), {"--jobs", "2"});
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  for (const auto& [how, signal] : std::map<std::string, std::string>{{"segfault", "SIGSEGV"},
                                                                      {"overflow", "SIGSEGV"},
                                                                      {"abort", "SIGABRT"},
                                                                      {"noexcept", "SIGABRT"}}) {
    CAPTURE(how);
    CHECK(std::regex_search(
        ending.err, std::regex("model\\.how=" + how + ": failed in [^\n]*ended by " + signal +
                               " [^\n]* in stage sample, step [0-9]+")));
    const std::string row = cells.row(how);
    CAPTURE(row);
    CHECK(occurrences(row, "signal: \"" + signal + "\"") + occurrences(row, "signal: " + signal) ==
          1);
    CHECK(std::regex_search(row, std::regex("stage: \"?sample")));
    CHECK(std::regex_search(row, std::regex("step: [0-9]+")));
    CHECK(std::regex_search(row, std::regex("attempt: 1")));
  }
  CHECK(std::regex_search(ending.err, std::regex("the coins rolled away in stage sample, step")));
  CHECK(occurrences(cells.row("noexcept"), "thrown across noexcept") == 1);  // what its log says
  CHECK(occurrences(ending.err, ": complete in ") == 1);
}

TEST_CASE("a cell that takes memory without end fails for it, and the others live") {
  const Troubled cells;
  const Ending ending = cells.run(trouble("leak, none"), {"--memory", "300M", "--jobs", "2"});
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(ending.seconds < 50);
  CHECK(std::regex_search(ending.err,
                          std::regex("model\\.how=leak: failed in [^\n]*out of memory \\(--memory "
                                     "300 MB; it used [0-9.]+ MB\\)")));
  CHECK(occurrences(ending.err, ": complete in ") == 1);
  const Ending refused = cells.run(trouble("none"), {"--memory", "lots"});
  CHECK(refused.code == 2);
  CHECK(occurrences(refused.err, "--memory: must be a size such as 512M or 2G, got 'lots'") == 1);
}

TEST_CASE("a cell whose time is up is asked to stop, then killed, and the others finish") {
  const Troubled cells;
  const Ending ending = cells.run(trouble("stubborn, none"), {"--timeout", "1", "--jobs", "2"});
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(ending.seconds < 30);
  CHECK(std::regex_search(ending.err, std::regex("stubborn: failed in [^\n]*took longer than 1 s "
                                                 "in stage sample")));
  CHECK(occurrences(ending.err, ": complete in ") == 1);
}

TEST_CASE("time asleep is no work: a run that was suspended is not out of time") {
  const Troubled cells;
  const std::string spec = trouble("none", "checkpoint: {every: 0.1}\n");
  Process run(invoke_words({"run", cells.folder.write("s.yaml", spec).string(), "--out",
                            (cells.folder / "out").string(), "--timeout", "8", "--set",
                            "sample.draws=100000000", "--set", "sample.record=[energy]"}));
  std::vector<pid_t> engines;
  for (int tries = 0; tries < 20000 && !fs::exists(cells.folder / "out/cells"); ++tries)
    run.ends_within(0.001);
  run.ends_within(0.5);
  for (const pid_t engine : children_of(run.pid())) ::kill(engine, SIGSTOP);
  run.signal(SIGSTOP);
  CHECK_FALSE(run.ends_within(10));
  run.signal(SIGCONT);
  for (const pid_t engine : children_of(run.pid())) ::kill(engine, SIGCONT);
  CHECK_FALSE(run.ends_within(2));
  run.signal(SIGINT);
  const Ending ending = run.wait();
  CAPTURE(ending.err);
  CHECK(ending.code == 130);
  CHECK(occurrences(ending.err, "took longer") == 0);
}

TEST_CASE("energies that are no numbers, or minus infinity, end their cell; its rows are finite") {
  const Troubled cells;
  const Ending ending =
      cells.run(trouble("nan, minus_infinity, plus_infinity, none", "evaluate: [convergence]\n"));
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  for (const char* how : {"nan", "minus_infinity"})
    CHECK(std::regex_search(ending.err, std::regex("model\\.how=" + std::string(how) +
                                                   ": diverged in .*energy of chain 0 is "
                                                   "-?\\.(nan|inf) at step [0-9]+")));
  for (const auto& cell : fs::directory_iterator(cells.folder / "out/cells")) {
    const gibbsite::Hdf5Reader result(cell.path() / "result.h5");
    if (result.text_attribute("/", "status") != "diverged") continue;
    if (!result.has("/sample_stats/energy")) continue;
    for (const double energy : result.read("/sample_stats/energy")) CHECK(std::isfinite(energy));
  }
}

TEST_CASE("a plugin's own processes end with its cell and hold nothing up") {
  const Troubled cells;
  const Ending ending = cells.run(trouble("child, close, none"), {"--jobs", "1"});
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  CHECK(ending.seconds < 40);
  CHECK(occurrences(ending.err, ": complete in ") == 3);
  // Nobody has a file of the run folder open any more.
  int holders = 0;
  for (const auto& process : fs::directory_iterator("/proc")) {
    std::error_code gone;
    for (const auto& file : fs::directory_iterator(process.path() / "fd", gone))
      holders +=
          fs::read_symlink(file.path(), gone).string().starts_with(cells.folder.path().string())
              ? 1
              : 0;
  }
  CHECK(holders == 0);
}

TEST_CASE("a log holds the first and the last of much talk, and no more") {
  const Troubled cells;
  const Ending ending = cells.run(trouble("flood"));
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  const std::string log = cells.logs();
  CHECK(log.size() < (1 << 20) + (64 << 10));
  CHECK(log.size() > (1 << 20));
  CHECK(occurrences(log, "line 0 of") == 1);
  CHECK(occurrences(log, "line 499999 of") == 1);
  CHECK(occurrences(log, " bytes left out ...") == 1);
}

TEST_CASE("two plugins with the same class and functions, visible to all, keep apart") {
  const Troubled cells;
  const Ending ending = cells.run("gibbsite: 1\nname: x\nplugins: ['" + fixture("twin_a").string() +
                                  "', '" + fixture("twin_b").string() +
                                  "']\nmodel: twin_a\nsample: {chains: 1, warmup: 0, draws: 300}\n"
                                  "grid: {model: [twin_a, twin_b]}\n");
  CAPTURE(ending.err);
  REQUIRE(ending.code == 0);
  std::set<double> energies;
  for (const auto& cell : fs::directory_iterator(cells.folder / "out/cells"))
    for (const double energy :
         gibbsite::Hdf5Reader(cell.path() / "result.h5").read("/sample_stats/energy"))
      energies.insert(energy);
  CHECK(energies == std::set<double>{0, 0.25, -0.5});
}

TEST_CASE("a plugin that is replaced while a grid runs serves no cell of it") {
  const Troubled cells;
  const fs::path own = cells.folder / "mine.so";
  fs::copy(fixture("trouble"), own);
  const std::string spec = cells.folder.write(
      "s.yaml", std::regex_replace(trouble("hang, none", "checkpoint: {every: 0.1}\n"),
                                   std::regex(fixture("trouble").string()), own.string()));
  const std::vector<std::string> words = {
      "run", spec, "--out", (cells.folder / "out").string(), "--jobs", "1", "--timeout", "2"};
  Process run(invoke_words(words));
  for (int tries = 0; tries < 20000 && !fs::exists(cells.folder / "out/cells"); ++tries)
    run.ends_within(0.001);
  run.ends_within(0.3);
  std::string bytes = text_of(own) + "\n";  // another file, which works as well
  const fs::path other = cells.folder.write("other.so", bytes);
  fs::rename(other, own);
  const Ending ending = run.wait();
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(std::regex_search(ending.err, std::regex("model\\.how=none: failed in [^\n]*changed")));
  // The next run plans cells for what the plugin is now.
  const Ending again = invoke(
      {"run", spec, "--out", (cells.folder / "out").string(), "--jobs", "1", "--timeout", "2"});
  CHECK(occurrences(again.err, ": complete in ") == 1);
}

TEST_CASE("a checkpoint that lies in the folder of another cell is refused") {
  const Troubled cells;
  const std::string spec = trouble("none", "checkpoint: {every: 0.05}\n") + "  # nothing\n";
  const std::vector<std::string> more = {"--set", "grid={seed: [1, 2]}",
                                         "--set", "sample.draws=30000000",
                                         "--set", "sample.record=[energy]"};
  std::vector<std::string> words = {"run",    cells.folder.write("s.yaml", spec).string(),
                                    "--out",  (cells.folder / "out").string(),
                                    "--jobs", "2"};
  words.insert(words.end(), more.begin(), more.end());
  Process run(invoke_words(words));
  std::vector<fs::path> checkpoints;
  for (int tries = 0; tries < 20000 && checkpoints.size() < 2; ++tries) {
    run.ends_within(0.001);
    checkpoints.clear();
    for (const std::string& name : files_below(cells.folder / "out"))
      if (name.ends_with("checkpoint.bin")) checkpoints.push_back(cells.folder / "out" / name);
  }
  REQUIRE(checkpoints.size() == 2);
  run.signal(SIGINT);
  run.wait();
  for (const fs::path& file : checkpoints)
    fs::remove(file.parent_path() / "checkpoint.previous.bin");
  fs::rename(checkpoints[0], cells.folder / "first");
  fs::rename(checkpoints[1], checkpoints[0]);
  fs::rename(cells.folder / "first", checkpoints[1]);
  const Ending refused = invoke(words);
  CAPTURE(refused.err);
  CHECK(refused.code == 3);
  CHECK(occurrences(refused.err,
                    "belongs to cell " + checkpoints[1].parent_path().filename().string()) >= 1);
}
