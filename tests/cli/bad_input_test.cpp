// What a user can get wrong is refused in one clear line, with exit code 2, before anything is
// written.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <regex>

#include "support/program.hpp"

using namespace gibbsite::test;

namespace {

const char* const good =
    "gibbsite: 1\n"
    "name: small\n"
    "seed: 1\n"
    "data: {name: bars_and_stripes, side: 2}\n"
    "model: {name: rbm, hidden: 2}\n"
    "train:\n"
    "  gradient: {name: contrastive_divergence, steps: 1}\n"
    "  optimizer: {name: sgd, step_size: 0.1}\n"
    "  batch: 6\n"
    "  updates: 4\n"
    "sample: {chains: 2, warmup: 2, draws: 3}\n";

std::string with(const std::string& from, const std::string& to) {
  std::string spec = good;
  const auto at = spec.find(from);
  REQUIRE(at != std::string::npos);
  return spec.replace(at, from.size(), to);
}

std::size_t lines(const std::string& text) { return occurrences(text, "\n"); }

// Runs a spec that must be refused with `pattern` in its one line, and nothing written.
void refuses(const fs::path& spec, const std::string& pattern, const TemporaryFolder& folder,
             std::vector<std::string> more = {}) {
  std::vector<std::string> words = {"run", spec.string(), "--out", (folder / "out").string()};
  words.insert(words.end(), more.begin(), more.end());
  const Ending ending = invoke(words);
  CAPTURE(ending.err);
  CAPTURE(pattern);
  CHECK(ending.code == 2);
  CHECK(ending.signal == 0);
  CHECK(ending.out == "");
  CHECK(lines(ending.err) == 1);
  CHECK(ending.err.size() < 1500);
  CHECK(std::regex_search(ending.err, std::regex(pattern)));
  CHECK(ending.seconds < 20);
  CHECK_FALSE(fs::exists(folder / "out"));
}

void refuses_text(const std::string& text, const std::string& pattern) {
  const TemporaryFolder folder;
  refuses(folder.write("s.yaml", text), pattern, folder);
}

}  // namespace

TEST_CASE("the spec that the refused ones are made from is accepted") {
  const TemporaryFolder folder;
  const Ending ending = invoke({"check", folder.write("s.yaml", good).string()});
  CHECK(ending.code == 0);
  CHECK(ending.err == "");
  CHECK(std::regex_search(ending.out, std::regex("^[0-9a-f]{12} ")));
}

TEST_CASE("an unknown key is refused at its place with the nearest known key") {
  refuses_text(with("steps: 1", "stpes: 1"),
               R"(s\.yaml:7:44: train\.gradient\.stpes: unknown key.*did you mean 'steps')");
  refuses_text(with("seed: 1", "sede: 1"),
               R"(s\.yaml:3:1: sede: unknown key.*did you mean 'seed')");
  refuses_text(with("draws: 3", "drawz: 3"),
               R"(s\.yaml:11:\d+: sample\.drawz: unknown key.*did you mean 'draws')");
}

TEST_CASE("an unknown plugin is refused with the nearest known name") {
  refuses_text(with("name: rbm", "name: rbn"),
               R"(s\.yaml:5:\d+: model: unknown model rbn.*did you mean 'rbm')");
  refuses_text(with("name: sgd", "name: gsd"),
               R"(s\.yaml:8:\d+: .*unknown optimizer gsd.*known: .*sgd)");
  refuses_text(with("name: rbm", "name: ../../rbm"),
               R"(s\.yaml:5:\d+: model: unknown model \.\./\.\./rbm)");
}

