// Workers that a batch system or a command starts: the same results, nothing lost, nothing doubled.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <optional>
#include <regex>
#include <thread>

#include "support/program.hpp"
#include "support/results.hpp"

using namespace gibbsite::test;

namespace {

std::string cells(int count, const std::string& updates = "200") {
  return "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\n"
         "model: {name: rbm, hidden: 2}\n"
         "train: {gradient: {name: contrastive_divergence}, batch: 6, updates: " +
         updates +
         "}\nsample: {chains: 2, warmup: 2, draws: 50}\nevaluate: [exact_log_partition]\n"
         "checkpoint: {every: 0.05}\ngrid: {seed: {from: 1, to: " +
         std::to_string(count) + "}}\n";
}

const std::string endless = "1000000000";

// A Slurm of one node of its own; `why_not` says why there is none.
class Slurm {
 public:
  Slurm() {
    const Ending up = run_program({"bash", script_, "up", folder_.path().string()});
    if (up.code != 0) why_not = up.out + up.err;
    if (up.code != 0 && up.code != 77) FAIL("Slurm does not come up: " << why_not);
  }
  ~Slurm() { run_program({"bash", script_, "down", folder_.path().string()}); }
  Slurm(const Slurm&) = delete;
  Slurm& operator=(const Slurm&) = delete;

  Environment environment() const { return {{"SLURM_CONF", (folder_ / "slurm.conf").string()}}; }
  Ending run(const std::vector<std::string>& words) const {
    return run_program(words, environment());
  }
  void kill_controller() const { ::kill(std::stoi(text_of(folder_ / "slurmctld.pid")), SIGKILL); }
  void restart_controller() const {
    REQUIRE(run_program({"bash", script_, "ctld", folder_.path().string()}).code == 0);
  }

  std::string why_not;

 private:
  const std::string script_ = GIBBSITE_SOURCE "/tests/support/slurm.sh";
  TemporaryFolder folder_;
};

struct Launched {
  TemporaryFolder folder;
  explicit Launched(const std::string& spec) { folder.write("s.yaml", spec); }
  std::vector<std::string> words(const std::string& out, std::vector<std::string> more = {}) const {
    std::vector<std::string> all = {"run", (folder / "s.yaml").string(), "--out",
                                    (folder / out).string()};
    all.insert(all.end(), more.begin(), more.end());
    return invoke_words(all);
  }
  std::string at(const std::string& out) const { return (folder / out).string(); }
  // Whatever the workers of a launch printed.
  std::string logs(const std::string& out) const {
    std::string text;
    for (const std::string& name : files_below(folder / out))
      if (name.starts_with("launch/") && name.ends_with(".log"))
        text += text_of(folder / out / name);
    return text;
  }
  std::size_t results(const std::string& out) const {
    std::size_t count = 0;
    for (const std::string& name : files_below(folder / out))
      count += name.ends_with("/result.h5") ? 1 : 0;
    return count;
  }
  bool wait_for_checkpoint(const std::string& out, Process& process) const {
    for (int tries = 0; tries < 20000 && !process.ends_within(0.001); ++tries)
      for (const std::string& name : files_below(folder / out))
        if (name.ends_with("checkpoint.bin")) return true;
    return false;
  }
};

const std::vector<std::string> on_slurm = {"--launcher", "slurm", "--workers", "2"};

}  // namespace

TEST_CASE(
    "workers that a command starts share the cells, and the results are those of one program") {
  const Launched grid(cells(6));
  REQUIRE(run_program(grid.words("local")).code == 0);
  const auto reference = reproducible_parts(grid.folder / "local");
  const std::vector<std::string> templates = {
      "{worker} & {worker} & wait",             // one command for all
      "sh -c 'echo worker {index}; {worker}'",  // one for each
      "seq 0 {last} | xargs -P {workers} -I% {worker}"};
  for (std::size_t k = 0; k < templates.size(); ++k) {
    const std::string out = "out" + std::to_string(k);
    const Ending ending = run_program(
        grid.words(out, {"--launcher", "command", "--workers", "2", "--submit", templates[k]}));
    CAPTURE(templates[k]);
    CAPTURE(ending.err);
    CHECK(ending.code == 0);
    CHECK(occurrences(ending.err, ": complete in ") == 6);
    // A worker says so after the cell is there, when the run that launched it may have ended.
    std::string logs = grid.logs(out);
    for (int wait = 0; wait < 100 && occurrences(logs, ": complete in ") < 6; ++wait) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      logs = grid.logs(out);
    }
    CAPTURE(logs);
    CHECK(occurrences(logs, ": complete in ") == 6);
    CHECK(differences(reference, reproducible_parts(grid.folder / out)).empty());
  }
}

