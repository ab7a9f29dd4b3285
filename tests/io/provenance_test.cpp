// Where results come from.
#include <doctest/doctest.h>

#include <cstdlib>
#include <gibbsite/core/error.hpp>
#include <gibbsite/io/files.hpp>
#include <gibbsite/io/provenance.hpp>

#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("a program is known by its build id, another file by its content") {
  const fs::path engine = GIBBSITE_BUILD "/lib/gibbsite/gibbsite-engine-double";
  const std::string id = build_id(engine);
  CHECK(id.size() == 12);
  CHECK(id.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(build_id(engine) == id);
  CHECK(build_id(GIBBSITE_BUILD "/lib/libgibbsite-double.so") != id);
  CHECK(build_id("/proc/self/exe").size() == 12);
  const Ending notes = run_program({"readelf", "-n", engine.string()});
  if (notes.code == 0)
    CHECK(occurrences(notes.out, "Build ID: " + id) == 1);
  else
    skip("there is no readelf to compare build ids with");

  const TemporaryFolder folder;
  for (const std::string text : {"", "text",
                                 "\x7f"
                                 "ELF cut off"}) {
    const fs::path file = folder.write("file", text);
    CHECK(build_id(file) == sha256(text).substr(0, 12));
  }
  CHECK_THROWS_AS(build_id(folder / "missing"), StorageError);
}

TEST_CASE("what a scheduler says of the process is recorded, and nothing outside of one") {
  for (const char* name : {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID",
                           "SLURM_PROCID", "SLURM_RESTART_COUNT", "SLURMD_NODENAME"})
    ::unsetenv(name);
  CHECK(scheduler_ids().empty());
  ::setenv("SLURM_JOB_ID", "12", 1);
  ::setenv("SLURMD_NODENAME", "n3", 1);
  CHECK(scheduler_ids() == std::vector<std::string>{"SLURM_JOB_ID=12", "SLURMD_NODENAME=n3"});
  ::unsetenv("SLURM_JOB_ID");
  ::unsetenv("SLURMD_NODENAME");
}
