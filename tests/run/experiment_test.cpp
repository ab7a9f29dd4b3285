// One cell from its spec: strict reading, defaults, and the identity that follows.
#include <doctest/doctest.h>

#include <gibbsite/io/yaml.hpp>
#include <gibbsite/run/experiment.hpp>
#include <gibbsite/run/grid.hpp>

#include "support/make.hpp"
#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const char* const base =
    "gibbsite: 1\n"
    "name: x\n"
    "seed: 3\n"
    "data: {name: bars_and_stripes, side: 2}\n"
    "model: {name: rbm, hidden: 2}\n"
    "train: {gradient: {name: contrastive_divergence}, batch: 6, updates: 4}\n"
    "sample: {draws: 3}\n"
    "evaluate: [exact_log_partition]\n";

std::unique_ptr<Experiment> build(const std::string& yaml, const std::vector<std::string>& settings,
                                  Faults& faults, const std::string& source = "s.yaml") {
  Node spec = parse_yaml(yaml, source);
  for (const std::string& setting : settings) apply_setting(spec, setting, faults);
  DataCache cache;
  return build_experiment(spec, registry(), workers(), cache, faults);
}

std::string id(const std::string& yaml, const std::vector<std::string>& settings = {}) {
  Faults faults;
  const auto built = build(yaml, settings, faults);
  CAPTURE(join(faults.lines(), "\n"));
  REQUIRE(faults.empty());
  REQUIRE(built);
  return built->id;
}

std::string id_with(const std::string& setting) { return id(base, {setting}); }

std::string faults_of(const std::string& yaml) {
  Faults faults;
  CHECK_FALSE(build(yaml, {}, faults));
  return join(faults.lines(), "\n");
}

}  // namespace

