// Where plugins are looked for, what is refused or put back, and the reference of all of them.
#include <doctest/doctest.h>

#include <regex>

#include "support/program.hpp"

using namespace gibbsite::test;

namespace {

// A folder for GIBBSITE_PLUGIN_PATH that holds a fixture under another file name.
fs::path place(const TemporaryFolder& folder, const std::string& kind, const std::string& name,
               const std::string& fixture_name) {
  const fs::path file = folder / ("double/" + kind + "/" + name + ".so");
  fs::create_directories(file.parent_path());
  fs::copy(fixture(fixture_name), file);
  return file;
}

const char* const still_spec =
    "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\nmodel: {name: rbm, hidden: 2}\n"
    "train: {gradient: exact, optimizer: still, updates: 1}\n";

std::string trouble(const std::string& how, const std::string& when) {
  return "gibbsite: 1\nname: x\nplugins: ['" + fixture("trouble").string() +
         "']\nmodel: {name: trouble, after: 0, when: " + when + ", how: " + how +
         "}\nsample: {sampler: metropolis, chains: 2, warmup: 1, draws: 2}\n";
}

}  // namespace

TEST_CASE("a folder of GIBBSITE_PLUGIN_PATH is searched, and no other place is") {
  const TemporaryFolder folder;
  place(folder, "optimizer", "still", "still");
  const std::string spec = folder.write("s.yaml", still_spec).string();
  CHECK(invoke({"check", spec}).code == 2);
  CHECK(
      invoke({"check", spec}, {{"LD_LIBRARY_PATH", (folder / "double/optimizer").string()}}).code ==
      2);
  const Ending found =
      invoke({"check", spec}, {{"GIBBSITE_PLUGIN_PATH", "::" + folder.path().string()}});
  CAPTURE(found.err);
  CHECK(found.code == 0);
  const Ending relative = invoke({"check", spec}, {{"GIBBSITE_PLUGIN_PATH", "plugins"}});
  CHECK(relative.code == 2);
  CHECK(occurrences(relative.err, "GIBBSITE_PLUGIN_PATH: must hold full paths, got 'plugins'") ==
        1);
}

TEST_CASE("a name that two folders have is refused with both files") {
  const TemporaryFolder folder;
  const fs::path mine = place(folder, "optimizer", "sgd", "still");
  const std::string spec =
      folder.write("s.yaml", std::regex_replace(still_spec, std::regex("still"), "sgd")).string();
  const Ending ending = invoke({"check", spec}, {{"GIBBSITE_PLUGIN_PATH", folder.path().string()}});
  CAPTURE(ending.err);
  CHECK(ending.code == 2);
  CHECK(occurrences(ending.err, "optimizer 'sgd' is there twice, rename or remove one: ") == 1);
  CHECK(occurrences(ending.err, mine.string()) == 1);
}

TEST_CASE("list --plugins shows each module, what it registers or why it is refused") {
  const TemporaryFolder folder;
  const fs::path good = place(folder, "optimizer", "still", "still"),
                 bad = place(folder, "model", "no_entry", "no_entry"),
                 open = place(folder, "optimizer", "open", "still_again");
  fs::permissions(open, fs::perms::others_write, fs::perm_options::add);
  const Ending ending =
      invoke({"list", "--plugins"}, {{"GIBBSITE_PLUGIN_PATH", folder.path().string()}});
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  CHECK(occurrences(ending.out, good.string() + "\n    optimizer still\n") == 1);
  CHECK(occurrences(ending.out, bad.string() + "\n    ") == 1);
  CHECK(occurrences(ending.out, "plugin refused: it has no entry 'gibbsite_plugin'") == 1);
  CHECK(occurrences(ending.out, "plugin refused: anyone may write to it (chmod o-w)") == 1);
  CHECK(std::regex_search(ending.out, std::regex("/sampler/mala\\.so\n    sampler mala\n")));
}

TEST_CASE("a plugin that changes the process while it is built is refused by what it changes") {
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"rounding", "the rounding mode"},
      {"flush", "flush-to-zero"},
      {"locale", "the locale"},
      {"folder", "the working folder"},
      {"signals", "signal handlers"}};
  const TemporaryFolder folder;
  for (const auto& [how, what] : changes) {
    const Ending ending =
        invoke({"check", folder.write("s.yaml", trouble(how, "building")).string()});
    CAPTURE(ending.err);
    CHECK(ending.code == 2);
    CHECK(occurrences(ending.err, "a plugin changes " + what) == 1);
    CHECK(occurrences(ending.err, "\n") == 1);
  }
}

TEST_CASE("what a plugin changes while it runs is put back, with a warning in the cell's log") {
  const TemporaryFolder folder;
  const Ending ending =
      invoke({"run", folder.write("s.yaml", trouble("folder", "running")).string(), "--out",
              (folder / "out").string()});
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  std::string logs;
  for (const auto& cell : fs::directory_iterator(folder / "out/cells"))
    logs += text_of(cell.path() / "log.txt");
  CHECK(occurrences(logs, "warning: a plugin changes the working folder") == 1);
}

TEST_CASE("docs writes a page for every plugin that is listed, with its parameters") {
  const TemporaryFolder folder;
  const std::string out = (folder / "docs").string();
  const Ending ending = invoke({"docs", "-o", out});
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  const std::string list = invoke({"list"}).out, index = text_of(out + "/index.html");
  const std::regex entry("\n  ([a-z0-9_]+) ");
  std::size_t count = 0;
  for (std::sregex_iterator at(list.begin(), list.end(), entry), end; at != end; ++at, ++count)
    CHECK(occurrences(index, "/" + (*at)[1].str() + ".html\"") >= 1);
  CHECK(count > 50);
  CHECK(files_below(out).size() == count + 1);
  const std::string page = text_of(out + "/sampler/mala.html");
  for (const char* word : {"step_size", "Roberts &amp; Tweedie", "Needs a model with:</b> gradient",
                           "sampler: {name: mala, step_size: 0.1"})
    CHECK(occurrences(page, word) >= 1);
  CHECK(invoke({"docs"}).code == 2);
}
