// Why cells would run, how long that may take, and what has changed since they did.
#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <gibbsite/io/checkpoint.hpp>
#include <gibbsite/io/hdf5.hpp>
#include <gibbsite/run/changes.hpp>
#include <regex>

#include "support/program.hpp"
#include "support/results.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const char* const small =
    "gibbsite: 1\n"
    "name: small\n"
    "model: {name: rbm, visible: 3, hidden: 2}\n"
    "sample: {chains: 2, warmup: 2, draws: 5}\n";

class Lab {
 public:
  Ending run(const std::string& spec, const std::vector<std::string>& more = {},
             const Environment& environment = {}) const {
    return run_program(words(spec, more), environment);
  }
  std::vector<std::string> words(const std::string& spec,
                                 const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = {"run", folder.write("s.yaml", spec).string(), "--out",
                                    (folder / "out").string()};
    all.insert(all.end(), more.begin(), more.end());
    return invoke_words(all);
  }
  std::string dry(const std::string& spec, std::vector<std::string> more = {}) const {
    more.emplace_back("--dry-run");
    const Ending ending = run(spec, more);
    CAPTURE(ending.err);
    CHECK(ending.code == 0);
    return ending.out;
  }
  std::vector<fs::path> cells() const {
    std::vector<fs::path> all;
    for (const auto& item : fs::directory_iterator(folder / "out" / "cells"))
      all.push_back(item.path());
    return all;
  }
  // As if another build of the engine had made what there is of every cell.
  void pretend_other_engine() const {
    for (const fs::path& cell : cells()) {
      const std::string status = text_of(cell / "status.yaml");
      const std::regex engine("engine: \"?[0-9a-f]{12}\"?");
      CHECK(std::regex_search(status, engine));
      std::ofstream(cell / "status.yaml") << std::regex_replace(status, engine, "engine: other");
    }
  }

  TemporaryFolder folder;
};

// Long enough to be interrupted, saved all the time.
const char* const longer =
    "gibbsite: 1\n"
    "name: longer\n"
    "model: {name: rbm, visible: 30, hidden: 20}\n"
    "sample: {chains: 4, warmup: 10, draws: 200000}\n"
    "checkpoint: {every: 0.05}\n";

void interrupt(const Lab& lab, const std::string& spec) {
  Process process(lab.words(spec, {"--jobs", "1"}));
  const auto saved = [&] {
    for (const std::string& name : files_below(lab.folder / "out"))
      if (name.ends_with("checkpoint.bin")) return true;
    return false;
  };
  for (int k = 0; k < 300 && !saved(); ++k) process.ends_within(0.05);
  REQUIRE(saved());
  process.signal(SIGINT);
  CHECK(process.wait().code == 130);
}

}  // namespace

TEST_CASE("a dry run says of each cell whether it is new, failed or done, and sums up") {
  const Lab lab;
  const auto spec = [](const std::string& how) {
    return "gibbsite: 1\nname: t\nplugins: ['" + fixture("trouble").string() +
           "']\nmodel: {name: trouble, how: none}\nsample: {chains: 1, warmup: 0, draws: 200}\n"
           "grid: {model.how: [" +
           how + "]}\n";
  };
  CHECK(occurrences(lab.dry(spec("none, throw")), "2 cells: 2 would run, 0 would not\n") == 1);
  REQUIRE(lab.run(spec("none, throw")).code == 1);
  const std::string text = lab.dry(spec("none, throw, segfault"));
  CHECK(std::regex_search(text, std::regex("model.how=none  +done\n")));
  CHECK(std::regex_search(
      text, std::regex("model.how=throw  +would run: failed before: [^\n]*coins rolled away")));
  CHECK(std::regex_search(text, std::regex("model.how=segfault  +would run: new\n")));
  CHECK(std::regex_search(
      text, std::regex("3 cells: 2 would run, 1 would not; about [0-9.]+ s with [0-9]+ at once, by "
                       "the 1 that have run\n")));
  const std::string json = lab.dry(spec("none"), {"--json"});
  CHECK(occurrences(json, "\"would_run\":false") + occurrences(json, "\"would_run\": false") == 1);
}

