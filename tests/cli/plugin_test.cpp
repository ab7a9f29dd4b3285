// The plugin author's path: a new folder, the compiler, the cache, the examination.
#include <doctest/doctest.h>

#include <fstream>
#include <regex>

#include "support/program.hpp"

using namespace gibbsite::test;

namespace {

const char* const kinds[] = {"sampler", "model", "gradient", "evaluation", "optimizer", "dataset"};

Ending plugin(std::vector<std::string> arguments, const Environment& environment = {}) {
  arguments.insert(arguments.begin(), "plugin");
  return invoke(std::move(arguments), environment);
}

// A folder made by `plugin new`.
fs::path made(const TemporaryFolder& folder, const std::string& kind, const std::string& name) {
  const Ending ending = plugin({"new", kind, name, "-o", (folder / name).string()});
  CAPTURE(ending.err);
  REQUIRE(ending.code == 0);
  return folder / name;
}

std::size_t modules_in(const fs::path& cache) {
  std::size_t count = 0;
  for (const std::string& file : files_below(cache)) count += file.ends_with(".so");
  return count;
}

void replace(const fs::path& file, const std::string& from, const std::string& to) {
  std::string text = text_of(file);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  std::ofstream(file) << text.replace(at, from.size(), to);
}

// A spec of one short cell with a sampler from source.
fs::path short_spec(const TemporaryFolder& folder, const std::string& more = "") {
  return folder.write("s.yaml",
                      "gibbsite: 1\nname: x\nplugins: [one/one.cpp]\nmodel: {name: gaussian, "
                      "units: 2}\nsample: {sampler: one, chains: 2, warmup: 2, draws: 3}\n" +
                          more);
}

}  // namespace

TEST_CASE("plugin new makes a folder for each kind, named throughout") {
  const TemporaryFolder folder;
  for (const std::string kind : kinds) {
    const fs::path place = made(folder, kind, "my_" + kind);
    CAPTURE(kind);
    CHECK(files_below(place) == std::vector<std::string>{"CMakeLists.txt", "README.md",
                                                         "my_" + kind + ".cpp", "spec.yaml",
                                                         "test.yaml"});
    for (const std::string& file : files_below(place))
      CHECK(occurrences(text_of(place / file), "my_plugin") == 0);
    const std::string source = text_of(place / ("my_" + kind + ".cpp"));
    CHECK(std::regex_search(source, std::regex("class My[A-Z][a-z]+ final")));
    CHECK(occurrences(text_of(place / "CMakeLists.txt"),
                      "gibbsite_add_plugin(" + kind + " my_" + kind + ".cpp)") == 1);
    CHECK(occurrences(text_of(place / "README.md"), "\n") == 10);
  }
}

TEST_CASE("plugin new refuses what exists, names that are none and kinds that are none") {
  const TemporaryFolder folder;
  const auto refuses = [&](const std::string& kind, const std::string& name,
                           const std::string& why) {
    const Ending ending = plugin({"new", kind, name, "-o", (folder / "out").string()});
    CAPTURE(ending.err);
    CHECK(ending.code == 2);
    CHECK(occurrences(ending.err, why) == 1);
    CHECK_FALSE(fs::exists(folder / "out"));
  };
  refuses("sampler", "mala", "there is a sampler 'mala' already");
  refuses("smapler", "x", "did you mean 'sampler'");
  for (const char* name : {"My", "1x", "a-b", "../x", "", "a__b", "a_"})
    refuses("sampler", name, "must be snake_case");
  const fs::path there = made(folder, "model", "there");
  const std::string before = text_of(there / "there.cpp");
  const Ending again = plugin({"new", "model", "other", "-o", there.string()});
  CHECK(again.code == 2);
  CHECK(occurrences(again.err, "exists") == 1);
  CHECK(text_of(there / "there.cpp") == before);
  CHECK(plugin({"nwe"}).code == 2);
  CHECK(occurrences(plugin({"nwe"}).err, "did you mean 'new'") == 1);
}

TEST_CASE("plugin build shows the compiler's errors in the author's file and nothing else") {
  const TemporaryFolder folder;
  const fs::path source = made(folder, "optimizer", "one") / "one.cpp";
  replace(source, "slots[0] +=", "slots[0] + nonsense +=");
  const Ending ending = plugin({"build", source.string()});
  CAPTURE(ending.err);
  CHECK(ending.code == 2);
  CHECK(occurrences(ending.err, "one.cpp: does not compile (") == 1);
  CHECK(std::regex_search(ending.err, std::regex(R"(one\.cpp:\d+:\d+: error: .*nonsense)")));
  CHECK(occurrences(ending.err, "In file included") == 0);
  CHECK(files_below(folder.path()).size() == 5);
  CHECK(plugin({"build", (folder / "none.cpp").string()}).code == 2);
  CHECK(plugin({"build", source.string(), "--precision", "half"}).code == 2);
}

