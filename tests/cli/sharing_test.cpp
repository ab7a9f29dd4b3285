// Several programs on one run folder: every cell is computed once, whoever dies.
#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <regex>

#include "support/program.hpp"
#include "support/results.hpp"

using namespace gibbsite::test;

namespace {

const char* const six_cells =
    "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\nmodel: {name: rbm, hidden: 2}\n"
    "train: {gradient: {name: contrastive_divergence}, batch: 6, updates: 200}\n"
    "sample: {chains: 2, warmup: 2, draws: 50}\nevaluate: [exact_log_partition]\n"
    "grid: {seed: [1, 2, 3, 4, 5, 6]}\n";

// A coin model that waits for ever once it has been asked for some energies.
std::string hanging(const std::string& grid) {
  return "gibbsite: 1\nname: x\nplugins: ['" + fixture("trouble").string() +
         "']\nmodel: {name: trouble, how: none}\nsample: {chains: 1, warmup: 0, draws: 200}\n"
         "grid: " +
         grid + "\n";
}

struct Shared {
  TemporaryFolder folder;
  explicit Shared(const std::string& spec) { folder.write("s.yaml", spec); }
  std::vector<std::string> words(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"run", (folder / "s.yaml").string(), "--out",
                                    (folder / out).string()};
    all.insert(all.end(), more.begin(), more.end());
    return invoke_words(all);
  }
  // Waits until a process of `host` works on a cell.
  static pid_t engine_of(Process& host) {
    for (int tries = 0; tries < 10000 && !host.ends_within(0.001); ++tries)
      for (const pid_t child : children_of(host.pid())) {
        // One that has not started its program yet still has the host's words.
        const std::string line = text_of("/proc/" + std::to_string(child) + "/cmdline");
        if (occurrences(line, "gibbsite-engine") > 0 &&
            occurrences(line, std::string("run\0", 4)) > 0)
          return child;
      }
    return -1;
  }
};

void wait_for(const fs::path& file, Process& process) {
  for (int tries = 0; tries < 20000 && !fs::exists(file); ++tries) process.ends_within(0.001);
}

}  // namespace

TEST_CASE("two runs started at once, eight times over: every cell computed once, all exits 0") {
  const Shared shared(six_cells);
  REQUIRE(run_program(shared.words("alone")).code == 0);
  const auto reference = reproducible_parts(shared.folder / "alone");
  for (int time = 0; time < 8; ++time) {
    const std::string out = "out" + std::to_string(time);
    Process a(shared.words(out, {"--jobs", "2"})), b(shared.words(out, {"--jobs", "2"}));
    const Ending first = a.wait(), second = b.wait();
    CAPTURE(first.err);
    CAPTURE(second.err);
    CHECK(first.code == 0);
    CHECK(second.code == 0);
    CHECK(occurrences(first.err, ": complete in ") + occurrences(second.err, ": complete in ") ==
          6);
    CHECK(differences(reference, reproducible_parts(shared.folder / out)).empty());
    for (const std::string& name : files_below(shared.folder / out)) {
      CAPTURE(name);
      CHECK(occurrences(name, "lease") + occurrences(name, "tmp") == 0);
    }
  }
}

TEST_CASE("a failure elsewhere counts for both runs and is not tried again by either") {
  const Shared shared(hanging("{model.how: [hang, segfault]}"));
  Process a(shared.words("out", {"--jobs", "1", "--timeout", "3"}));
  REQUIRE(Shared::engine_of(a) > 0);  // at the first cell; the second is the other run's
  Process b(shared.words("out", {"--jobs", "1", "--timeout", "3"}));
  const Ending first = a.wait(), second = b.wait();
  CAPTURE(first.err);
  CAPTURE(second.err);
  CHECK(first.code == 1);
  CHECK(second.code == 1);
  CHECK(occurrences(first.err, "model.how=hang: failed in ") == 1);
  CHECK(occurrences(first.err, "model.how=segfault: failed elsewhere in ") == 1);
  CHECK(occurrences(second.err, "model.how=hang: failed elsewhere in ") == 1);
  CHECK(occurrences(second.err, "model.how=segfault: failed in ") == 1);
}

