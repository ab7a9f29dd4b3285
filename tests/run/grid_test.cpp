// From one spec to the cells of its grid.
#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/io/yaml.hpp>
#include <gibbsite/run/grid.hpp>
#include <set>

#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// "a=1 b=x" per cell.
std::vector<std::string> cells(const std::string& yaml) {
  Faults faults;
  std::vector<std::string> out;
  for (const GridCell& cell : expand_grid(parse_yaml(yaml, "s.yaml"), faults)) {
    std::string text;
    for (const auto& [path, value] : cell.varying)
      text += (text.empty() ? "" : " ") + path + "=" + to_flow(value);
    out.push_back(text);
  }
  for (const std::string& line : faults.lines()) out.push_back("! " + line);
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a spec without a grid is one cell") { CHECK(cells("a: 1") == Texts{""}); }

TEST_CASE("the product is in file order, the first path slowest") {
  CHECK(cells("grid: {b: [1, 2], a.c: [x, y, z]}") ==
        Texts{"b=1 a.c=x", "b=1 a.c=y", "b=1 a.c=z", "b=2 a.c=x", "b=2 a.c=y", "b=2 a.c=z"});
}

TEST_CASE("ranges have both ends, keep integers and do not drift") {
  CHECK(cells("grid: {a: {from: 1, to: 3}}") == Texts{"a=1", "a=2", "a=3"});
  CHECK(cells("grid: {a: {from: 10, to: 1, step: -4}}") == Texts{"a=10", "a=6", "a=2"});
  CHECK(cells("grid: {a: {from: 0, to: 1, step: 0.5}}") == Texts{"a=0", "a=0.5", "a=1"});
  CHECK(cells("grid: {a: {from: 0, to: 1, step: 0.1}}").size() == 11);
  CHECK(cells("grid: {a: {from: 0.1, to: 0.3, step: 0.1}}").size() == 3);
  CHECK(cells("grid: {a: {from: 5, to: 5}}") == Texts{"a=5"});
  for (const char* bad :
       {"{from: 3, to: 1}", "{from: 1, to: 3, step: 0}", "{from: 1, to: 3, step: -1}",
        "{from: x, to: 3}", "{from: 1}", "{from: 0, to: 1e300}"}) {
    const Texts got = cells(std::string("grid: {a: ") + bad + "}");
    CAPTURE(bad);
    REQUIRE(got.size() == 1);
    CHECK(got[0].starts_with("! s.yaml:1:11: grid.a: "));
  }
}

TEST_CASE("an integer range beyond 2^53 keeps every digit") {
  CHECK(cells("grid: {seed: {from: 9007199254740993, to: 9007199254740994}}") ==
        Texts{"seed=9007199254740993", "seed=9007199254740994"});
}

TEST_CASE("log ranges are even in the logarithm and end as written") {
  CHECK(cells("grid: {a: {log: [0.001, 10], count: 5}}").front() == "a=0.001");
  CHECK(cells("grid: {a: {log: [0.001, 10], count: 5}}").back() == "a=10");
  Faults faults;
  const auto all = expand_grid(parse_yaml("grid: {a: {log: [1e-4, 1e-1], count: 4}}", "s"), faults);
  REQUIRE(all.size() == 4);
  for (std::size_t k = 0; k < 4; ++k)
    CHECK(*all[k].varying[0].second.as_real() == doctest::Approx(std::pow(10, double(k) - 4)));
  for (const char* bad : {"{log: [0, 1], count: 3}", "{log: [1], count: 3}",
                          "{log: [1, 2], count: 0}", "{log: [1, 2]}", "{log: 3, count: 3}"})
    CHECK(cells(std::string("grid: {a: ") + bad + "}")[0].starts_with(
        "! s.yaml:1:11: grid.a: a log range needs"));
}

TEST_CASE("zipped paths vary together, named zips are axes of their own") {
  CHECK(cells("grid: {zip: {a: [1, 2], b: [x, y]}, c: [5, 6]}") ==
        Texts{"a=1 b=x c=5", "a=1 b=x c=6", "a=2 b=y c=5", "a=2 b=y c=6"});
  CHECK(
      cells("grid: {zip: {one: {a: [1, 2], b: [3, 4]}, two: {c: [5, 6], d: {from: 7, to: 8}}}}") ==
      Texts{"a=1 b=3 c=5 d=7", "a=1 b=3 c=6 d=8", "a=2 b=4 c=5 d=7", "a=2 b=4 c=6 d=8"});
  CHECK(cells("grid: {zip: {a: {from: 1, to: 2}, b: {from: 3, to: 4}}}") ==
        Texts{"a=1 b=3", "a=2 b=4"});
  CHECK(cells("grid: {zip: {a: [1, 2], b: [3]}}")[0] ==
        "! s.yaml:1:25: grid.zip.b: paths of a zip need equally many values, got 1 and 2");
}

TEST_CASE("whole nodes may vary, and are put in place of what was there") {
  Faults faults;
  const auto all = expand_grid(
      parse_yaml(
          "sample: {sampler: {name: a, x: 1}, draws: 3}\ngrid: {sample.sampler: [{name: b}, c]}",
          "s"),
      faults);
  REQUIRE(all.size() == 2);
  CHECK(to_flow(all[0].spec) == "{sample: {sampler: {name: b}, draws: 3}}");
  CHECK(to_flow(all[1].spec) == "{sample: {sampler: c, draws: 3}}");
}

TEST_CASE("random searches repeat with their seed and keep to their ranges") {
  const std::string text =
      "grid: {random: {count: 200, seed: SEED, a: {uniform: [2, 3]}, b: {log_uniform: [1e-4, 1]}, "
      "c: {integer: [-1, 1]}, d: {choice: [x, y]}}}";
  const auto with_seed = [&](const std::string& seed) {
    std::string own = text;
    return own.replace(own.find("SEED"), 4, seed);
  };
  CHECK(cells(with_seed("1")) == cells(with_seed("1")));
  CHECK(cells(with_seed("1")) != cells(with_seed("2")));
  Faults faults;
  std::set<std::string> whole, words;
  int small = 0;
  for (const GridCell& cell : expand_grid(parse_yaml(with_seed("1"), "s"), faults)) {
    const double a = *cell.varying[0].second.as_real(), b = *cell.varying[1].second.as_real();
    CHECK((a >= 2 && a <= 3 && b >= 1e-4 && b <= 1));
    small += b < 1e-2 ? 1 : 0;
    whole.insert(cell.varying[2].second.text);
    words.insert(cell.varying[3].second.text);
  }
  CHECK(std::abs(small - 100) < 36);  // 5 standard deviations
  CHECK(whole == std::set<std::string>{"-1", "0", "1"});
  CHECK(words == std::set<std::string>{"x", "y"});
  for (const char* bad : {"count: 3, a: {normal: [0, 1]}", "count: 3, a: {uniform: [2, 1]}",
                          "count: 3, a: {log_uniform: [0, 1]}", "count: 3, a: {choice: []}",
                          "a: {uniform: [0, 1]}", "count: 0", "count: 3, seed: -1"}) {
    CAPTURE(bad);
    CHECK(cells(std::string("grid: {random: {") + bad + "}}").back().starts_with("! s.yaml:1:"));
  }
}

TEST_CASE("another random path does not change the values of the first") {
  const Texts alone = cells("grid: {random: {count: 5, a: {uniform: [0, 1]}}}");
  const Texts both =
      cells("grid: {random: {count: 5, b: {uniform: [0, 1]}, a: {uniform: [0, 1]}}}");
  for (std::size_t k = 0; k < 5; ++k) CHECK(both[k].ends_with(" " + alone[k]));
}

TEST_CASE("excluded combinations are left out, misspelt ones reported") {
  CHECK(cells("grid: {a: [1, 2], b: [x, y], exclude: [{a: 1, b: y}, {a: 2, b: x}]}") ==
        Texts{"a=1 b=x", "a=2 b=y"});
  CHECK(cells("grid: {a: [1, 2], exclude: [{a: 1}, {a: 2}]}").empty());
  CHECK(cells("grid: {train.steps: [1, 2], exclude: [{train.stpes: 1}]}")[0] ==
        "! s.yaml:1:40: grid.exclude: 'train.stpes' does not vary (did you mean 'train.steps'; "
        "known: train.steps)");
  CHECK(cells("grid: {a: [1, 2], exclude: 3}")[0] ==
        "! s.yaml:1:28: grid.exclude: must be a list of maps, got 3");
}

TEST_CASE("a grid that is no map, an axis that is no list and an empty axis are reported") {
  CHECK(cells("grid: [1]")[0] == "! s.yaml:1:7: grid: must be a map of paths, got a list of 1");
  CHECK(cells("grid: {a: 3}")[0].starts_with("! s.yaml:1:11: grid.a: must be a list of values"));
  CHECK(cells("grid: {a: []}")[0].starts_with("! s.yaml:1:11: grid.a: must be a list of values"));
  CHECK(cells("grid: {zip: 3}") == Texts{"! s.yaml:1:13: grid.zip: must be a map of paths, got 3"});
  CHECK(cells("grid: {random: 3}") ==
        Texts{"! s.yaml:1:16: grid.random.count: must be an integer in [1, 1000000]"});
}

TEST_CASE("ten axes of ten thousand values are refused before a cell is made") {
  std::string text = "grid:\n";
  for (int k = 0; k < 10; ++k) text += "  a" + std::to_string(k) + ": {from: 1, to: 10000}\n";
  const Texts got = cells(text);
  REQUIRE(got.size() == 1);
  CHECK(got[0].starts_with("! s.yaml:2:3: grid: makes "));
  CHECK(got[0].ends_with(" cells; at most 1000000 are allowed"));
}

TEST_CASE("paths reach into lists by number, label or name, and into plugins given by name") {
  const auto set = [](const std::string& yaml, const std::string& setting) {
    Node spec = parse_yaml(yaml, "s");
    Faults faults;
    apply_setting(spec, setting, faults);
    return faults.empty() ? to_flow(spec) : join(faults.lines(), "\n");
  };
  CHECK(set("a: 1", "a=2") == "{a: 2}");
  CHECK(set("a: 1", "b.c.d=[1, x]") == "{a: 1, b: {c: {d: [1, x]}}}");
  CHECK(set("e: [{name: x}, {name: z, label: l}]", "e.x.k=1") ==
        "{e: [{name: x, k: 1}, {name: z, label: l}]}");
  CHECK(set("e: [{name: x}, {name: y, label: l}]", "e.l.k=1") ==
        "{e: [{name: x}, {name: y, label: l, k: 1}]}");
  CHECK(set("e: [{name: x}]", "e.0.k=1") == "{e: [{name: x, k: 1}]}");
  CHECK(set("e: [x, z]", "e.z.k=1") == "{e: [x, {name: z, k: 1}]}");
  CHECK(set("m: rbm", "m.hidden=3") == "{m: {name: rbm, hidden: 3}}");
  CHECK(occurrences(set("e: [{name: x}]", "e.1.k=1"),
                    "e.1.k: the list has no entry '1' (number, label or name)") == 1);
  CHECK(set("a: 1", "a") == "--set: must be path=value, got 'a'");
  CHECK(set("a: 1", "=3") == "--set: must be path=value, got '=3'");
  CHECK(occurrences(set("a: 1", "a=[1"), "--set: a: ") == 1);
  CHECK(occurrences(set("a: 1", "a..b=1"), "is no dotted path") == 1);
  CHECK(set("a: 1", "a=") != "");
}

TEST_CASE("exclusion goes by value, not by spelling") {
  CHECK(cells("grid: {a: [0.1, 0.2], exclude: [{a: 1e-1}]}") == Texts{"a=0.2"});
  CHECK(cells("grid: {a: {from: 0.1, to: 0.3, step: 0.1}, exclude: [{a: 0.1}]}").size() == 2);
  CHECK(cells("grid: {seed: {from: 9007199254740992, to: 9007199254740993}, exclude: [{seed: "
              "9007199254740993}]}") == Texts{"seed=9007199254740992"});
  CHECK(cells("grid: {s: [{name: x, k: 1, j: 2}, {name: x}, y], exclude: [{s: {j: 2, k: 1, name: "
              "x}}, {s: {name: y}}]}") == Texts{"s={name: x}"});
  CHECK(cells("grid: {s: [{name: x, k: 1}, {name: x}], exclude: [{s: x}]}") ==
        Texts{"s={name: x, k: 1}"});
  CHECK(cells("grid: {a: [[1, 2], [1, 3]], exclude: [{a: [1.0, 2]}]}") == Texts{"a=[1, 3]"});
}

TEST_CASE("single cells join the product, at the end and whatever is excluded") {
  CHECK(cells("grid: {a: [1, 2], b: [x, y], exclude: [{b: y}], include: [{a: 9, b: y}, {c: 3}]}") ==
        Texts{"a=1 b=x", "a=2 b=x", "a=9 b=y", "c=3"});
  Faults faults;
  const auto all = expand_grid(
      parse_yaml("a: 0\nm: rbm\ngrid: {a: [1], include: [{m.hidden: 3}, {a: 2, m: {name: x}}]}",
                 "s"),
      faults);
  REQUIRE(all.size() == 3);
  CHECK(to_flow(all[1].spec) == "{a: 0, m: {name: rbm, hidden: 3}}");
  CHECK(to_flow(all[2].spec) == "{a: 2, m: {name: x}}");
  CHECK(cells("grid: {include: [{a: 1}, {a: 5, b: 2}]}") == Texts{"a=1", "a=5 b=2"});
}

TEST_CASE("what is wrong with single cells is reported at its place") {
  CHECK(cells("grid: {a: [1], include: 3}") ==
        Texts{"! s.yaml:1:25: grid.include: must be a list of maps, got 3"});
  CHECK(cells("grid: {a: [1], include: [3, {}]}") ==
        Texts{"! s.yaml:1:26: grid.include: must be a map of paths, got 3",
              "! s.yaml:1:29: grid.include: must be a map of paths, got an empty one"});
  CHECK(cells("grid: {a: [1], exclude: [{}]}") ==
        Texts{"! s.yaml:1:26: grid.exclude: must be a map of paths, got an empty one"});
  CHECK(cells("e: [x]\ngrid: {include: [{e.7.k: 1}]}").back() ==
        "! s.yaml:2:26: e.7.k: the list has no entry '7' (number, label or name)");
}

TEST_CASE(
    "a node that would undo what is set inside it before is refused, the other order is not") {
  CHECK(cells("m: {name: x}\ngrid: {zip: {m.k: [1, 2]}, m: [{name: y}]}") ==
        Texts{"! s.yaml:2:32: grid: 'm' would replace what 'm.k' sets: it must come first"});
  CHECK(cells("grid: {a: [1], include: [{m.k: 1, m: {name: y}}]}").back() ==
        "! s.yaml:1:38: grid.include: 'm' would replace what 'm.k' sets: it must come first");
  CHECK(cells("m: {name: x}\ngrid: {m: [{name: y}], m.k: [1], mk: [2], m.kk: [3]}") ==
        Texts{"m={name: y} m.k=1 mk=2 m.kk=3"});
}

TEST_CASE("a path that varies twice and a misspelt key of a range are reported") {
  CHECK(cells("grid: {a: [1, 2], zip: {a: [3, 4], b: [5, 6]}}") ==
        Texts{"! s.yaml:1:29: grid: 'a' varies twice"});
  CHECK(cells("grid: {random: {count: 2, a: {uniform: [0, 1]}}, a: [1]}") ==
        Texts{"! s.yaml:1:54: grid: 'a' varies twice"});
  CHECK(cells("grid: {a: {from: 1, to: 3, stp: 2}}") ==
        Texts{"! s.yaml:1:28: grid.a.stp: unknown key of a range (did you mean 'step'; known: "
              "from, to, step)"});
  CHECK(cells("grid: {zip: {a: {log: [1, 10], count: 2, base: 3}, b: [1, 2]}}") ==
        Texts{"! s.yaml:1:42: grid.zip.a.base: unknown key of a range (known: log, count)"});
}

TEST_CASE("settings reach the axes of a grid, whose paths have dots") {
  const auto set = [](const std::string& yaml, const std::vector<std::string>& settings) {
    Node spec = parse_yaml(yaml, "s");
    Faults faults;
    for (const auto& setting : settings) apply_setting(spec, setting, faults);
    return faults.empty() ? to_flow(spec) : join(faults.lines(), "\n");
  };
  CHECK(set("grid: {m.h: [1, 2], seed: [1]}", {"grid.m.h=[3]"}) == "{grid: {m.h: [3], seed: [1]}}");
  CHECK(set("a: 1", {"grid.m.h={from: 1, to: 3}"}) == "{a: 1, grid: {m.h: {from: 1, to: 3}}}");
  CHECK(set("grid: {zip: {a.b: [1], c: [2]}}", {"grid.zip.a.b=[7]"}) ==
        "{grid: {zip: {a.b: [7], c: [2]}}}");
  CHECK(set("grid: {zip: {one: {a.b: [1]}, two: {c: [2]}}}", {"grid.zip.one.a.b=[7]"}) ==
        "{grid: {zip: {one: {a.b: [7]}, two: {c: [2]}}}}");
  CHECK(set("grid: {random: {count: 2, a.b: {uniform: [0, 1]}}}",
            {"grid.random.count=5", "grid.random.a.b={uniform: [1, 2]}"}) ==
        "{grid: {random: {count: 5, a.b: {uniform: [1, 2]}}}}");
  CHECK(set("grid: {a: [1]}", {"grid.exclude=[{a: 1}]", "grid.include=[{a: 3}]"}) ==
        "{grid: {a: [1], exclude: [{a: 1}], include: [{a: 3}]}}");
  CHECK(set("grid: {a: [1]}", {"grid={b: [2]}"}) == "{grid: {b: [2]}}");
  CHECK(set("grid: 3", {"grid.a=[1]"}) == "s:1:7: grid: must be a map of paths, got 3");
}