TEST_CASE("an interrupted cell would be resumed") {
  const Lab lab;
  interrupt(lab, longer);
  CHECK(occurrences(lab.dry(longer), "would resume: interrupted\n") == 1);
}

TEST_CASE("the time to go is that of cells that differ in the seed alone, less what is done") {
  const auto cell = [](const std::string& id, const std::string& steps) {
    return PlannedCell{.id = id,
                       .spec = {},
                       .varying = {{"steps", Node::scalar(steps)}, {"seed", Node::scalar(id)}}};
  };
  const auto standing = [](const std::string& state, double seconds) {
    return Standing{.state = state,
                    .outcome = {.status = state,
                                .error = "",
                                .stage = "",
                                .seconds = seconds,
                                .headline = {},
                                .made_by = {}},
                    .changed = {},
                    .earlier = ""};
  };
  const Plan plan{"x",
                  {cell("1", "a"), cell("2", "a"), cell("3", "a"), cell("4", "b"), cell("5", "b"),
                   cell("6", "c")},
                  {}};
  const std::vector<Standing> all = {standing("complete", 10),   standing("complete", 20),
                                     standing("interrupted", 4), standing("complete", 3),
                                     standing("new", 0),         standing("failed", 100)};
  CHECK(estimated_seconds(plan, all, IfChanged::otherwise, false) ==
        doctest::Approx((15 - 4) + 3 + 11));
  CHECK(estimated_seconds(plan, all, IfChanged::otherwise, true) ==
        doctest::Approx(15 + 15 + 15 + 3 + 3 + 11));
  CHECK(estimated_seconds(plan, std::vector<Standing>(6, standing("new", 0)), IfChanged::otherwise,
                          false) < 0);
}

TEST_CASE("results of a program that has changed are kept and said, or made anew, or refused") {
  const Lab lab;
  REQUIRE(lab.run(small).code == 0);
  const auto before = reproducible_parts(lab.folder / "out");
  CHECK(occurrences(lab.dry(small), "done\n") == 1);
  lab.pretend_other_engine();
  CHECK(occurrences(lab.dry(small), "done, by a program changed since (engine)\n") == 1);
  CHECK(occurrences(lab.dry(small, {"--if-changed", "run"}), "would run: changed (engine)\n") == 1);

  const Ending kept = lab.run(small);
  CHECK(kept.code == 0);
  CHECK(occurrences(kept.err,
                    "1 cell done by a program that has changed since (engine); kept (--if-changed "
                    "run computes them anew)\n") == 1);
  CHECK(occurrences(kept.err, ": complete in ") == 0);

  const Ending refused = lab.run(small, {"--if-changed", "refuse"});
  CHECK(refused.code == 2);
  CHECK(occurrences(refused.err,
                    "--if-changed refuse: 1 cells were made by what has changed "
                    "since: engine (nothing was run; see --dry-run)\n") == 1);

  const Ending anew = lab.run(small, {"--if-changed", "run"});
  CHECK(anew.code == 0);
  CHECK(occurrences(anew.err, ": complete in ") == 1);
  CHECK(differences(before, reproducible_parts(lab.folder / "out")).empty());
  CHECK(occurrences(lab.dry(small), "done\n") == 1);
  CHECK(lab.run(small, {"--if-changed", "refuse"}).code == 0);  // nothing has changed any more
  CHECK(lab.run(small, {"--if-changed", "perhaps"}).code == 2);
}

TEST_CASE("a checkpoint of a program that has changed is continued with a warning, or not at all") {
  const Lab lab;
  interrupt(lab, longer);
  const fs::path cell = lab.cells().at(0);
  lab.pretend_other_engine();
  auto checkpoint = *read_checkpoint(cell, cell.filename().string()).checkpoint;
  REQUIRE(checkpoint.made_by.at(0).first == "engine");
  checkpoint.made_by[0].second = "other";
  write_checkpoint(cell, checkpoint);
  CHECK(lab.run(longer, {"--if-changed", "refuse"}).code == 2);
  CHECK(occurrences(lab.dry(longer),
                    "would resume: interrupted, by a program changed since "
                    "(engine)\n") == 1);
  const Ending resumed = lab.run(longer);
  CHECK(resumed.code == 0);
  CHECK(occurrences(resumed.err,
                    "1 cell begun by a program that has changed since (engine); "
                    "continued") == 1);
  CHECK(occurrences(text_of(cell / "log.txt"),
                    "warning: goes on from the checkpoint of another "
                    "program (changed: engine)\n") == 1);
}

