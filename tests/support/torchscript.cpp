#include "support/torchscript.hpp"

#include <algorithm>

#include "support/make.hpp"
#include "support/program.hpp"

namespace gibbsite::test {

std::optional<fs::path> torchscript_files() {
  static const TemporaryFolder folder;
  static const std::string missing = []() -> std::string {
    const auto names = registry().names(Kind::model);
    if (std::find(names.begin(), names.end(), "torchscript") == names.end())
      return "this build has no libtorch";
    const Ending ran = run_program(
        {"/usr/bin/python3", GIBBSITE_SOURCE "/tests/support/torchscript_files.py", folder.path()});
    CAPTURE(ran.err);
    REQUIRE(ran.code == 0);
    return ran.out.starts_with("skipped: ") ? ran.out.substr(9, ran.out.find('\n') - 9) : "";
  }();
  if (missing.empty()) return folder.path();
  skip("model torchscript: " + missing);
  return {};
}

std::vector<std::string> torchscript_examples() {
  const auto folder = torchscript_files();
  if (!folder) return {};
  const auto spec = [&](const std::string& file, const std::string& more) {
    return "{name: torchscript, file: " + (*folder / file).string() + ", " + more + "}";
  };
  // Three real coordinates: nobody integrates over them on a grid, which would take minutes.
  return {spec("mlp_of_three.pt", "units: 3"), spec("mixed_of_three.pt", "units: 3"),
          spec("discrete.pt", "units: 5, domain: binary"),
          spec("discrete.pt", "units: 5, domain: spin")};
}

}  // namespace gibbsite::test
