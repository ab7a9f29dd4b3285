#include <gibbsite/io/yaml.hpp>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

struct Example {
  double rate = 0.5;
  Index count = 3;
  bool fast = false;
  std::string way = "linear";
  std::optional<Index> width;
  std::vector<double> list = {1, 2};
  double needed = 0;

  void fields(Fields& f) {
    f.fraction("rate", rate, "a share");
    f.count("count", count, "how many");
    f.flag("fast", fast, "whether to hurry");
    f.choice("way", way, {"linear", "adaptive"}, "which way");
    f.integer("width", width, "how wide", {.minimum = 1, .unset = "the width of the data"});
    f.reals("list", list, "some numbers", {.minimum = 0, .above_minimum = true});
    f.positive("needed", needed, "a number");
  }
};

std::string faults_of(const std::string& yaml, Example* read = nullptr, Node* resolved = nullptr) {
  Example example;
  Faults faults;
  const Node map = parse_yaml(yaml, "spec.yaml");
  Reader reader(map, "a.b", faults, nullptr);
  example.fields(reader);
  reader.finish();
  if (read != nullptr) *read = example;
  if (resolved != nullptr) *resolved = reader.resolved();
  return join(faults.lines(), "\n");
}

}  // namespace

TEST_CASE("fields are read, defaults stay, and the resolved map has both") {
  Example read;
  Node resolved;
  CHECK(faults_of("{rate: 0.25, needed: 1e-3, list: [4], fast: true, way: adaptive}", &read,
                  &resolved) == "");
  CHECK(read.rate == .25);
  CHECK(read.needed == 1e-3);
  CHECK(read.list == std::vector<double>{4});
  CHECK(read.fast);
  CHECK(read.way == "adaptive");
  CHECK(read.count == 3);
  CHECK(!read.width);
  CHECK(resolved.keys() ==
        std::vector<std::string>{"rate", "count", "fast", "way", "list", "needed"});
  CHECK(resolved.find("count")->text == "3");
}

TEST_CASE("every fault of a map is reported with its place, rule and value, not only the first") {
  CHECK(
      faults_of(
          "{rate: 1.5, count: 0, fast: maybe, way: linaer, list: [1, 0], needed: -1, widht: 2}") ==
      "spec.yaml:1:8: a.b.rate: must be in [0, 1], got 1.5\n"
      "spec.yaml:1:20: a.b.count: must be >= 1, got 0\n"
      "spec.yaml:1:29: a.b.fast: must be true or false, got maybe\n"
      "spec.yaml:1:41: a.b.way: unknown value linaer (did you mean 'linear'; known: linear, "
      "adaptive)\n"
      "spec.yaml:1:59: a.b.list: must be > 0, got 0\n"
      "spec.yaml:1:71: a.b.needed: must be > 0, got -1\n"
      "spec.yaml:1:75: a.b.widht: unknown key (did you mean 'width'; known: rate, count, fast, "
      "way, width, list, needed)");
}

TEST_CASE("values of a wrong type are refused and never guessed") {
  CHECK(faults_of("{count: 2.5}") == "spec.yaml:1:9: a.b.count: must be an integer, got 2.5");
  CHECK(faults_of("{count: '2'}") == "spec.yaml:1:9: a.b.count: must be an integer, got '2'");
  CHECK(faults_of("{rate: .nan}").find("a.b.rate: must be a finite number") != std::string::npos);
  CHECK(faults_of("{rate: [1]}").find("a.b.rate: must be a finite number") != std::string::npos);
  CHECK(faults_of("{list: 3}").find("a.b.list: must be a list with at least one entry") !=
        std::string::npos);
  CHECK(faults_of("{list: []}").find("a.b.list: must be a list with at least one entry") !=
        std::string::npos);
  CHECK(faults_of("{width:}").find("a.b.width: has no value") != std::string::npos);
}

TEST_CASE("the description of a plugin has names, types, defaults and rules") {
  Describer describer;
  Example example;
  example.fields(describer);
  REQUIRE(describer.items().size() == 7);
  const auto& rate = describer.items()[0];
  CHECK(rate.field.name == "rate");
  CHECK(rate.type == "real");
  CHECK(rate.default_value->text == "0.5");
  CHECK(rule_text(rate.field.rule) == "must be in [0, 1]");
  CHECK(describer.items()[4].type == "integer");
  CHECK(!describer.items()[4].default_value);
  CHECK(describer.items()[4].field.rule.unset == "the width of the data");
  CHECK(describer.items()[5].type == "list of reals");
}
