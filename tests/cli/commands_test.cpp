// The commands that describe, check and report.
#include <doctest/doctest.h>

#include <regex>

#include "support/program.hpp"

using namespace gibbsite::test;

namespace {

const std::string quickstart = GIBBSITE_SOURCE "/experiments/quickstart.yaml";

// Whether Python's JSON reader accepts a text.
bool is_json(const std::string& text) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("x.json", text);
  return run_program({"/usr/bin/python3", "-m", "json.tool", file.string()}).code == 0;
}

bool has_python(const std::string& module) {
  if (run_program({"/usr/bin/python3", "-c", "import " + module}).code == 0) return true;
  skip("python3 has no module " + module);
  return false;
}

}  // namespace

TEST_CASE("every command explains itself") {
  const Ending usage = invoke({"--help"});
  CHECK(usage.code == 0);
  CHECK(usage.err == "");
  for (const char* command : {"run", "check", "list", "help", "schema", "docs", "diagnose",
                              "compare", "status", "plugin", "test"}) {
    CAPTURE(command);
    CHECK(occurrences(usage.out, std::string("\n  ") + command) >= 1);
    const Ending ending = invoke({command, "--help"});
    CHECK(ending.code == 0);
    CHECK(ending.err == "");
    CHECK(ending.out.starts_with("usage: gibbsite "));
  }
  CHECK(invoke({}).code == 2);
}

TEST_CASE("the version names commit, compiler, engines and instruction set") {
  const Ending ending = invoke({"--version"});
  CHECK(ending.code == 0);
  for (const char* word : {"gibbsite ", "\ncommit ", "\ncompiler ", "\ninstruction set ",
                           "\nengine single: /", "\nengine double: /"})
    CHECK(occurrences(ending.out, word) == 1);
}

TEST_CASE("the list has every plugin of the contract with its summary") {
  const Ending ending = invoke({"list"});
  CHECK(ending.code == 0);
  for (const char* name : {"rbm", "boltzmann_machine", "gaussian", "block_gibbs", "gibbs", "hmc",
                           "contrastive_divergence", "adam", "sgd", "digits", "bars_and_stripes",
                           "annealed_importance_sampling"})
    CHECK(std::regex_search(ending.out, std::regex("\n  " + std::string(name) + " +[^ \n]")));
  CHECK(invoke({"list", "sampler"}).out.starts_with("sampler\n"));
  CHECK(invoke({"list", "samplers"}).code == 0);
  const Ending wrong = invoke({"list", "smapler"});
  CHECK(wrong.code == 2);
  CHECK(occurrences(wrong.err, "did you mean 'sampler'") == 1);
}

TEST_CASE("every listed plugin has help") {
  const std::string list = invoke({"list"}).out;
  std::string kind;
  std::size_t count = 0;
  const std::regex entry("(  )?([a-z0-9_]+)[^\n]*\n");
  for (std::sregex_iterator at(list.begin(), list.end(), entry), end; at != end; ++at) {
    if (!(*at)[1].matched) {
      kind = (*at)[2];
      continue;
    }
    const Ending ending = invoke({"help", kind, (*at)[2]});
    CAPTURE((*at)[2].str());
    CHECK(ending.code == 0);
    CHECK(ending.out.starts_with(kind + " " + (*at)[2].str() + ": "));
    ++count;
  }
  CHECK(count >= 20);
  CHECK(invoke({"help", "sampler", "hcm"}).code == 2);
}

TEST_CASE("JSON output can be read by others") {
  CHECK(is_json(invoke({"list", "--json"}).out));
  CHECK(is_json(invoke({"help", "model", "rbm", "--json"}).out));
  CHECK(is_json(invoke({"check", quickstart, "--json"}).out));
  CHECK(is_json(invoke({"schema"}).out));
}

TEST_CASE("numbers and texts of a spec survive as JSON") {
  const TemporaryFolder folder;
  const fs::path spec =
      folder.write("s.yaml",
                   "gibbsite: 1\nname: x\ndescription: \"a \\\"b\\\" \\\\ \\t é\"\nmodel: {name: "
                   "gaussian, units: 1, mean: [+.5], temperature: 1.}\nsample: {draws: 1}\n");
  const Ending ending = invoke({"check", spec.string(), "--json"});
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  CHECK(is_json(ending.out));
}