TEST_CASE("a launcher's options are refused where they make no sense") {
  const Launched grid(cells(1));
  const auto refused = [&](const std::vector<std::string>& options, const std::string& why) {
    const Ending ending = run_program(grid.words("out", options));
    CAPTURE(ending.err);
    CHECK(ending.code == 2);
    CHECK(occurrences(ending.err, why) == 1);
    CHECK(occurrences(ending.err, "\n") == 1);
  };
  refused({"--launcher", "cloud"}, "--launcher: must be local, slurm or command, got 'cloud'");
  refused({"--launcher", "command", "--submit", "qsub x"}, "must be a command with {worker} in it");
  refused({"--submit", "{worker}"}, "--submit: needs --launcher command");
  refused({"--time", "10"}, "need --launcher slurm");
  refused({"--workers", "2"}, "need --launcher slurm or command");
  refused({"--launcher", "command", "--submit", "{worker}", "--workers", "0"},
          "--workers: must be >= 1, got 0");
  CHECK_FALSE(fs::exists(grid.folder / "out" / "launch"));
}

TEST_CASE("a command that starts no worker is an end, not a wait") {
  const Launched grid(cells(2));
  const Ending ending = run_program(grid.words(
      "out", {"--launcher", "command", "--submit", "echo no such queue; false {worker}"}));
  CAPTURE(ending.err);
  CHECK(ending.code == 130);
  CHECK(occurrences(ending.err, "--submit failed") == 1);
  CHECK(occurrences(ending.err, "no worker is left, but 2 cells are") == 1);
  CHECK(occurrences(grid.logs("out"), "no such queue") == 1);
  CHECK(run_program(grid.words("out")).code == 0);
}

TEST_CASE("a failure in a worker is shown by the run that launched it") {
  const Launched grid("gibbsite: 1\nname: x\nplugins: ['" + fixture("trouble").string() +
                      "']\nmodel: {name: trouble, how: none}\n"
                      "sample: {chains: 1, warmup: 0, draws: 200}\n"
                      "grid: {model.how: [throw, none]}\n");
  const Ending ending = run_program(
      grid.words("out", {"--launcher", "command", "--submit", "{worker}", "--workers", "1"}));
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(occurrences(ending.err, "the coins rolled away") == 1);
  CHECK(occurrences(ending.err, ": complete in ") == 1);
}

TEST_CASE("cancel stops workers at their next checkpoints, and the next run goes on from there") {
  const Launched grid(cells(3, endless));
  Process run(grid.words(
      "out", {"--launcher", "command", "--submit", "{worker}", "--workers", "1", "--jobs", "2"}));
  REQUIRE(grid.wait_for_checkpoint("out", run));
  const Ending cancelled = invoke({"cancel", grid.at("out")});
  CAPTURE(cancelled.out);
  CHECK(cancelled.code == 0);
  CHECK(occurrences(cancelled.out, "launch 1: cancelled") == 1);
  CHECK(occurrences(cancelled.out, "stop at the next checkpoint") == 1);
  const Ending ending = run.wait();
  CAPTURE(ending.err);
  CHECK(ending.code == 130);
  CHECK(occurrences(invoke({"status", grid.at("out")}).out, "interrupted") >= 2);
  CHECK(invoke({"cancel", grid.at("out")}).out == "no cell is at work\n");
}

TEST_CASE("cancel stops a local run too") {
  const Launched grid(cells(1, endless));
  Process run(grid.words("out"));
  REQUIRE(grid.wait_for_checkpoint("out", run));
  CHECK(occurrences(invoke({"cancel", grid.at("out")}).out,
                    "1 cell is at work; it stops at the next checkpoint") == 1);
  CHECK(run.wait().code == 130);
}

TEST_CASE("on Slurm: the same results as on one machine, each cell computed once") {
  const Slurm slurm;
  if (!slurm.why_not.empty()) return skip("Slurm: " + slurm.why_not);
  const Launched grid(cells(8));
  REQUIRE(run_program(grid.words("local")).code == 0);
  const Ending ending = run_program(grid.words("out", on_slurm), slurm.environment());
  CAPTURE(ending.err);
  CAPTURE(grid.logs("out"));
  CHECK(ending.code == 0);
  CHECK(occurrences(grid.logs("out"), ": complete in ") == 8);
  CHECK(differences(reproducible_parts(grid.folder / "local"),
                    reproducible_parts(grid.folder / "out"))
            .empty());
  // Nothing is queued for what is done; refusals are Slurm's own words.
  CHECK(occurrences(run_program(grid.words("out", on_slurm), slurm.environment()).err,
                    "nothing to do") == 1);
  const Ending refused =
      run_program(grid.words("refused", {"--launcher", "slurm", "--partition", "nowhere"}),
                  slurm.environment());
  CHECK(refused.code == 2);
  CHECK(occurrences(refused.err, "invalid partition specified: nowhere") >= 1);
}

