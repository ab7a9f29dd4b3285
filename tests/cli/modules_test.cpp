// Where plugins are looked for, what is refused or put back, and the reference of all of them.
#include <doctest/doctest.h>

#include <gibbsite/io/json.hpp>
#include <gibbsite/io/plugin_source.hpp>
#include <map>
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

TEST_CASE("a plugin that hangs while it is built or loaded is given up with a line that names it") {
  const TemporaryFolder folder;
  const std::string built = folder.write("s.yaml", trouble("hang", "building")).string(),
                    out = (folder / "out").string();
  const Environment second = {{"GIBBSITE_BUILD_SECONDS", "1"}};
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"check", built}, {"run", built, "--out", out}}) {
    const Ending ending = invoke(command, second);
    CAPTURE(ending.err);
    CHECK(ending.code == 2);
    CHECK(ending.seconds < 30);
    CHECK(ending.err ==
          "plugin refused: model trouble is still being built after 1 s: mend what hangs (its "
          "constructor), or allow more by GIBBSITE_BUILD_SECONDS\n");
    CHECK_FALSE(fs::exists(out));
  }
  const std::string loaded =
      folder
          .write("l.yaml", "gibbsite: 1\nname: x\nplugins: ['" + fixture("hanging_entry").string() +
                               "']\nmodel: gaussian\n")
          .string();
  const Ending ending = invoke({"check", loaded}, second);
  CAPTURE(ending.err);
  CHECK(ending.code == 2);
  CHECK(occurrences(ending.err, "plugin refused: a module is still being loaded after 1 s") == 1);
  const Ending none = invoke({"check", built}, {{"GIBBSITE_BUILD_SECONDS", "0"}});
  CHECK(none.code == 2);
  CHECK(occurrences(none.err, "GIBBSITE_BUILD_SECONDS: must be an integer from 1 to 1000000") == 1);
}

TEST_CASE("numbers of a wrong shape cost their cell alone, with a line that has both shapes") {
  const TemporaryFolder folder;
  const auto error_of = [&](const std::string& spec) {
    const Ending ending = invoke({"run", folder.write("s.yaml", spec).string(), "--out",
                                  (folder / "out").string(), "--fresh"});
    CAPTURE(ending.err);
    CHECK(ending.code == 1);
    return ending.err;
  };
  CHECK(occurrences(error_of(trouble("shapes", "running")),
                    "the model returns energies of 1 x 2 for 1 configurations") == 1);
  CHECK(
      occurrences(error_of("gibbsite: 1\nname: y\nplugins: ['" + fixture("mutant_shapes").string() +
                           "']\nmodel: {name: gaussian, units: 2}\nsample: {sampler: "
                           "mutant_shapes, chains: 2, warmup: 1, draws: 2}\n"),
                  "the sampler leaves statistics of 3 x 1, must be 2 x 1") == 1);
}

TEST_CASE("a plugin that takes all memory costs its cell alone") {
  const TemporaryFolder folder;
  std::string spec = trouble("leak", "running");
  spec += "grid: {model.how: [leak, none], sample.draws: [2000]}\n";
  const std::string file = folder.write("s.yaml", spec).string();
  const Ending ending = run_program({"bash", "-c",
                                     "ulimit -v 2500000; exec \"$0\" run " + file +
                                         " --jobs 1 --threads 1 --out " + (folder / "out").string(),
                                     GIBBSITE_BUILD "/bin/gibbsite"});
  CAPTURE(ending.err);
  CHECK(ending.code == 1);
  CHECK(occurrences(ending.err, ": failed in ") == 1);
  CHECK(occurrences(ending.err, "out of memory") == 1);
  CHECK(occurrences(ending.err, ": complete in ") == 1);
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

TEST_CASE("the head of every plugin's source, with its equation, is in help, docs and schema") {
  const TemporaryFolder folder;
  const std::string out = (folder / "docs").string(), schema = invoke({"schema"}).out;
  REQUIRE(invoke({"docs", "-o", out}).code == 0);
  const std::map<std::string, std::string> kinds = {
      {"models", "model"},          {"samplers", "sampler"},      {"gradient", "gradient"},
      {"likelihood", "evaluation"}, {"diagnostic", "evaluation"}, {"optimizers", "optimizer"},
      {"datasets", "dataset"}};
  std::size_t count = 0, equations = 0;
  for (const auto& item : fs::recursive_directory_iterator(GIBBSITE_SOURCE "/plugins")) {
    if (item.path().extension() != ".cpp") continue;
    const std::string kind = kinds.at(item.path().parent_path().filename()),
                      name = item.path().stem(), comment = gibbsite::head_comment(item.path());
    CAPTURE(name);
    const std::string page = text_of(out + "/" + kind + "/" + name + ".html");
    if (page.empty()) continue;  // not in this build
    CHECK(comment.size() > 60);
    std::string html = comment;
    for (const auto& [from, to] :
         {std::pair{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}})
      html = std::regex_replace(html, std::regex(from), to);
    CHECK(occurrences(page, "<pre>" + html + "</pre>") == 1);
    const std::string quoted = gibbsite::to_json(gibbsite::Node::scalar(comment, true));
    CHECK(occurrences(schema, quoted.substr(1)) >= 1);
    CHECK(occurrences(invoke({"help", kind, name}).out,
                      "\n\n  " +
                          std::regex_replace(comment.substr(0, comment.size() - 1),
                                             std::regex("\n(?=[^\n])"), "\n  ") +
                          "\n\n") == 1);
    equations += occurrences(comment, "\n  ") > 0;
    ++count;
  }
  CHECK(count > 100);
  CHECK(equations > 100);
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
