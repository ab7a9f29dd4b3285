// The specs that are shipped, stopped and continued.
#include <doctest/doctest.h>

#include <csignal>

#include "support/lab.hpp"
#include "support/results.hpp"

using namespace gibbsite::test;

TEST_SUITE_BEGIN("slow");

TEST_CASE("an example that is stopped half-way and continued ends with the same bits") {
  std::vector<std::string> specs = {"quickstart.yaml"};
  if (long_tests()) {
    specs.clear();
    for (const std::string& name : files_below(GIBBSITE_SOURCE "/experiments"))
      if (name.ends_with(".yaml")) specs.push_back(name);
  }
  for (const std::string& name : specs) {
    CAPTURE(name);
    const TemporaryFolder folder;
    const auto words = [&](const char* out) {
      return invoke_words({"run", GIBBSITE_SOURCE "/experiments/" + name, "--out",
                           (folder / out).string(), "--set", "checkpoint.every=0.05"});
    };
    Process process(words("stopped"));
    bool begun = false;
    while (!begun && !process.ends_within(0.01))
      for (const std::string& file : files_below(folder / "stopped"))
        begun = begun || file.ends_with("/checkpoint.bin");
    process.signal(SIGINT);
    const int code = process.wait().code;
    CHECK((code == 130 || !begun));
    REQUIRE(run_program(words("stopped")).code == 0);
    REQUIRE(run_program(words("whole")).code == 0);
    CHECK(differences(reproducible_parts(folder / "whole"),
                      reproducible_parts(folder / "stopped")) == std::vector<std::string>{});
  }
}

TEST_SUITE_END();
