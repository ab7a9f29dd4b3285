// Results do not depend on threads, jobs, kills, interruptions or company: byte for byte.
#include <doctest/doctest.h>

#include <csignal>
#include <gibbsite/core/random.hpp>
#include <regex>
#include <set>

#include "support/program.hpp"
#include "support/results.hpp"

using namespace gibbsite::test;

namespace {

// Training with all its options, sampling and annealing, saved all the time. The longer one leaves
// time to be killed.
std::string one_cell(bool longer = false) {
  const std::string updates = longer ? "20000" : "1500", draws = longer ? "40000" : "3000",
                    temperatures = longer ? "6000" : "300";
  return "gibbsite: 1\n"
         "name: work\n"
         "data: {name: digits, threshold: 0.5, test_fraction: 0.2, limit: 300}\n"
         "model: {name: rbm, hidden: 8}\n"
         "train:\n"
         "  gradient: {name: contrastive_divergence, steps: 1, persistent: true, chains: 20}\n"
         "  optimizer: {name: adam, step_size: 0.005, schedule: cosine, period: 1000, warmup: 9}\n"
         "  regularization: {l2: 0.001, sparsity: {target: 0.1, rate: 0.1}}\n"
         "  centring: {means: average}\n"
         "  clip: {norm: 2}\n"
         "  average: 0.99\n"
         "  evaluate:\n"
         "    - {name: exact_log_partition, every: 200}\n"
         "    - {name: annealed_importance_sampling, temperatures: 50, runs: 10, every: 300}\n"
         "  stop: {metric: exact_log_partition.mean_log_likelihood_test}\n"
         "  on_divergence: {snapshot_every: 50}\n"
         "  batch: 50\n"
         "  updates: " +
         updates +
         "\n"
         "  record_every: 7\n"
         "sample: {chains: 4, warmup: 100, draws: " +
         draws +
         ", thin: 2, init: {from: data}}\n"
         "evaluate:\n"
         "  - exact_log_partition\n"
         "  - {name: annealed_importance_sampling, temperatures: " +
         temperatures +
         ", runs: 40}\n"
         "  - {name: gradient_error, gradient: {name: contrastive_divergence, steps: 1}, repeats: "
         "20}\n"
         "checkpoint: {every: 0.05}\n";
}

class Work {
 public:
  explicit Work(const std::string& spec) : file_(folder_.write("s.yaml", spec)) {}
  std::vector<std::string> words(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"run", file_.string(), "--out", (folder_ / out).string()};
    all.insert(all.end(), more.begin(), more.end());
    return invoke_words(all);
  }
  Ending run(const std::string& out, const std::vector<std::string>& more = {}) const {
    return run_program(words(out, more));
  }
  fs::path at(const std::string& out) const { return folder_ / out; }
  std::map<std::string, std::string> results(const std::string& out) const {
    return reproducible_parts(at(out));
  }

 private:
  TemporaryFolder folder_;
  fs::path file_;
};

// Runs until finished; each attempt is disturbed by `disturb(process, attempt)`.
template <class Disturb>
int run_disturbed(const Work& work, const std::string& out, int attempts, Disturb disturb) {
  int disturbed = 0;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    Process process(work.words(out, {"--jobs", "1", "--threads", "1"}));
    disturbed += disturb(process, attempt) ? 1 : 0;
    process.wait();
  }
  const Ending last = work.run(out);
  CAPTURE(last.err);
  CHECK(last.code == 0);
  return disturbed;
}

// Waits for the moment, as a share of a second, that the seed gives to an attempt.
bool still_runs_at(Process& process, int attempt, std::uint64_t seed, double most) {
  return !process.ends_within(most *
                              gibbsite::Stream(seed).at(std::uint64_t(attempt)).uniform(1)(0));
}

const std::string two_seeds = one_cell() + "grid: {seed: [1, 2]}\n";

}  // namespace

TEST_CASE("threads and jobs do not change a bit of the results") {
  const Work cells(two_seeds);
  REQUIRE(cells.run("a", {"--threads", "1", "--jobs", "1"}).code == 0);
  const auto reference = cells.results("a");
  CHECK(reference.size() > 60);
  std::set<std::string> draws;  // the comparison sees the draws, and another seed changes them
  for (const auto& [name, value] : reference)
    if (name.ends_with("/posterior/x")) draws.insert(value);
  CHECK(draws.size() == 2);
  REQUIRE(cells.run("b", {"--threads", "2", "--jobs", "1"}).code == 0);
  CHECK(differences(reference, cells.results("b")) == std::vector<std::string>{});
  REQUIRE(cells.run("c", {"--threads", "3", "--jobs", "2"}).code == 0);
  CHECK(differences(reference, cells.results("c")) == std::vector<std::string>{});
}

TEST_CASE("instruction sets that fuse multiply and add give the same bits") {
  const Work cell(one_cell());
  REQUIRE(run_program(cell.words("a"), {{"GIBBSITE_ISA", "avx2"}}).code == 0);
  REQUIRE(run_program(cell.words("b")).code == 0);
  CHECK(differences(cell.results("a"), cell.results("b")) == std::vector<std::string>{});
}

TEST_SUITE_BEGIN("slow");