TEST_CASE(
    "a data file that has changed makes other cells, unless the earlier ones are to be kept") {
  const Lab lab;
  const std::string spec =
      "gibbsite: 1\nname: x\ndata: {name: csv, path: d.csv}\n"
      "model: {name: rbm, hidden: 2}\nsample: {draws: 3}\n";
  lab.folder.write("d.csv", "0,1\n1,0\n");
  REQUIRE(lab.run(spec).code == 0);
  const std::string id = lab.cells().at(0).filename();
  lab.folder.write("d.csv", "0,1\n1,1\n");
  CHECK(occurrences(lab.dry(spec),
                    "would run: changed (a plugin or data file; was cell " + id + ")\n") == 1);
  CHECK(lab.run(spec, {"--if-changed", "refuse"}).code == 2);
  CHECK(lab.run(spec, {"--if-changed", "keep"}).code == 0);
  CHECK(lab.cells().size() == 1);
  const Ending ending = lab.run(spec);
  CHECK(ending.code == 0);
  CHECK(occurrences(ending.err,
                    "1 cell of the plan: a plugin or data file of the spec has changed; "
                    "computed anew\n") == 1);
  CHECK(lab.cells().size() == 2);
  CHECK(occurrences(lab.dry(spec), "done\n") == 1);
}

TEST_CASE("a result says where, when and by what it was made") {
  const Lab lab;
  REQUIRE(lab.run(small, {}, {{"SLURM_JOB_ID", "4711"}, {"SLURM_ARRAY_TASK_ID", "3"}}).code == 0);
  const fs::path cell = lab.cells().at(0);
  const Hdf5Reader file(cell / "result.h5");
  for (const char* name : {"git_commit", "compiler", "compiler_flags", "cpu_features", "host",
                           "plugins", "stamp", "attempts"}) {
    CAPTURE(name);
    CHECK_FALSE(file.text_attribute("/", name).empty());
  }
  CHECK(file.boolean_attribute("/", "git_dirty") ==
        file.text_attribute("/", "git_commit").ends_with("-dirty"));
  const std::string started = file.text_attribute("/", "started"),
                    finished = file.text_attribute("/", "finished");
  CHECK(std::regex_match(started, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")));
  CHECK(started <= finished);
  const std::string attempt = file.text_attribute("/", "attempts");
  CHECK(attempt.starts_with(started + " " + file.text_attribute("/", "host") + " pid "));
  CHECK(attempt.ends_with(" SLURM_JOB_ID=4711 SLURM_ARRAY_TASK_ID=3"));
  CHECK(file.text_attribute("/", "scheduler") == "SLURM_JOB_ID=4711");
  const Outcome outcome = read_status(cell);
  CHECK(occurrences(attempt, " engine " + outcome.made_by.at(0).second) == 1);
  std::vector<std::string> parts;
  for (const auto& [part, identity] : outcome.made_by) {
    parts.push_back(part);
    CHECK(identity.size() == 12);
  }
  CHECK(parts == std::vector<std::string>{"engine", "sdk", "model rbm", "sampler block_gibbs"});
}

TEST_CASE("a part of the program counts as changed where it is there with another identity") {
  const Makers then = {{"engine", "1"}, {"sdk", "2"}, {"model rbm", "3"}};
  CHECK(changed_makers(then, then).empty());
  CHECK(changed_makers(then, {{"sdk", "2"}, {"engine", "9"}, {"model rbm", "8"}}) ==
        std::vector<std::string>{"engine", "model rbm"});
  CHECK(changed_makers(then, {{"engine", "1"}}).empty());
  CHECK(changed_makers({}, then).empty());
}