TEST_CASE("a source in a spec is compiled once for its content, and its edit is another cell" *
          doctest::test_suite("slow")) {
  const TemporaryFolder folder;
  const fs::path source = made(folder, "sampler", "one") / "one.cpp";
  const fs::path spec = short_spec(folder), out = folder / "out";
  const Environment cache = {{"GIBBSITE_CACHE", (folder / "cache").string()}};
  const auto run = [&] {
    const Ending ending = invoke({"run", spec.string(), "--out", out.string()}, cache);
    CAPTURE(ending.err);
    CHECK(ending.code == 0);
    return ending;
  };
  // Two at once share one compilation.
  Process first(invoke_words({"check", spec.string()}), cache),
      second(invoke_words({"check", spec.string()}), cache);
  const Ending one = first.wait(), two = second.wait();
  CHECK(one.code == 0);
  CHECK(two.code == 0);
  CHECK(occurrences(one.err + two.err, "compiling one.cpp (double)") == 1);
  CHECK(modules_in(folder / "cache") == 1);
  CHECK(occurrences(run().err, "compiling") == 0);
  const auto cells = [&] {
    std::size_t count = 0;
    for (const auto& item : fs::directory_iterator(out / "cells")) count += item.is_directory();
    return count;
  };
  CHECK(cells() == 1);
  replace(source, "step_size = 0.5", "step_size = 0.25");
  CHECK(occurrences(run().err, "compiling one.cpp (double)") == 1);
  CHECK(cells() == 2);
  CHECK(modules_in(folder / "cache") == 2);
}

TEST_CASE("plugin test finds each fault of a Langevin kernel in some seconds and says its kind" *
          doctest::test_suite("slow")) {
  const std::vector<std::pair<std::string, std::string>> faults = {
      {"factor_2", "stationarity: .*a factor 2 in the noise or in the drift"},
      {"missing_half", "stationarity: .*a missing 1/2"},
      {"no_ratio", "stationarity: .*no proposal ratio"},
      {"hot", "stationarity: .*at temperature 1\\.(09|1[01])"},
      {"biased_noise", "stationarity: .*biased noise: .* off by 0\\.(19|2)"},
      {"kept_state", "determinism: .*state is kept between calls"},
      {"leaks", "memory: .*it leaks: every call keeps [0-9]{2,3} bytes more"},
      {"shapes", "domain: .*declares 2 statistics but reports 3 rows"},
      {"uncounted", "evaluation counts: .*wrong evaluation count"},
      {"model", "gradient: .*0\\.5 times what central differences"}};
  for (const auto& [name, sentence] : faults) {
    const Ending ending = plugin({"test", fixture("mutant_" + name).string(), "--quick"});
    CAPTURE(name);
    CAPTURE(ending.out);
    CHECK(ending.code == 1);
    CHECK(std::regex_search(ending.out, std::regex("FAULT +" + sentence)));
  }
  const Ending model = plugin({"test", fixture("mutant_model").string(), "--quick"});
  CHECK(occurrences(model.out,
                    "wrong evaluation count: one gradient of each counts as 21 energies") == 1);
  const Ending sound = plugin({"test", fixture("mutant_sound").string(), "--quick"});
  CAPTURE(sound.out);
  CHECK(sound.code == 0);
  CHECK(occurrences(sound.out, "FAULT") == 0);
  CHECK(occurrences(sound.out, "would be found with probability .99") >= 2);
}

TEST_CASE("plugin test survives what ends its engine, and refuses what is no plugin") {
  const TemporaryFolder folder;
  const auto spec = [&](const std::string& how) {
    return folder
        .write("s.yaml",
               "gibbsite: 1\nname: x\nplugins: [trouble.so]\nmodel: {name: trouble, how: " + how +
                   ", after: 10}\n")
        .string();
  };
  const Ending crash =
      plugin({"test", fixture("trouble").string(), "--quick", "--spec", spec("segfault")});
  CAPTURE(crash.out);
  CHECK(crash.code == 1);
  CHECK(occurrences(crash.out, "FAULT survival: it ended the engine by SIGSEGV") == 1);
  const Ending leaves =
      plugin({"test", fixture("trouble").string(), "--quick", "--spec", spec("exit")});
  CHECK(leaves.code == 1);
  CHECK(occurrences(leaves.out, "did it call exit?") == 1);
  const Ending thrown =
      plugin({"test", fixture("trouble").string(), "--quick", "--spec", spec("throw")});
  CHECK(thrown.code == 1);
  CHECK(occurrences(thrown.out, "it threw: the coins rolled away") == 1);
  const Ending refused = plugin({"test", fixture("no_entry").string()});
  CHECK(refused.code == 2);
  CHECK(occurrences(refused.err, "plugin refused: it has no entry") == 1);
}

TEST_CASE("what plugin new makes passes plugin test, alone and as its test spec uses it, and runs" *
          doctest::test_suite("slow")) {
  const TemporaryFolder folder;
  const Environment cache = {{"GIBBSITE_CACHE", (folder / "cache").string()}};
  for (const std::string kind : kinds) {
    const fs::path place = made(folder, kind, "my_" + kind);
    const std::string source = (place / ("my_" + kind + ".cpp")).string();
    CAPTURE(kind);
    for (const bool with_spec : {false, true}) {
      std::vector<std::string> words = {"test", source, "--quick"};
      if (with_spec) words.insert(words.end(), {"--spec", (place / "test.yaml").string()});
      const Ending ending = plugin(words, cache);
      CAPTURE(ending.out);
      CAPTURE(ending.err);
      CHECK(ending.code == 0);
    }
    const Ending ran = invoke(
        {"run", (place / "spec.yaml").string(), "--out", (folder / ("out_" + kind)).string()},
        cache);
    CAPTURE(ran.err);
    CHECK(ran.code == 0);
    CHECK(occurrences(ran.out, "complete") >= 2);
  }
  CHECK(modules_in(folder / "cache") == 6);
}
