// Plugin modules: what is loaded, and what is refused by name before any of its code counts.
#include <doctest/doctest.h>

#include <gibbsite/core/error.hpp>
#include <gibbsite/io/loader.hpp>

#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::string refusal(const fs::path& file, Registry& registry) {
  try {
    load_module(file, registry);
  } catch (const Error& fault) {
    return fault.what();
  }
  return "";
}

std::string refusal(const fs::path& file) {
  Registry registry;
  const std::string message = refusal(file, registry);
  if (!message.empty()) {
    CHECK(message.find('\n') == std::string::npos);
    CHECK(registry.entries().empty());
  }
  return message;
}

}  // namespace

TEST_CASE("a sound plugin is registered with its file") {
  Registry registry;
  REQUIRE(refusal(fixture("still"), registry) == "");
  REQUIRE(registry.entries().size() == 1);
  CHECK(registry.entries()[0].name == "still");
  CHECK(registry.entries()[0].kind == Kind::optimizer);
  CHECK(registry.entries()[0].module == fixture("still").string());
  const auto made = registry.make<Optimizer>(Kind::optimizer, {"still", Node::map()}, Context());
  CHECK(made->learning_rate(3) == 0);
}

TEST_CASE("a module is refused in one line that names the file and the reason") {
  const std::vector<std::pair<std::string, std::string>> reasons = {
      {"no_entry", "it has no entry 'gibbsite_plugin'"},
      {"other_stamp", "it was built for [gibbsite 0.0.1], this program is [gibbsite "},
      {"other_version", "its plugin API is version 999, this program's is "},
      {"fast_math", "it switches on flush-to-zero (linked with -ffast-math)"},
      {"fast_math_flags", "fast-math"},
      {"undefined", "not_defined_anywhere"},
      {"bad_entry", "its entry threw something that is no std::exception"}};
  for (const auto& [name, reason] : reasons) {
    const std::string message = refusal(fixture(name));
    CAPTURE(message);
    CHECK(message.starts_with(fixture(name).string() + ": plugin refused: "));
    CHECK(occurrences(message, reason) >= 1);
  }
}

TEST_CASE("a plugin of the other precision is refused with both stamps") {
  const fs::path single = GIBBSITE_BUILD "/lib/gibbsite/single/optimizer/sgd.so";
  const std::string message = refusal(single);
  CHECK(occurrences(message, "; single; ") == 1);
  CHECK(occurrences(message, "; double; ") == 1);
}

TEST_CASE("files that are no modules are refused") {
  const TemporaryFolder folder;
  CHECK(occurrences(refusal(folder / "none.so"),
                    "none.so: plugin refused: must be a regular file") == 1);
  CHECK(occurrences(refusal(folder.path()), "must be a regular file") == 1);
  CHECK(occurrences(refusal(folder.write("text.so", "print('hello')\n")),
                    "text.so: plugin refused: ") == 1);
  CHECK(occurrences(refusal(folder.write("empty.so", "")), "empty.so: plugin refused: ") == 1);
}

TEST_CASE("a module cut off at any length is refused and never kills the program") {
  const TemporaryFolder folder;
  const std::string whole = text_of(fixture("still"));
  REQUIRE(whole.size() > 4096);
  int loaded = 0;
  for (int k = 0; k < 40; ++k) {
    const std::size_t size = whole.size() * std::size_t(k) / 40;
    CAPTURE(size);
    const std::string message =
        refusal(folder.write("cut" + std::to_string(k) + ".so", whole.substr(0, size)));
    // The last bytes are section headers, which nobody needs at run time.
    if (message.empty()) ++loaded;
    if (!message.empty()) CHECK(occurrences(message, ".so: plugin refused: ") == 1);
  }
  CHECK(loaded < 20);
}

TEST_CASE("a name that is taken is refused with both files") {
  Registry registry;
  REQUIRE(refusal(fixture("still"), registry) == "");
  const std::string message = refusal(fixture("still_again"), registry);
  CHECK(message == fixture("still_again").string() +
                       ": optimizer 'still' is already registered by " + fixture("still").string());
  CHECK(registry.entries().size() == 1);
}

TEST_CASE("modules are found by kind and name alone") {
  Registry registry;
  load_on_demand(module_folder(), registry);
  CHECK(registry.find(Kind::optimizer, "sgd") != nullptr);
  CHECK(registry.find(Kind::optimizer, "../optimizer/adam") == nullptr);
  CHECK(registry.find(Kind::optimizer, "") == nullptr);
  CHECK(registry.find(Kind::model, "sgd") == nullptr);
  const auto names = registry.names(Kind::optimizer);
  CHECK(std::find(names.begin(), names.end(), "adam") != names.end());
  CHECK(registry.entries().size() == 1);  // what is not named is not loaded
}

TEST_CASE("a module that a build leaves out is missed with the reason, and listed nowhere") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "model");
  folder.write("model/absent.missing", "it needs lapis\n");
  Registry registry;
  load_on_demand(folder.path(), registry);
  CHECK(registry.names(Kind::model).empty());
  std::string message;
  try {
    registry.find(Kind::model, "absent");
  } catch (const Error& fault) {
    message = fault.what();
  }
  CHECK(message == "model 'absent' is not in this build: it needs lapis");
  CHECK(registry.find(Kind::sampler, "absent") == nullptr);
}