TEST_CASE("an id is twelve hex digits and the same every time") {
  CHECK(id(base).size() == 12);
  CHECK(id(base).find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(id(base) == id(base));
}

TEST_CASE("equal specs in another order, spelling or with defaults written out are one cell") {
  CHECK(id("evaluate:\n  - {name: exact_log_partition}\nsample:\n  draws: 3\ntrain: {updates: 4, "
           "batch: 6, gradient: contrastive_divergence}\n"
           "model: {hidden: 2, name: rbm}\ndata: {side: 2, name: bars_and_stripes}\nseed: 3\nname: "
           "x\ngibbsite: 1\n") == id(base));
  for (const std::string same :
       {"seed=3", "precision=double", "sample.chains=4", "sample.thin=1",
        "sample.sampler=block_gibbs", "sample.sampler={name: block_gibbs}",
        "sample.record=[x, energy]", "train.record_every=1", "train.optimizer=adam",
        "train.gradient.steps=1", "model.temperature=1", "model.temperature=1.0",
        "model.temperature=1e0", "sample.init={from: noise}"}) {
    CAPTURE(same);
    CHECK(id_with(same) == id(base));
  }
}

TEST_CASE("names, descriptions and checkpoints do not make another cell") {
  for (const std::string same : {"name=other", "description=why not", "checkpoint={every: 3}"}) {
    CAPTURE(same);
    CHECK(id_with(same) == id(base));
  }
}

TEST_CASE("seed, precision and every parameter make another cell") {
  std::vector<std::string> ids = {id(base)};
  for (const std::string other :
       {"seed=4", "seed=18446744073709551615", "precision=single", "model.hidden=3",
        "model.temperature=2", "data.side=3", "data.limit=3", "train.updates=5", "train.batch=5",
        "train.gradient.steps=2", "train.gradient.persistent=true", "train.optimizer=sgd",
        "train.optimizer={name: adam, step_size: 0.5}", "sample.draws=4", "sample.thin=2",
        "sample.init={from: data}", "evaluate=[convergence]",
        "evaluate.exact_log_partition.label=z"}) {
    CAPTURE(other);
    ids.push_back(id_with(other));
    for (std::size_t k = 0; k + 1 < ids.size(); ++k) CHECK(ids[k] != ids.back());
  }
}

TEST_CASE("the resolved spec builds the same cell again") {
  Faults faults;
  const auto first = build(base, {}, faults);
  REQUIRE(first);
  for (const std::string& text : {to_yaml(first->resolved), to_flow(first->resolved)}) {
    const auto again = build(text, {}, faults);
    CAPTURE(join(faults.lines(), "\n"));
    REQUIRE(again);
    CHECK(again->id == first->id);
    CHECK(to_yaml(again->resolved) == to_yaml(first->resolved));
  }
}

TEST_CASE("a file is known by its content, not by its name or place") {
  const TemporaryFolder folder;
  folder.write("a/one.csv", "0,1\n1,0\n");
  folder.write("b/two.csv", "0,1\n1,0\n");
  folder.write("c/three.csv", "0,1\n1,1\n");
  const auto id_of = [&](const std::string& source, const std::string& file) {
    Faults faults;
    const auto built = build("gibbsite: 1\nname: x\ndata: {name: csv, path: " + file +
                                 "}\nmodel: {name: rbm, hidden: 2}\nsample: {draws: 1}\n",
                             {}, faults, (folder / source).string());
    CAPTURE(join(faults.lines(), "\n"));
    REQUIRE(built);
    return built->id;
  };
  CHECK(id_of("a/s.yaml", "one.csv") == id_of("b/s.yaml", "two.csv"));
  CHECK(id_of("a/s.yaml", "one.csv") == id_of("s.yaml", (folder / "a/one.csv").string()));
  CHECK(id_of("a/s.yaml", "one.csv") != id_of("c/s.yaml", "three.csv"));
}

TEST_CASE("what the spec leaves out is taken from the data and the model") {
  Faults faults;
  const auto built = build(base, {}, faults);
  REQUIRE(built);
  CHECK(built->model->dim() == 4);
  CHECK(built->resolved.find("sample")->find("sampler")->find("name")->text == "block_gibbs");
  CHECK(built->resolved.find("train")->find("optimizer")->find("name")->text == "adam");
  CHECK(built->train->updates == 4);
}

TEST_CASE("all faults of a section are reported, each at its place and with the rule") {
  const std::string text = faults_of(
      "gibbsite: 1\nname: X!\nsead: 3\nmodel: {name: rbm, visible: 2.5, hiden: 3, hidden: 0}\n");
  for (const char* fault : {"s.yaml:2:7: name: must be at most 100 of [a-z0-9_-], got X!",
                            "s.yaml:3:1: sead: unknown key (did you mean 'seed'; known: ",
                            "s.yaml:4:29: model.visible: must be an integer, got 2.5",
                            "s.yaml:4:34: model.hiden: unknown key (did you mean 'hidden'; known: ",
                            "model.hidden: must be in [1, 1e+07], got 0"})
    CHECK(occurrences(text, fault) == 1);
}

TEST_CASE("stages that do not fit together are refused") {
  const auto with = [](const std::string& section) {
    return faults_of("gibbsite: 1\nname: x\nmodel: {name: rbm, visible: 4, hidden: 2}\n" + section +
                     "\n");
  };
  CHECK(with("train: {gradient: contrastive_divergence, updates: 3}") ==
        "s.yaml:4:8: train: needs a data section");
  CHECK(occurrences(with("sample: {init: {from: data}}"),
                    "sample.init: from: data needs a data section") == 1);
  CHECK(occurrences(with("sample: {init: {from: value}}"),
                    "sample.init: from: value and a value belong together") == 1);
  CHECK(occurrences(with("sample: {init: {from: file}}"),
                    "sample.init: from: file and a path belong together") == 1);
  CHECK(occurrences(with("sample: {clamp: {coordinates: [0]}}"),
                    "sample.clamp: needs either values or row") == 1);
  CHECK(occurrences(with("sample: {clamp: {coordinates: [9], values: [1]}}"), "sample.clamp") == 1);
  CHECK(occurrences(with("sample: {clamp: {coordinates: [0, 0], values: [1, 1]}}"),
                    "sample.clamp") == 1);
  CHECK(occurrences(with("sample: {clamp: {coordinates: [0], values: [0.5]}}"), "sample.clamp") ==
        1);
  CHECK(occurrences(with("sample: {sampler: hmc}"),
                    "hmc: needs a model with capability 'gradient'") == 1);
  CHECK(occurrences(with("evaluate: [exact_log_partition, exact_log_partition]"),
                    "label 'exact_log_partition' is already used") == 1);
  CHECK(occurrences(with("evaluate: [{name: exact_log_partition, label: a/b}]"),
                    "evaluate.0.label: must be of [A-Za-z0-9_-], got 'a/b'") == 1);
  CHECK(occurrences(with("evaluate: 3"), "evaluate: must be a list, got 3") == 1);
  CHECK(occurrences(with("data: {name: bars_and_stripes, side: 3}"), "9") >= 1);
}

TEST_CASE("data that the model's domain does not hold are refused with the value and its place") {
  const std::string text = faults_of(
      "gibbsite: 1\nname: x\ndata: {name: digits, limit: 20}\nmodel: {name: rbm, hidden: 2}\n");
  CHECK(text.starts_with("s.yaml:4:8: model: "));
  CHECK(occurrences(text, "of configuration 0 is outside the model's domain (64 binary)") == 1);
}

TEST_CASE("data are a model's observed coordinates or whole configurations, and nothing between") {
  const auto spec = [](int visible, const std::string& more = "") {
    return "gibbsite: 1\nname: x\ndata: {name: bars_and_stripes, side: 2}\nmodel: {name: "
           "deep_boltzmann_machine, visible: " +
           std::to_string(visible) + ", hidden: [3, 2]}\n" + more;
  };
  Faults faults;
  const auto observed = build(spec(4), {}, faults), whole = build(spec(2), {}, faults);
  CAPTURE(join(faults.lines(), "\n"));
  REQUIRE(observed);
  REQUIRE(whole);
  CHECK(observed->training == observed->completed_train.get());
  CHECK(observed->training->dim() == 6);
  CHECK(whole->training == whole->data->train.get());
  CHECK(whole->completed_train == nullptr);
  CHECK(faults_of(spec(3)) ==
        "s.yaml:4:8: model: has 5 coordinates, the first 3 observed, but the data have 4");
  CHECK(occurrences(faults_of(spec(4, "sample: {clamp: {coordinates: [5], row: 0}}\n")),
                    "coordinate must be below 4, got 5") == 1);
  const std::string grey = faults_of(
      "gibbsite: 1\nname: x\ndata: {name: digits, limit: 20}\nmodel: {name: "
      "deep_boltzmann_machine, visible: 64, hidden: [3, 2]}\n");
  CHECK(occurrences(grey, "outside the model's domain (64 binary)") == 1);
}