TEST_CASE("what a killed run had is taken over by the one that waits for it") {
  const Shared shared(hanging("{model.how: [hang]}"));
  Process first(shared.words("out"));
  REQUIRE(Shared::engine_of(first) > 0);
  Process second(shared.words("out", {"--timeout", "0.5"}));
  CHECK_FALSE(second.ends_within(1));
  first.signal(SIGKILL);
  first.wait();
  const Ending ending = second.wait();
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(std::regex_search(ending.err, std::regex("other programs have are waited for; the first is "
                                                 "[0-9a-f]{12}, with process " +
                                                 std::to_string(first.pid()) + " on ")));
  CHECK(occurrences(ending.err, "taken over, process " + std::to_string(first.pid())) == 1);
  CHECK(occurrences(ending.err, "took longer than 0.5 s") == 1);
}

TEST_CASE("a cell at which programs vanish again and again fails, and a later run tries it anew") {
  const Shared shared(hanging("{model.how: [hang]}"));
  for (int time = 0; time < 2; ++time) {
    Process victim(shared.words("out"));
    REQUIRE(Shared::engine_of(victim) > 0);
    victim.signal(SIGKILL);
    victim.wait();
  }
  const Ending third = run_program(shared.words("out", {"--crash-limit", "2"}));
  CHECK(third.code == 1);
  CHECK(occurrences(third.err, "2 programs in a row vanished at this cell") == 1);
  CHECK(occurrences(invoke({"status", (shared.folder / "out").string()}).out,
                    "2 programs in a row vanished") >= 1);
  const Ending fourth =
      run_program(shared.words("out", {"--crash-limit", "2", "--timeout", "0.5"}));
  CHECK(occurrences(fourth.err, "took longer than 0.5 s") == 1);
}

TEST_CASE("a run on another machine is waited for while it lives and relieved when it does not") {
  const Shared shared(six_cells);
  REQUIRE(run_program(shared.words("alone")).code == 0);
  std::string id;
  for (const auto& cell : fs::directory_iterator(shared.folder / "alone" / "cells"))
    id = cell.path().filename().string();
  const fs::path lease = shared.folder / ("out/cells/" + id + "/lease.4");
  shared.folder.write("out/cells/" + id + "/lease.4",
                      "host: elsewhere\nmachine: m\nboot: b\nprocesses: p\nprocess: 12\n"
                      "started: 1\njob: \nheartbeat: 0.2\nvanished: 0\ncheckpoint: 0\n");
  Process run(shared.words("out"));
  wait_for(shared.folder / "out/plan.yaml", run);
  for (int beat = 0; beat < 40; ++beat) {
    fs::last_write_time(lease, fs::file_time_type::clock::now());
    REQUIRE_FALSE(run.ends_within(0.1));
  }
  const Ending ending = run.wait();
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  CHECK(occurrences(ending.err, "cell " + id + ": taken over, process 12 on elsewhere has") == 1);
  CHECK(occurrences(ending.err, "silent for") == 1);
  CHECK(occurrences(ending.err, ": complete in ") == 6);
}

TEST_CASE("a cell that has been taken over is left alone by the process that had it") {
  const Shared shared(hanging("{model.how: [none]}"));
  // Slow enough to be met at work, then to be asked for a checkpoint.
  Process run(shared.words("out", {"--set", "sample.draws=30000000", "--set",
                                   "sample.record=[energy]", "--set", "checkpoint={every: 0.05}"}));
  const pid_t engine = Shared::engine_of(run);
  REQUIRE(engine > 0);
  fs::path cell;
  for (int tries = 0; tries < 10000 && (cell.empty() || !fs::exists(cell / "checkpoint.bin"));
       ++tries) {
    run.ends_within(0.001);
    std::error_code not_yet;
    for (const auto& item : fs::directory_iterator(shared.folder / "out" / "cells", not_yet))
      cell = item.path();
  }
  REQUIRE(fs::exists(cell / "lease.1"));
  // As a program on another machine does that takes this one for dead.
  std::ofstream(cell / "lease.2") << "host: elsewhere\nmachine: m\nboot: b\nprocesses: p\n"
                                     "process: 12\nstarted: 1\njob: \nheartbeat: 100\n";
  fs::remove(cell / "lease.1");
  for (int tries = 0; tries < 5000 && ::kill(engine, 0) == 0; ++tries) run.ends_within(0.001);
  CHECK(::kill(engine, 0) != 0);
  const auto written = fs::last_write_time(cell / "checkpoint.bin");
  CHECK_FALSE(run.ends_within(1));  // it waits for the other one now
  CHECK(fs::last_write_time(cell / "checkpoint.bin") == written);
  CHECK(fs::exists(cell / "lease.2"));
}