TEST_CASE("values of another type or out of range are refused with what was got") {
  refuses_text(with("hidden: 2", "hidden: many"),
               R"(s\.yaml:5:\d+: .*model\.hidden: must be an integer, got many)");
  refuses_text(with("batch: 6", "batch: 2.5"),
               R"(s\.yaml:9:10: train\.batch: must be an integer, got 2\.5)");
  refuses_text(with("batch: 6", "batch: '6'"), R"(train\.batch: must be an integer, got '6')");
  refuses_text(with("batch: 6", "batch: 010"), R"(train\.batch: must be an integer, got 010)");
  refuses_text(with("batch: 6", "batch: 0"), R"(s\.yaml:9:10: train\.batch: must be >= 1, got 0)");
  refuses_text(with("draws: 3", "draws: 99999999999999999999"),
               R"(sample\.draws: must be an integer, got 9{20})");
  refuses_text(with("draws: 3", "draws: -1"), R"(sample\.draws: must be .*, got -1)");
  refuses_text(with("step_size: 0.1", "step_size: .nan"),
               R"(s\.yaml:8:\d+: train\.optimizer\.step_size: must be a finite number, got \.nan)");
  refuses_text(with("step_size: 0.1", "step_size: 1e400"),
               R"(step_size: must be a finite number, got 1e400)");
  refuses_text(with("step_size: 0.1", "step_size: -0.1"), R"(step_size: must be > 0, got -0\.1)");
  refuses_text(with("batch: 6", "batch: [6]"),
               R"(train\.batch: must be an integer, got a list of 1)");
  refuses_text(with("batch: 6", "batch:"), R"(s\.yaml:9:\d+: train\.batch: has no value)");
  refuses_text(with("seed: 1", "seed: -1"),
               R"(s\.yaml:3:7: seed: must be an integer in \[0, 2\^64 - 1\], got -1)");
  refuses_text(with("seed: 1", "seed: 18446744073709551616"), R"(seed: must be an integer in)");
  refuses_text(with("gibbsite: 1", "gibbsite: 2"), R"(s\.yaml:1:11: gibbsite: must be .*, got 2)");
}

TEST_CASE("an unknown precision is refused") {
  refuses_text(with("seed: 1", "precision: half"),
               R"(s\.yaml:3:12: precision: unknown value half.*single, double)");
}

TEST_CASE("names that would leave the results folder are refused") {
  for (const char* name : {"../../x", "/x", ".", "a/b", "\"a\\nb\"", "Größe"})
    refuses_text(with("name: small", std::string("name: ") + name),
                 R"(s\.yaml:2:7: name: must be at most 100 of \[a-z0-9_-\])");
  refuses_text(with("name: small", "name: " + std::string(300, 'a')),
               R"(name: must be at most 100)");
}

TEST_CASE("missing parts are named") {
  refuses_text(with("name: small\n", ""), R"(s\.yaml:1:1: name: is required)");
  refuses_text("gibbsite: 1\nname: x\n", R"(s\.yaml:1:1: model: is required)");
  refuses_text(with("  updates: 4\n", ""), R"(train: needs either epochs or updates)");
  refuses_text("", R"(s\.yaml: the file is empty)");
  refuses_text("# nothing\n", R"(s\.yaml: .*empty)");
  refuses_text("- a\n- b\n", R"(s\.yaml:1:1: a spec must be a map, got a list of 2)");
  refuses_text("null\n", R"(s\.yaml:1:1: a spec must be a map, got nothing)");
}