TEST_CASE("on Slurm: a detached launch is seen by status and ended by cancel") {
  const Slurm slurm;
  if (!slurm.why_not.empty()) return skip("Slurm: " + slurm.why_not);
  const Launched grid(cells(4, endless));
  // Three workers on two processors: one has to wait.
  const Ending launched =
      run_program(grid.words("out", {"--launcher", "slurm", "--workers", "3", "--detach"}),
                  slurm.environment());
  CAPTURE(launched.err);
  CHECK(launched.code == 0);
  Process idle({"sleep", "60"});
  REQUIRE(grid.wait_for_checkpoint("out", idle));
  std::string seen;
  for (int tries = 0; tries < 50 && occurrences(seen, "2 of 3 workers at work") == 0; ++tries)
    seen = slurm.run(invoke_words({"status", grid.at("out")})).out;
  CAPTURE(seen);
  CHECK(std::regex_search(seen, std::regex("Slurm job [0-9]+: 2 running, 1 queued \\([A-Za-z]+\\); "
                                           "2 of 3 workers at work")));
  CHECK(occurrences(seen, "2 running") >= 1);
  const Ending cancelled = slurm.run(invoke_words({"cancel", grid.at("out")}));
  CAPTURE(cancelled.err);
  CHECK(cancelled.code == 0);
  for (int tries = 0; tries < 100 && !slurm.run({"squeue", "-h"}).out.empty(); ++tries)
    idle.ends_within(0.1);
  CHECK(slurm.run({"squeue", "-h"}).out.empty());
  CHECK(occurrences(grid.logs("out"), "stopping at the next checkpoint") == 2);
  const Ending after = slurm.run(invoke_words({"status", grid.at("out")}));
  CHECK(occurrences(after.out, "2 interrupted, 2 new") == 1);
  CHECK(occurrences(after.out, "Slurm job") == 0);
}

TEST_SUITE_BEGIN("slow");

TEST_CASE("on Slurm: a controller killed and started again loses and doubles nothing") {
  const Slurm slurm;
  if (!slurm.why_not.empty()) return skip("Slurm: " + slurm.why_not);
  const Launched grid(cells(40, "20000"));
  REQUIRE(run_program(grid.words("local")).code == 0);
  Process run(grid.words("out", on_slurm), slurm.environment());
  for (int tries = 0; tries < 300 && grid.results("out") < 4; ++tries) run.ends_within(0.1);
  REQUIRE(grid.results("out") >= 4);
  slurm.kill_controller();
  run.ends_within(1);
  slurm.restart_controller();
  const Ending ending = run.wait();
  CAPTURE(ending.err);
  CAPTURE(grid.logs("out"));
  // Slurm may have forgotten or held its tasks; what they had is in the folder all the same.
  CHECK((ending.code == 0 || ending.code == 130));
  CHECK(run_program(grid.words("out")).code == 0);
  CHECK(differences(reproducible_parts(grid.folder / "local"),
                    reproducible_parts(grid.folder / "out"))
            .empty());
  CHECK(occurrences(grid.logs("out"), ": complete in ") <= 40);
  CHECK(grid.results("out") == 40);
}

TEST_CASE("on Slurm: workers put their cells down before their time is up") {
  const Slurm slurm;
  if (!slurm.why_not.empty()) return skip("Slurm: " + slurm.why_not);
  const Launched grid(cells(1, endless));
  Process run(grid.words("out", {"--launcher", "slurm", "--time", "1"}), slurm.environment());
  run.ends_within(55);
  const Ending ending = run.wait();
  CAPTURE(ending.err);
  CHECK(ending.code == 130);
  CHECK(occurrences(ending.err, "no worker is left, but 1 cells are") == 1);
  CHECK(occurrences(grid.logs("out"), "stopping at the next checkpoint") == 1);
  CHECK(occurrences(grid.logs("out"), "CANCELLED") == 0);
  CHECK(occurrences(invoke({"status", grid.at("out")}).out, "1 interrupted") == 1);
}

TEST_SUITE_END();