TEST_CASE("the schema accepts the quickstart and refuses an unknown key") {
  if (!has_python("jsonschema") || !has_python("yaml")) return;
  const TemporaryFolder folder;
  const std::string schema = folder.write("schema.json", invoke({"schema"}).out).string();
  const std::string script =
      "import json, jsonschema, sys, yaml\n"
      "jsonschema.validate(yaml.safe_load(open(sys.argv[2])), json.load(open(sys.argv[1])))\n";
  CHECK(run_program({"/usr/bin/python3", "-c", script, schema, quickstart}).code == 0);
  const std::string training =
      "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\nmodel: {name: rbm, hidden: "
      "2}\ntrain:\n  gradient: contrastive_divergence\n  updates: 3\n  optimizer: {name: rmsprop, "
      "schedule: step, period: 3, decay: 0.5, warmup: 2}\n  regularization: {l2: 0.1, blocks: [W], "
      "sparsity: {target: 0.1, rate: 1}}\n  centring: {means: data}\n  clip: {norm: 3}\n  average: "
      "0.9\n  stop: {metric: z.log_partition, mode: min, patience: 2}\n  on_divergence: {retries: "
      "2, energy_gap: 9}\n  evaluate: [{name: exact_log_partition, label: z, every: 2}]\n";
  const auto accepts = [&](const std::string& text) {
    const std::string file = folder.write("train.yaml", text).string();
    const bool valid = run_program({"/usr/bin/python3", "-c", script, schema, file}).code == 0;
    CHECK((invoke({"check", file}).code == 0) == valid);
    return valid;
  };
  CHECK(accepts(training));
  for (const char* wrong : {"  clip: {nrom: 3}\n", "  evaluate: [exact_log_partition]\n",
                            "  evaluate: [{name: exact_log_partition, each: 2}]\n"}) {
    const std::string key = std::string(wrong).substr(0, std::string(wrong).find(':'));
    const auto from = training.find("\n" + key + ":") + 1;
    CHECK_FALSE(
        accepts(std::string(training).replace(from, training.find('\n', from) + 1 - from, wrong)));
  }
  const std::string bad = folder.write("bad.yaml", text_of(quickstart) + "unknown: 1\n").string();
  CHECK(run_program({"/usr/bin/python3", "-c", script, schema, bad}).code != 0);
}

TEST_CASE("a check lists the cells of a grid and runs none") {
  const Ending ending = invoke({"check", quickstart});
  CHECK(ending.code == 0);
  CHECK(ending.err == "");
  CHECK(std::regex_search(ending.out, std::regex("[0-9]+ cells?, all well\n$")));
}

TEST_CASE("diagnose names a kernel that accepts nothing, by cell, and passes a sound one") {
  const TemporaryFolder folder;
  const fs::path spec = folder.write(
      "s.yaml",
      "gibbsite: 1\nname: kernels\nmodel: {name: gaussian, mean: [0, 0]}\n"
      "sample: {sampler: {name: mala, adapt: false}, chains: 4, warmup: 10, draws: 2000}\n"
      "grid: {sample.sampler.step_size: [1.5, 1.0e+9]}\n");
  const fs::path out = folder / "out";
  REQUIRE(invoke({"run", spec.string(), "--out", out.string()}).code == 0);
  const Ending ending = invoke({"diagnose", out.string()});
  CAPTURE(ending.out);
  CHECK(ending.code == 1);
  CHECK(occurrences(ending.out, "accepts almost nothing: 0\n") == 4);
  CHECK(occurrences(ending.out, "step sizes reach from 1e+09 to 1e+09\n") == 1);
  CHECK(occurrences(ending.out, ": nothing found\n") == 1);
  CHECK(occurrences(ending.out, "1 results sound, 1 with findings\n") == 1);
  const Ending json = invoke({"diagnose", out.string(), "--json"});
  CHECK(json.code == 1);
  CHECK(is_json(json.out));
  CHECK(invoke({"diagnose", (folder / "nowhere").string()}).code == 2);
  CHECK(invoke({"diagnose", spec.string()}).code == 3);
}