TEST_CASE("a cell that is killed at 30 random moments and started again ends with the same bits") {
  const Work cell(one_cell(true));
  REQUIRE(cell.run("undisturbed").code == 0);
  // Even attempts kill the engine, odd ones the host; both must leave nothing running.
  const int killed = run_disturbed(cell, "killed", 30, [](Process& process, int attempt) {
    if (!still_runs_at(process, attempt, 17, 0.4)) return false;
    const auto engines = children_of(process.pid());
    if (attempt % 2 == 0 && !engines.empty())
      ::kill(engines[0], SIGKILL);
    else
      process.signal(SIGKILL);
    return true;
  });
  CHECK(killed >= 20);
  const fs::path cells = cell.at("killed") / "cells";
  CHECK(occurrences(text_of(fs::directory_iterator(cells)->path() / "log.txt"),
                    "resumed in stage") >= 5);
  CHECK(differences(cell.results("undisturbed"), cell.results("killed")) ==
        std::vector<std::string>{});
}

TEST_CASE("a run that is interrupted ends with 130 and goes on to the same bits") {
  const Work cell(one_cell(true));
  REQUIRE(cell.run("undisturbed").code == 0);
  int stopped = 0;
  run_disturbed(cell, "stopped", 8, [&](Process& process, int attempt) {
    if (!still_runs_at(process, attempt, 5, 1.2)) return false;
    process.signal(attempt % 2 == 0 ? SIGINT : SIGTERM);
    const Ending ending = process.wait();
    CAPTURE(ending.err);
    const bool planning =
        ending.err.empty();  // nothing had been started: the signal itself ends it
    if (!planning && occurrences(ending.err, "complete in") == 0) {
      CHECK(ending.code == 130);
      CHECK(occurrences(ending.err, "stopping at the next checkpoint") == 1);
      ++stopped;
    }
    return true;
  });
  CHECK(stopped >= 2);
  CHECK(differences(cell.results("undisturbed"), cell.results("stopped")) ==
        std::vector<std::string>{});
}

TEST_CASE("two runs of one grid at once share its cells without harm") {
  const Work cells(one_cell() + "grid: {seed: [1, 2, 3, 4]}\n");
  REQUIRE(cells.run("alone").code == 0);
  Process a(cells.words("shared", {"--jobs", "1"})), b(cells.words("shared", {"--jobs", "1"}));
  const Ending first = a.wait(), second = b.wait();
  CAPTURE(first.err);
  CAPTURE(second.err);
  CHECK(first.code == 0);
  CHECK(second.code == 0);
  CHECK(differences(cells.results("alone"), cells.results("shared")) == std::vector<std::string>{});
  CHECK(occurrences(invoke({"status", cells.at("shared").string()}).out, "4 cells: 4 complete") ==
        1);
}

TEST_SUITE_END();

TEST_CASE("nothing of a run stays when its host is killed") {
  const Work cell(one_cell());
  Process host(cell.words("out", {"--jobs", "1"}));
  std::vector<pid_t> engines;
  for (int tries = 0; tries < 2000 && !fs::exists(cell.at("out") / "cells"); ++tries)
    host.ends_within(0.005);
  for (int tries = 0; tries < 2000 && engines.empty(); ++tries) {
    host.ends_within(0.005);
    engines = children_of(host.pid());
  }
  REQUIRE(engines.size() == 1);
  host.signal(SIGKILL);
  host.wait();
  bool alive = true;
  Process pause({"sleep", "2"});
  for (int tries = 0; tries < 400 && alive; ++tries) {
    alive =
        ::kill(engines[0], 0) == 0 &&
        text_of("/proc/" + std::to_string(engines[0]) + "/stat").find(") Z ") == std::string::npos;
    if (alive) pause.ends_within(0.005);
  }
  CHECK_FALSE(alive);
}

TEST_CASE("a damaged checkpoint gives way to the one before, and two damaged ones are refused") {
  const Work cell(one_cell());
  REQUIRE(cell.run("undisturbed").code == 0);
  Process process(cell.words("out", {"--jobs", "1"}));
  fs::path folder;
  for (int tries = 0; tries < 20000 && folder.empty(); ++tries) {
    process.ends_within(0.001);
    for (const std::string& name : files_below(cell.at("out")))
      if (name.ends_with("checkpoint.previous.bin")) folder = (cell.at("out") / name).parent_path();
  }
  for (const pid_t engine : children_of(process.pid())) ::kill(engine, SIGKILL);
  process.wait();
  REQUIRE(fs::exists(folder / "checkpoint.previous.bin"));
  REQUIRE_FALSE(fs::exists(folder / "result.h5"));
  // The kill may have come between the two renames of a checkpoint.
  if (!fs::exists(folder / "checkpoint.bin"))
    fs::copy_file(folder / "checkpoint.previous.bin", folder / "checkpoint.bin");
  fs::copy(folder, cell.at("copy"), fs::copy_options::recursive);

  fs::resize_file(folder / "checkpoint.bin", fs::file_size(folder / "checkpoint.bin") / 2);
  CHECK(cell.run("out").code == 0);
  CHECK(occurrences(text_of(folder / "log.txt"), "the checkpoint before it is used") == 1);
  CHECK(differences(cell.results("undisturbed"), cell.results("out")) ==
        std::vector<std::string>{});

  fs::remove_all(folder);
  fs::copy(cell.at("copy"), folder, fs::copy_options::recursive);
  for (const char* name : {"checkpoint.bin", "checkpoint.previous.bin"})
    fs::resize_file(folder / name, 100);
  const Ending refused = cell.run("out");
  CAPTURE(refused.err);
  CHECK(refused.code == 3);
  CHECK(
      std::regex_search(refused.err, std::regex("checkpoint\\.bin: damaged checkpoint.*--fresh")));
  CHECK(cell.run("out", {"--fresh"}).code == 0);
  CHECK(differences(cell.results("undisturbed"), cell.results("out")) ==
        std::vector<std::string>{});
}
