// Sweeps of faults over whole runs: kills at random moments and at each call, disks that are full,
// read-only or too small from each call on. Always: nothing false is called a result, and the next
// run ends with the bits of an undisturbed one. GIBBSITE_LONG_TESTS makes every sweep complete.
#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <gibbsite/core/random.hpp>
#include <gibbsite/io/hdf5.hpp>

#include "support/lab.hpp"
#include "support/results.hpp"

using namespace gibbsite::test;
using gibbsite::Stream;

namespace {

// Training, sampling and annealing, saved all the time.
std::string work(int cells, int size = 1) {
  const auto times = [&](int n) { return std::to_string(n * size); };
  return "gibbsite: 1\nname: work\ndata: {name: bars_and_stripes, side: 3}\n"
         "model: {name: rbm, hidden: 6}\n"
         "train: {gradient: {name: contrastive_divergence, persistent: true, chains: 10}, "
         "batch: 20, updates: " +
         times(300) + "}\nsample: {chains: 2, warmup: 50, draws: " + times(800) +
         "}\nevaluate: [{name: annealed_importance_sampling, temperatures: " + times(100) +
         ", runs: 20}]\ncheckpoint: {every: 0.01}\ngrid: {seed: {from: 1, to: " +
         std::to_string(cells) + "}}\n";
}

// Where a file has its final name it is whole.
int whole_files(const fs::path& out) {
  int looked = 0;
  for (const std::string& name : files_below(out)) {
    if (!name.ends_with(".h5") || name.find(".tmp") != std::string::npos) continue;
    CAPTURE(name);
    CHECK_NOTHROW(datasets_of(out / name));
    ++looked;
  }
  return looked;
}

void results_are_sound(const Lab& lab, const std::string& out) {
  for (const auto& [name, value] : lab.results(out)) {
    CAPTURE(name);
    CHECK(lab.reference().at(name) == value);
  }
}

// The engines that work on cells, not those that plan.
std::vector<pid_t> cells_of(const Process& host) {
  std::vector<pid_t> cells = children_of(host.pid());
  std::erase_if(cells, [](pid_t pid) {
    return text_of("/proc/" + std::to_string(pid) + "/cmdline").find("/cells/") ==
           std::string::npos;
  });
  return cells;
}

// Kills a cell, or now and then the host, at random moments some `seconds` apart, until the run has
// ended. The machine may be so busy that planning takes longer: that is no time to kill cells.
int kill_at_random(const Lab& lab, const std::string& out, Stream& random, double seconds,
                   int most) {
  int killed = 0;
  Process process(lab.words(out, {"--jobs", "2", "--threads", "1"}));
  while (killed < most && !process.ends_within(seconds * random.uniform(1)(0))) {
    const auto cells = cells_of(process);
    const double chance = random.uniform(1)(0);
    if (cells.empty() && chance > 0.01) continue;
    ::kill(cells.empty() || chance < 0.1 ? process.pid()
                                         : cells[std::size_t(chance * 10) % cells.size()],
           SIGKILL);
    ++killed;
  }
  if (killed >= most) process.signal(SIGKILL);
  process.wait();
  return killed;
}

}  // namespace

TEST_SUITE_BEGIN("slow");

TEST_CASE("cells and hosts killed at random moments leave the results of an undisturbed grid") {
  const Lab lab(work(40, 3));
  const int wanted = long_tests() ? 200 : 20;
  Stream random(71);
  const double per_cell = lab.run("reference", {"--jobs", "2"}).seconds / 20;
  int killed = 0, grids = 0, left_behind = 0;
  for (std::string out; killed < wanted;) {
    const bool done = !out.empty() && lab.results(out).size() == lab.reference().size();
    if (out.empty() || done) {
      if (done) CHECK(lab.ends_the_same(out));
      out = "killed" + std::to_string(++grids);
    }
    killed += kill_at_random(lab, out, random, 2 * per_cell, wanted - killed);
    left_behind += whole_files(lab.folder / out);
    results_are_sound(lab, out);
    if (killed >= wanted) CHECK(lab.ends_the_same(out));
  }
  CHECK(left_behind > 0);
  MESSAGE(killed << " kills over " << grids << " grids of 40 cells");
}

TEST_CASE("a disk that fails for good at any call ends the run with 3, and it goes on later") {
  const Lab lab(work(2));
  const std::size_t step = long_tests() ? 1 : 23;
  struct Kind {
    int error;
    const char *operations, *text;
  };
  int faults = 0;
  for (const Kind kind : {Kind{ENOSPC, "write,pwrite,ftruncate", "No space left on device"},
                          Kind{EDQUOT, "write,pwrite,ftruncate,fsync", "Disk quota exceeded"},
                          Kind{EROFS, "open,write,pwrite,rename", "Read-only file system"}}) {
    for (std::size_t nth = 1, quiet = 0; quiet < 2; nth += step) {
      CAPTURE(kind.text);
      CAPTURE(nth);
      const std::string out = std::to_string(kind.error) + "-" + std::to_string(nth);
      const Ending ending =
          lab.run(out, {"--jobs", "1", "--threads", "1"},
                  fault(kind.operations, "/" + out + "/", nth,
                        {{"FAULT_STICKY", "1"}, {"FAULT_ERRNO", std::to_string(kind.error)}}));
      CAPTURE(ending.err);
      quiet = ending.code == 0 ? quiet + 1 : 0;
      if (nth == 1) CHECK(ending.code != 0);  // every run writes, names and syncs something
      if (ending.code != 0) {
        ++faults;
        CHECK(ending.code == 3);
        CHECK(occurrences(ending.err, kind.text) >= 1);
        CHECK(occurrences(ending.err, (lab.folder / out).string()) >= 1);
      }
      results_are_sound(lab, out);
      CHECK(lab.ends_the_same(out));
      fs::remove_all(lab.folder / out);
    }
  }
  MESSAGE(faults << " faults");
}

