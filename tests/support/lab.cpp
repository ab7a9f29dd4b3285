#include "support/lab.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

#include "support/results.hpp"

namespace gibbsite::test {

bool long_tests() { return std::getenv("GIBBSITE_LONG_TESTS") != nullptr; }

Lab::Lab(const std::string& spec) : file_(folder.write("s.yaml", spec)) {}

std::vector<std::string> Lab::words(const std::string& out,
                                    const std::vector<std::string>& more) const {
  std::vector<std::string> all = {"run", file_.string(), "--out", (folder / out).string()};
  all.insert(all.end(), more.begin(), more.end());
  return invoke_words(all);
}

Ending Lab::run(const std::string& out, const std::vector<std::string>& more,
                const Environment& environment) const {
  return run_program(words(out, more), environment);
}

std::map<std::string, std::string> Lab::results(const std::string& out) const {
  if (!fs::exists(folder / out / "cells")) return {};
  return reproducible_parts(folder / out);
}

const std::map<std::string, std::string>& Lab::reference() const {
  if (reference_.empty()) {
    REQUIRE(run("reference").code == 0);
    reference_ = results("reference");
    CHECK(reference_.size() > 5);
  }
  return reference_;
}

bool Lab::ends_the_same(const std::string& out) const {
  const Ending last = run(out);
  CAPTURE(last.err);
  CHECK(last.code == 0);
  return differences(reference(), results(out)).empty();
}

bool Lab::works(Process& process, const std::string& out) const {
  while (!process.ends_within(0.002))
    for (const std::string& name : files_below(folder / out))
      if (name.ends_with("/checkpoint.bin")) return true;
  return false;
}

Environment fault(const std::string& operations, const std::string& path, std::size_t nth,
                  Environment more) {
  more.insert({{"LD_PRELOAD", GIBBSITE_BUILD "/tests/fixtures/faultio.so"},
               {"FAULT_OP", operations},
               {"FAULT_PATH", path},
               {"FAULT_NTH", std::to_string(nth)}});
  return more;
}

}  // namespace gibbsite::test
