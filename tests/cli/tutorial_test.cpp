// The tutorial of plugins/README.md, done as it is written: its files, its commands, in its order.
#include <doctest/doctest.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "support/program.hpp"

using namespace gibbsite::test;

namespace {

// A file to write or, where `file` is empty, a command and the exit code that it is to have.
struct Step {
  std::string file, text;
  int code = 0;
};

void add_commands(const std::string& block, std::vector<Step>& steps) {
  static const std::regex stated("  # exit code ([0-9]+)");
  std::istringstream lines(block);
  for (std::string line; std::getline(lines, line);) {
    std::smatch found;
    const bool fails = std::regex_search(line, found, stated);
    steps.push_back({"", line, fails ? std::stoi(found[1]) : 0});
  }
}

// The blocks of the tutorial: sh is a list of commands; any other is the whole of the file whose
// name is the last in `code` before it.
std::vector<Step> tutorial() {
  const std::string readme = text_of(GIBBSITE_SOURCE "/plugins/README.md");
  const auto begin = readme.find("\n## Tutorial");
  REQUIRE(begin != std::string::npos);
  std::istringstream lines(readme.substr(begin, readme.find("\n## ", begin + 1) - begin));
  static const std::regex name("`([a-z_]+\\.[a-z]+)`");
  std::vector<Step> steps;
  std::string file, language, block;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```") && language.empty()) {
      language = line.substr(3);
      block.clear();
    } else if (line.starts_with("```")) {
      if (language == "sh")
        add_commands(block, steps);
      else
        steps.push_back({file, block});
      language.clear();
    } else if (!language.empty()) {
      block += line + "\n";
    } else {
      for (std::sregex_iterator at(line.begin(), line.end(), name), end; at != end; ++at)
        file = (*at)[1];
    }
  }
  return steps;
}

Ending in_folder(const fs::path& folder, const std::string& command, const Environment& variables) {
  Process shell({"bash", "-c", "cd '" + folder.string() + "' && " + command}, variables);
  shell.ends_within(240);
  return shell.wait();
}

}  // namespace

TEST_CASE("the tutorial leads from nothing to a sampler that is right and stands in a table" *
          doctest::test_suite("slow")) {
  const TemporaryFolder scratch;
  const Environment variables = {
      {"PATH", GIBBSITE_BUILD "/bin:" + std::string(std::getenv("PATH"))},
      {"GIBBSITE_CACHE", (scratch / "cache").string()}};
  fs::path folder = scratch.path();
  std::string said;
  std::size_t commands = 0, files = 0;
  for (const Step& step : tutorial()) {
    CAPTURE(step.text);
    if (step.text.starts_with("cd ")) {
      folder /= step.text.substr(3);
      REQUIRE(fs::is_directory(folder));
    } else if (step.file.empty()) {
      const Ending ending = in_folder(folder, step.text, variables);
      CAPTURE(ending.out);
      CAPTURE(ending.err);
      REQUIRE(ending.code == step.code);
      said += "$ " + step.text + "\n" + ending.out;
      ++commands;
    } else {
      REQUIRE(fs::exists(folder / step.file));  // what `plugin new` made
      std::ofstream(folder / step.file) << step.text;
      ++files;
    }
  }
  CHECK(commands >= 8);
  CHECK(files == 2);
  // What the text says of them.
  CHECK(occurrences(said, "FAULT") == occurrences(said, "FAULT stationarity"));
  CHECK(
      std::regex_search(said, std::regex("wrong.cpp[^$]*FAULT stationarity: .*no proposal ratio")));
  CHECK(std::regex_search(said, std::regex("check spec.yaml\n[^$]*6 cells, all well\n")));
  const std::string table = said.substr(said.find("$ gibbsite compare"));
  for (const char* word : {"truncated_langevin", "mala", "hmc"})
    CHECK(occurrences(table, word) >= 2);
  const auto rhat = said.find("\n    convergence.rhat");
  CHECK(occurrences(said.substr(rhat, said.find("ess", rhat) - rhat), " nan ") == 1);
  CHECK(occurrences(said, "\n    y = x - (ε/2) D(x) + √ε ξ,") == 1);
}
