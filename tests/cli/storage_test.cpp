// A full or failing disk: exit code 3, the file named, finished cells intact, and on it goes
// when there is room again.
#include <doctest/doctest.h>

#include "support/lab.hpp"
#include "support/results.hpp"

using namespace gibbsite::test;

namespace {

const char* const spec =
    "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 3}\nmodel: {name: rbm, hidden: 4}\n"
    "train: {gradient: {name: contrastive_divergence}, batch: 10, updates: 300}\n"
    "sample: {chains: 2, warmup: 50, draws: 2000}\nevaluate: [exact_log_partition]\n"
    "checkpoint: {every: 0.01}\ngrid: {seed: [1, 2, 3]}\n";

struct Disk {
  TemporaryFolder folder;
  fs::path file = folder.write("s.yaml", spec);
  Ending run(const std::string& out, const Environment& environment = {}) const {
    return invoke(
        {"run", file.string(), "--out", (folder / out).string(), "--jobs", "1", "--threads", "1"},
        environment);
  }
  std::map<std::string, std::string> results(const std::string& out) const {
    return reproducible_parts(folder / out);
  }
};

}  // namespace

TEST_CASE("the fault injector sees what the program writes") {
  const Disk disk;
  for (const char* operation : {"write", "pwrite", "fsync", "rename"}) {
    const fs::path counter = disk.folder / operation;
    const std::string out = std::string("out-") + operation;
    REQUIRE(disk.run(out, fault(operation, out, 0, {{"FAULT_COUNT", counter.string()}})).code == 0);
    CAPTURE(operation);
    CHECK(text_of(counter).size() > 8);
  }
}

TEST_CASE(
    "a disk that is full from some moment on ends the run with 3, and it goes on when freed") {
  const Disk disk;
  REQUIRE(disk.run("reference").code == 0);
  const auto reference = disk.results("reference");
  for (const std::size_t nth : {1, 3, 10, 30, 60}) {
    CAPTURE(nth);
    const std::string out = "out" + std::to_string(nth);
    const Ending full =
        disk.run(out, fault("write,pwrite", "/" + out + "/cells/", nth, {{"FAULT_STICKY", "1"}}));
    CAPTURE(full.err);
    CHECK(full.code == 3);
    CHECK(occurrences(full.err, "No space left on device") >= 1);
    CHECK(occurrences(full.err, (disk.folder / out).string()) >= 1);
    for (const auto& [name, value] : disk.results(out)) {
      CAPTURE(name);
      CHECK(reference.at(name) == value);
    }
    CHECK(disk.run(out).code == 0);
    CHECK(differences(reference, disk.results(out)) == std::vector<std::string>{});
  }
}

TEST_SUITE_BEGIN("slow");

TEST_CASE("one failing call at a time never spoils a result") {
  const Disk disk;
  REQUIRE(disk.run("reference").code == 0);
  const auto reference = disk.results("reference");
  for (const char* operation : {"write", "pwrite", "fsync", "rename"})
    for (const std::size_t nth : {1, 2, 4, 7, 12, 20}) {
      CAPTURE(operation);
      CAPTURE(nth);
      const std::string out = std::string(operation) + std::to_string(nth);
      const Ending ending = disk.run(out, fault(operation, "/" + out + "/", nth));
      CAPTURE(ending.err);
      CHECK((ending.code == 0 || ending.code == 3));
      CHECK(disk.run(out).code == 0);
      CHECK(differences(reference, disk.results(out)) == std::vector<std::string>{});
    }
}

TEST_SUITE_END();

TEST_CASE("a real full file system ends the run with 3, and it goes on when there is room") {
  const Disk disk;
  const std::string mount = (disk.folder / "mount").string();
  fs::create_directory(mount);
  const std::string script = "mount -t tmpfs -o size=200k none " + mount +
                             " || exit 99\n"
                             "dd if=/dev/zero of=" +
                             mount + "/filler bs=1k count=120 2>/dev/null\n" +
                             GIBBSITE_BUILD "/bin/gibbsite run " + disk.file.string() + " --out " +
                             mount +
                             "/out --jobs 1\n"
                             "echo code $?\n"
                             "mount -o remount,size=20m " +
                             mount +
                             "\n"
                             "rm " +
                             mount + "/filler\n" + GIBBSITE_BUILD "/bin/gibbsite run " +
                             disk.file.string() + " --out " + mount +
                             "/out --jobs 1 >/dev/null\n"
                             "echo then $?\n"
                             "cp -r " +
                             mount + "/out " + (disk.folder / "saved").string() + "\n";
  const Ending ending = run_program({"unshare", "-rm", "sh", "-c", script});
  if (ending.code == 99 || ending.code == 127 || ending.out.empty()) {
    skip("file systems cannot be mounted here");
    return;
  }
  CAPTURE(ending.err);
  CAPTURE(ending.out);
  CHECK(occurrences(ending.out, "code 3\n") == 1);
  CHECK(occurrences(ending.err, "No space left on device") >= 1);
  CHECK(occurrences(ending.out, "then 0\n") == 1);
  REQUIRE(disk.run("reference").code == 0);
  CHECK(differences(disk.results("reference"), disk.results("saved")) ==
        std::vector<std::string>{});
}
