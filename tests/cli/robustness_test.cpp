// What happens to runs in the wild: killed between two files, stopped, moved, without an
// environment, with readers that go away. Always: the same results in the end, byte for byte.
#include <doctest/doctest.h>

#include <csignal>
#include <regex>

#include "support/lab.hpp"

using namespace gibbsite::test;

namespace {

const char* const spec =
    "gibbsite: 1\n"
    "name: work\n"
    "data: {name: bars_and_stripes, side: 3}\n"
    "model: {name: rbm, hidden: 6}\n"
    "train: {gradient: {name: contrastive_divergence, persistent: true, chains: 10}, batch: 20, "
    "updates: 1500}\n"
    "sample: {chains: 2, warmup: 50, draws: 4000}\n"
    "evaluate: [{name: annealed_importance_sampling, temperatures: 300, runs: 20}]\n"
    "checkpoint: {every: 0.01}\n"
    "grid: {seed: [1, 2]}\n";

std::string quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += "'" + word + "' ";
  return line;
}

}  // namespace

TEST_CASE("a kill at any rename below the cells loses and doubles no draw") {
  const Lab lab(spec);
  int killed = 0;
  for (const int nth : {1, 2, 3, 4, 6, 9, 14, 22}) {
    CAPTURE(nth);
    const std::string out = "out" + std::to_string(nth);
    const Ending ending = lab.run(
        out, {"--jobs", "1"}, fault("rename", "/cells/", std::size_t(nth), {{"FAULT_KILL", "1"}}));
    killed += ending.signal != 0 || occurrences(ending.err, "SIGKILL") > 0 ? 1 : 0;
    CHECK(lab.ends_the_same(out));
  }
  CHECK(killed >= 5);
}

TEST_CASE("every signal that asks a run to end is obeyed within the time a scheduler gives") {
  const Lab lab(spec);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT}) {
    CAPTURE(signal);
    const std::string out = "out" + std::to_string(signal);
    Process process(lab.words(out, {"--jobs", "1"}));
    REQUIRE(lab.works(process, out));
    process.signal(signal);
    CHECK(process.ends_within(20));
    CHECK(process.wait().code == 130);
    CHECK(lab.ends_the_same(out));
  }
}

TEST_CASE("a second interrupt ends a run at once, and nothing is lost") {
  const Lab lab(spec);
  Process process(lab.words("out", {"--jobs", "2"}));
  REQUIRE(lab.works(process, "out"));
  process.signal(SIGINT);
  process.ends_within(0.02);
  process.signal(SIGINT);
  CHECK(process.ends_within(10));
  CHECK(process.wait().code == 130);
  CHECK(lab.ends_the_same("out"));
}

TEST_CASE("a run that is stopped for some seconds and continued ends as if nothing had been") {
  const Lab lab(spec);
  Process process(lab.words("out", {"--jobs", "1"}));
  REQUIRE(lab.works(process, "out"));
  const auto engines = children_of(process.pid());
  process.signal(SIGSTOP);
  for (const pid_t engine : engines) ::kill(engine, SIGSTOP);
  Process({"sleep", "3"}).wait();
  for (const pid_t engine : engines) ::kill(engine, SIGCONT);
  process.signal(SIGCONT);
  CHECK(process.wait().code == 0);
  CHECK(lab.ends_the_same("out"));
}

TEST_CASE("a reader that goes away harms no run") {
  const Lab lab(spec);
  run_program({"sh", "-c", quoted(lab.words("out", {"--jobs", "1"})) + "2>&1 | head -n 1"});
  CHECK(lab.ends_the_same("out"));
}

TEST_CASE("a run folder that is moved or copied goes on where it was") {
  const Lab lab(spec);
  Process process(lab.words("out", {"--jobs", "1"}));
  REQUIRE(lab.works(process, "out"));
  process.signal(SIGINT);
  CHECK(process.wait().code == 130);
  fs::copy(lab.folder / "out", lab.folder / "copy", fs::copy_options::recursive);
  fs::rename(lab.folder / "out", lab.folder / "elsewhere");
  CHECK(lab.ends_the_same("elsewhere"));
  CHECK(lab.ends_the_same("copy"));
  const Ending status = invoke({"status", (lab.folder / "elsewhere").string()});
  CHECK(occurrences(status.out, "2 cells: 2 complete") == 1);
}

TEST_CASE("a run needs no environment, no home and no open descriptor") {
  const Lab lab(spec);
  run_program({"sh", "-c", "env -i TZ=Mars/Olympus " + quoted(lab.words("out")) + "<&- >&- 2>&-"});
  CHECK(occurrences(invoke({"status", (lab.folder / "out").string()}).out, "2 complete") == 1);
  CHECK(lab.ends_the_same("out"));
}

TEST_CASE("results do not depend on how many cells run at once, nor on their order or day") {
  const Lab lab(spec);
  for (const char* jobs : {"1", "2", "4"}) {
    const std::string out = std::string("jobs") + jobs;
    CHECK(lab.run(out, {"--jobs", jobs}).code == 0);
    CHECK(lab.ends_the_same(out));
  }
  CHECK(lab.run("single", {"--only", "seed=2"}).code == 0);
  CHECK(lab.run("single", {"--only", "seed=1"}).code == 0);
  CHECK(lab.ends_the_same("single"));
  CHECK(lab.run("turned", {"--set", "grid.seed=[2, 1]", "--jobs", "1"}).code == 0);
  CHECK(lab.ends_the_same("turned"));
}

TEST_CASE(
    "of many cells a third fails: the others finish, and the next run takes the failed alone") {
  const Lab lab("gibbsite: 1\nname: trouble\nplugins: ['" + fixture("trouble").string() +
                "']\nmodel: {name: trouble, how: none}\nsample: {chains: 1, warmup: 0, draws: "
                "200}\ngrid: {seed: {from: 1, to: 12}, model.how: [none, throw, none]}\n");
  // Equal cells are one: 12 that are well and 12 that fail.
  const Ending first = lab.run("out");
  CHECK(first.code == 1);
  CHECK(occurrences(first.err, ": complete in ") == 12);
  CHECK(occurrences(first.err, ": failed in ") == 12);
  const Ending second = lab.run("out");
  CHECK(second.code == 1);
  CHECK(occurrences(second.err, ": complete in ") == 0);
  CHECK(occurrences(second.err, ": failed in ") == 12);
  const Ending status = invoke({"status", (lab.folder / "out").string()});
  CHECK(occurrences(status.out, "24 cells: 12 complete, 12 failed") == 1);
  CHECK(occurrences(status.out, "the coins rolled away") == 12);
}

TEST_CASE("an engine has the files of its own cell open and no other's, and leaves no process") {
  const Lab lab(spec);
  Process process(lab.words("out", {"--jobs", "2", "--threads", "1"}));
  REQUIRE(lab.works(process, "out"));
  int looked = 0;
  for (const pid_t engine : children_of(process.pid())) {
    const std::string place = "/proc/" + std::to_string(engine);
    const std::string words = text_of(place + "/cmdline");
    std::error_code gone;
    for (const auto& item : fs::directory_iterator(place + "/fd", gone)) {
      const std::string file = fs::read_symlink(item.path(), gone).string();
      const auto at = file.find("/cells/");
      if (at == std::string::npos) continue;
      ++looked;
      CAPTURE(file);
      CHECK(words.find(file.substr(at, std::string("/cells/0123456789ab").size())) !=
            std::string::npos);
    }
  }
  CHECK(looked > 0);
  CHECK(process.wait().code == 0);
  CHECK(lab.ends_the_same("out"));
}
