// A sampler that knows an installed Gibbsite alone: built, examined, and compared with built-ins.
#include <doctest/doctest.h>

#include <algorithm>

#include "support/program.hpp"

using namespace gibbsite::test;

namespace {

const std::string source = GIBBSITE_SOURCE "/tests/install/langevin";

// Runs a program that must end well, and gives what it said.
std::string done(const std::vector<std::string>& words, const Environment& environment = {}) {
  const Ending ending = run_program(words, environment);
  CAPTURE(words[0]);
  CAPTURE(ending.out);
  CAPTURE(ending.err);
  REQUIRE(ending.code == 0);
  return ending.out;
}

}  // namespace

TEST_CASE("the built-in mala takes at most 60 lines as a plugin of another's") {
  const std::string text = text_of(source + "/my_langevin.cpp");
  CHECK(std::count(text.begin(), text.end(), '\n') <= 60);
  CHECK(occurrences(text, "#include") == 1);
}

TEST_CASE("mala out of tree, against an installation: built, right, and in a table with built-ins" *
          doctest::test_suite("slow")) {
  const TemporaryFolder folder;
  const std::string prefix = (folder / "prefix").string(), mine = (folder / "mine").string();
  done({"cmake", "--install", GIBBSITE_BUILD, "--prefix", prefix});
  const std::string gibbsite = prefix + "/bin/gibbsite";
  fs::copy(source, mine);
  done({"cmake", "-S", mine, "-B", mine + "/build", "-DCMAKE_PREFIX_PATH=" + prefix,
        "-DCMAKE_BUILD_TYPE=Release"});
  done({"cmake", "--build", mine + "/build", "--target", "sampler_my_langevin_double"});
  const std::string module = mine + "/build/lib/gibbsite/double/sampler/my_langevin.so";
  const std::string found = done({gibbsite, "plugin", "test", module, "--quick"});
  CHECK(occurrences(found, "FAULT") == 0);
  CHECK(occurrences(found, "stationarity: ") >= 2);
  const std::string table =
      done({gibbsite, "run", mine + "/spec.yaml", "--out", (folder / "out").string()});
  for (const char* word : {"my_langevin", "mala", "hmc"}) CHECK(occurrences(table, word) >= 1);
  CHECK(occurrences(table, "complete") == 3);

  // The same from source, by the compiler and flags that the installation recorded.
  const Environment cache = {{"GIBBSITE_CACHE", (folder / "cache").string()}};
  done({gibbsite, "plugin", "build", mine + "/my_langevin.cpp", "-o", (folder / "x.so").string()});
  done({gibbsite, "plugin", "new", "sampler", "other_one", "-o", (folder / "new").string()});
  const std::string fresh =
      done({gibbsite, "plugin", "test", (folder / "new/other_one.cpp").string(), "--quick"}, cache);
  CHECK(occurrences(fresh, "FAULT") == 0);
}