TEST_CASE("all faults of all cells are reported at once") {
  const TemporaryFolder folder;
  std::string text = with("hidden: 2", "hidden: 0, hiden: 3");
  text += "grid:\n  train.batch: [6, 0, -5]\n  seed: [1, x]\n";
  const Ending ending =
      invoke({"run", folder.write("s.yaml", text).string(), "--out", (folder / "out").string()});
  CAPTURE(ending.err);
  CHECK(ending.code == 2);
  for (const char* fault : {"model.hidden: must be in [1, 1e+07], got 0",
                            "model.hiden: unknown key", "s.yaml:14:13: seed: must be"})
    CHECK(occurrences(ending.err, fault) == 1);
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("data of another width than the model are refused") {
  refuses_text(with("hidden: 2", "hidden: 2, visible: 5"),
               R"(s\.yaml:5:\d+: model: .*5 coordinates.*data have 4)");
}

TEST_CASE("a sampler whose needs the model does not meet is refused with what it offers") {
  refuses_text(with("chains: 2", "sampler: {name: hmc}, chains: 2"),
               R"(s\.yaml:11:\d+: sample: .*hmc.*(gradient|real))");
  refuses_text(
      "gibbsite: 1\nname: x\nmodel: {name: gaussian, units: 2}\nsample: {sampler: {name: "
      "block_gibbs}}\n",
      R"(s\.yaml:4:\d+: sample: .*block_gibbs.*latent)");
}

TEST_CASE("data files that are missing or broken are refused by name") {
  const TemporaryFolder folder;
  const auto spec = [&](const std::string& data) {
    return folder.write("s.yaml", "gibbsite: 1\nname: x\ndata: " + data +
                                      "\nmodel: {name: rbm, hidden: 2}\nsample: {}\n");
  };
  refuses(spec("{name: csv, path: nothere.csv}"), R"(s\.yaml:3:\d+: data.*nothere\.csv)", folder);
  folder.write("bad.csv", "1,2\n3,x\n");
  refuses(spec("{name: csv, path: bad.csv}"), R"(bad\.csv.*2.*x)", folder);
  folder.write("empty.csv", "");
  refuses(spec("{name: csv, path: empty.csv}"), R"(empty\.csv)", folder);
}

TEST_CASE("stored parameters that are missing, foreign or of another shape are refused") {
  const TemporaryFolder folder;
  const auto spec = [&](const std::string& file) {
    return folder.write(
        "s.yaml", "gibbsite: 1\nname: x\nmodel: {name: rbm, visible: 2, hidden: 2, parameters: " +
                      file + "}\nsample: {}\n");
  };
  refuses(spec("nothere.h5"), R"(s\.yaml:3:\d+: model.*nothere\.h5.*no such file)", folder);
  folder.write("text.h5", "this is no HDF5 file");
  refuses(spec("text.h5"), R"(text\.h5.*no readable HDF5 file)", folder);
}

TEST_CASE("hostile YAML is refused quickly and by name") {
  const std::string deep(100000, '[');
  refuses_text("a: " + deep, R"(s\.yaml:1:\d+: .*nested)");
  refuses_text(deep, R"(s\.yaml:1:\d+: .*nested)");
  refuses_text("a: &a [1, *a]\n", R"(s\.yaml:1:11: an alias to a value that contains it)");
  refuses_text(std::string(good) + "model: {name: rbm}\n",
               R"(s\.yaml:12:1: duplicate key 'model')");
  refuses_text(std::string(good) + "---\na: 1\n", R"(s\.yaml: must hold one document)");
  refuses_text(with("hidden: 2", "hidden: !!int 2"), R"(s\.yaml:5:\d+: tags are not allowed)");
  refuses_text(with("hidden: 2", "hidden: !!python/object/apply:os.system [ls]"),
               R"(tags are not allowed)");
  refuses_text(with("hidden: 2", std::string("hidden: 2 # \0", 13)),
               R"(s\.yaml:5:\d+: not UTF-8 text \(or a NUL byte\))");
  std::string bomb = "a0: &a0 [1, 1]\n";
  for (int k = 1; k < 40; ++k) {
    const std::string before = "*a" + std::to_string(k - 1), name = "a" + std::to_string(k);
    bomb += name + ": &" + name + " [" + before + ", " + before + "]\n";
  }
  refuses_text(bomb, R"(s\.yaml:\d+:\d+: more than 100000 values)");
}

TEST_CASE("a spec that is no regular file of moderate size is refused") {
  const TemporaryFolder folder;
  refuses(folder / "nothere.yaml", R"(nothere\.yaml: cannot be read: No such file)", folder);
  refuses(folder.path(), R"(must be a regular file)", folder);
  refuses("/dev/zero", R"(/dev/zero: must be a regular file)", folder);
  REQUIRE(::mkfifo((folder / "pipe.yaml").c_str(), 0600) == 0);
  refuses(folder / "pipe.yaml", R"(pipe\.yaml: must be a regular file)", folder);
  std::ofstream(folder / "huge.yaml") << "name: x\n";
  fs::resize_file(folder / "huge.yaml", 100 << 20);
  refuses(folder / "huge.yaml", R"(huge\.yaml: larger than 1048576 bytes, got 104857600)", folder);
}

TEST_CASE("a grid of too many cells is refused with their number") {
  std::string text = std::string(good) + "grid:\n";
  for (int axis = 0; axis < 10; ++axis)
    text += "  a" + std::to_string(axis) + ": {from: 1, to: 10000}\n";
  refuses_text(text, R"(s\.yaml:13:3: grid: makes [0-9.e+]+ cells; at most 1000000)");
}

TEST_CASE("settings are judged by the rules of the spec") {
  const TemporaryFolder folder;
  const fs::path spec = folder.write("s.yaml", good);
  refuses(spec, R"(^--set: train\.batch: must be an integer, got x)", folder,
          {"--set", "train.batch=x"});
  refuses(spec, R"(^--set: train\.bach: unknown key.*did you mean 'batch')", folder,
          {"--set", "train.bach=3"});
  refuses(spec, R"(^--set: must be path=value)", folder, {"--set", "train.batch"});
  refuses(spec, R"(^--set: model: .*tags are not allowed)", folder, {"--set", "model=!!x 1"});
}

TEST_CASE("wrong options are refused with what is known") {
  const TemporaryFolder folder;
  const fs::path spec = folder.write("s.yaml", good);
  refuses(spec, R"(--jobs.*must be >= 1, got 0)", folder, {"--jobs", "0"});
  refuses(spec, R"(run: .*'?--nonsense'?)", folder, {"--nonsense"});
  refuses(spec, R"(--only: no cell has seed=7)", folder, {"--only", "seed=7"});
  CHECK(invoke({"rnu", spec.string()}).code == 2);
  CHECK(occurrences(invoke({"rnu", spec.string()}).err, "did you mean 'run'") == 1);
  CHECK(invoke({"run"}).code == 2);
  CHECK(invoke({"status", folder.path().string()}).code == 2);
}

TEST_CASE("a results folder that cannot be made ends with exit code 3 and the reason") {
  const TemporaryFolder folder;
  const fs::path spec = folder.write("s.yaml", good);
  for (const fs::path& out : {spec / "below", fs::path("/proc/nothing/out")}) {
    const Ending ending = invoke({"run", spec.string(), "--out", out.string()});
    CAPTURE(ending.err);
    CHECK(ending.code == 3);
    CHECK(lines(ending.err) == 1);
    CHECK(occurrences(ending.err, out.string() + ": cannot be created: ") == 1);
  }
}

TEST_CASE("plugins that are no plugins of this program are refused by name") {
  const TemporaryFolder folder;
  const auto refuses_plugin = [&](const fs::path& file, const std::string& pattern) {
    refuses(folder.write("s.yaml", std::string(good) + "plugins: ['" + file.string() + "']\n"),
            R"(s\.yaml:12:11: plugins: .*)" + pattern, folder);
  };
  refuses_plugin(folder / "nothere.so", R"(nothere\.so: plugin refused: must be a regular file)");
  refuses_plugin(folder.write("text.so", "no library\n"), R"(text\.so: plugin refused: .*)");
  refuses_plugin(folder.write("half.so", text_of(fixture("still")).substr(0, 4000)),
                 R"(half\.so: plugin refused: .*)");
  refuses_plugin(
      fixture("other_stamp"),
      R"(other_stamp\.so: plugin refused: it was built for \[gibbsite 0\.0\.1\], this program is \[gibbsite )");
  refuses_plugin(fixture("other_version"), R"(plugin refused: its plugin API is version 999)");
  refuses_plugin(fixture("no_entry"), R"(plugin refused: it has no entry 'gibbsite_plugin')");
  refuses_plugin(fixture("undefined"), R"(plugin refused: .*not_defined_anywhere)");
  refuses_plugin(fixture("fast_math"), R"(plugin refused: it switches on flush-to-zero)");
  refuses_plugin(fixture("bad_entry"), R"(plugin refused: its entry threw)");
}

TEST_CASE(
    "a plugin that crashes, exits or throws while it is built is refused and nothing is written") {
  for (const auto& [how, pattern] :
       std::vector<std::pair<std::string, std::string>>{{"segfault", "SIGSEGV"},
                                                        {"abort", "SIGABRT"},
                                                        {"exit", "exit"},
                                                        {"throw", "the coins rolled away"},
                                                        {"throw_int", "plugin|model"}}) {
    const TemporaryFolder folder;
    const fs::path spec = folder.write(
        "s.yaml", "gibbsite: 1\nname: x\nplugins: ['" + fixture("trouble").string() +
                      "']\nmodel: {name: trouble, when: building, how: " + how + "}\nsample: {}\n");
    const Ending ending = invoke({"run", spec.string(), "--out", (folder / "out").string()});
    CAPTURE(how);
    CAPTURE(ending.err);
    CHECK(ending.code == 2);
    CHECK(std::regex_search(ending.err, std::regex(pattern)));
    CHECK_FALSE(fs::exists(folder / "out"));
  }
}