TEST_CASE("a kill at any call leaves whole files, and nothing is lost or doubled") {
  const Lab lab(work(1));
  const std::size_t step = long_tests() ? 1 : 11;
  int killed = 0;
  for (const char* operation : {"write", "pwrite", "fsync", "rename"})
    for (std::size_t nth = 1, quiet = 0; quiet < 2; nth += step) {
      CAPTURE(operation);
      CAPTURE(nth);
      const std::string out = std::string(operation) + std::to_string(nth);
      const Ending ending = lab.run(out, {"--jobs", "1", "--threads", "1"},
                                    fault(operation, "/" + out + "/", nth, {{"FAULT_KILL", "1"}}));
      quiet = ending.code == 0 ? quiet + 1 : 0;
      if (nth == 1) CHECK(ending.code != 0);  // every run makes each of these calls
      killed += ending.code == 0 ? 0 : 1;
      whole_files(lab.folder / out);
      CHECK(lab.ends_the_same(out));
      fs::remove_all(lab.folder / out);
    }
  MESSAGE(killed << " kills");
}

TEST_SUITE_END();

TEST_CASE("a limit on the size of files is a fault of storage, no end by a signal") {
  const Lab lab(work(1, 8));
  const Ending limited = run_program({"bash", "-c", "ulimit -f 20; exec \"$@\"", "limited",
                                      lab.words("out")[0], "run", (lab.folder / "s.yaml").string(),
                                      "--out", (lab.folder / "out").string(), "--jobs", "1"});
  CAPTURE(limited.err);
  CHECK(limited.code == 3);
  CHECK(occurrences(limited.err, "File too large") >= 1);
  CHECK(occurrences(limited.err, (lab.folder / "out").string()) >= 1);
  CHECK(lab.ends_the_same("out"));
}

TEST_CASE("two runs at once need no file locks of HDF5") {
  const Lab lab(work(4));
  const Environment without = {{"HDF5_USE_FILE_LOCKING", "FALSE"}};
  Process a(lab.words("out", {"--jobs", "1"}), without),
      b(lab.words("out", {"--jobs", "1"}), without);
  CHECK(a.wait().code == 0);
  CHECK(b.wait().code == 0);
  CHECK(lab.ends_the_same("out"));
}

TEST_CASE("what lies in the folder of the results already is left as it is") {
  const Lab lab(work(1));
  fs::create_directories(lab.folder / "out/cells/notes");
  const std::vector<std::string> files = {"out/grid.csv", "out/result.h5", "out/cells/notes/x.h5"};
  for (const std::string& file : files) lab.folder.write(file, "mine: " + file);
  CHECK(lab.ends_the_same("out"));
  for (const std::string& file : files) CHECK(text_of(lab.folder / file) == "mine: " + file);
  fs::create_directory(lab.folder / "other");
  lab.folder.write("other/plan.yaml", "a plan of mine\n");
  const Ending refused = lab.run("other");
  CAPTURE(refused.err);
  CHECK(refused.code != 0);
  CHECK(occurrences(refused.err, "plan.yaml") >= 1);
  CHECK(text_of(lab.folder / "other/plan.yaml") == "a plan of mine\n");
}

TEST_CASE("no flipped bit of a result is taken for a number that was recorded") {
  const Lab lab(work(1));
  lab.reference();
  std::string file;
  for (const std::string& name : files_below(lab.folder / "reference"))
    if (name.ends_with("/result.h5")) file = name;
  const std::string bytes = text_of(lab.folder / "reference" / file);
  Stream random(5);
  const int flips = long_tests() ? 2000 : 200;
  int noticed = 0;
  for (int k = 0; k < flips; ++k) {
    std::string damaged = bytes;
    const auto at = std::size_t(double(bytes.size()) * random.uniform(1)(0));
    damaged[at] = char(damaged[at] ^ (1 << int(8 * random.uniform(1)(0))));
    const fs::path copy = lab.folder.write("damaged.h5", damaged);
    CAPTURE(at);
    try {
      const gibbsite::Hdf5Reader reader(copy);
      for (const char* name : {"/posterior/x", "/sample_stats/energy", "/training/energy_gap"}) {
        const auto values = reader.read(name);
        const gibbsite::Hdf5Reader sound(lab.folder / "reference" / file);
        CHECK(values == sound.read(name));
      }
    } catch (const gibbsite::StorageError&) {
      ++noticed;
    }
  }
  CHECK(noticed > 0);
}
