// The command compare: a small grid from its run to every format, roundings, and refusals.
#include <doctest/doctest.h>

#include <cmath>
#include <regex>
#include <sstream>

#include "support/run_folder.hpp"

using namespace gibbsite::test;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// What a Python program makes of a text on its standard input.
std::string python(const std::string& script, const std::string& text) {
  const TemporaryFolder folder;
  const fs::path file = folder.write("in", text);
  const Ending ending = run_program(
      {"/usr/bin/python3", "-c",
       "import sys\ntext = open(sys.argv[1], newline='').read()\n" + script, file.string()});
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  return ending.out;
}

Ending compare(const fs::path& folder, std::vector<std::string> options) {
  options.insert(options.begin(), {"compare", folder.string()});
  return invoke(options);
}

// Three seeds with values whose mean is `mean` and whose Student interval is +- `half`.
RunFolder three_seeds(double mean, double half) {
  // t(.975, 2) / sqrt 3 times the standard deviation of (-1, 0, 1) is 2.4841377
  std::vector<DraftCell> cells;
  for (int k = -1; k <= 1; ++k)
    cells.push_back({.varying = "seed: " + std::to_string(k + 2),
                     .scalars = {{"estimates/e/value", mean + k * half / 2.484137712}}});
  return RunFolder(cells);
}

std::string shown(double mean, double half) {
  const RunFolder run = three_seeds(mean, half);
  const auto lines = lines_of(compare(run.path(), {"--metric", "estimates/e/value"}).out);
  REQUIRE(lines.size() >= 2);
  return std::regex_replace(lines[1], std::regex("^ *3 +"), "");
}

}  // namespace

TEST_CASE("numbers are rounded to two digits of their error") {
  CHECK(shown(-18.0718, .1234) == "-18.07 ± 0.12");
  CHECK(shown(4812, 310) == "4810 ± 310");
  CHECK(shown(12345, 9.96) == "12345 ± 10");
  CHECK(shown(.5, .0996) == "0.50 ± 0.10");
  CHECK(shown(3, 25) == "3 ± 25");
  CHECK(shown(1.2345e-6, 1.2e-8) == "1.234e-06 ± 1.2e-08");
  CHECK(shown(1.23456e8, 1.2e6) == "1.235e+08 ± 1.2e+06");
  CHECK(shown(2.5, 0) == "2.5");
}

TEST_CASE("intervals that are not even are shown by their ends") {
  const RunFolder run({{.varying = "seed: 1",
                        .headline = {{"e.a", 61.234567},
                                     {"e.a_low", 61.01},
                                     {"e.a_high", 61.6},
                                     {"e.b", -5.678},
                                     {"e.b_low", -6.1},
                                     {"e.b_high", INFINITY}}}});
  const Ending table = compare(run.path(), {});
  CHECK(occurrences(table.out, "61.23 [61.01, 61.60]") == 1);
  CHECK(occurrences(table.out, "-5.68 [-6.10, inf]") == 1);
}

TEST_CASE("a grid from its run to every format") {
  const TemporaryFolder folder;
  const fs::path spec = folder.write(
      "s.yaml",
      "gibbsite: 1\nname: s\nmodel: {name: gaussian, mean: [0, 1]}\n"
      "sample: {sampler: hmc, chains: 2, warmup: 20, draws: 100}\n"
      "evaluate: [{name: convergence, label: chains}, {name: exact_log_partition, label: exact}]\n"
      "grid: {sample.sampler: [{name: mala, adapt: false}, exact], seed: [1, 2, 3]}\n");
  const fs::path out = folder / "out";
  REQUIRE(invoke({"run", spec.string(), "--out", out.string()}).code == 0);
  const std::vector<std::string> common = {
      "--metric",   "chains.ess_bulk",       "--metric", "chains.ess_bulk/per_second",
      "--metric",   "sample_stats/energy/z", "--metric", "status",
      "--baseline", "sampler=exact",         "--truth",  "sample_stats/energy=1"};
  const auto with = [&](const std::string& format) {
    auto options = common;
    if (!format.empty()) options.push_back(format);
    const Ending ending = compare(out, options);
    CAPTURE(ending.err);
    CHECK(ending.code == 0);
    CHECK(ending.err == "");
    return ending.out;
  };

  const auto table = lines_of(compare(out, {"--metric", "chains.ess_bulk", "--metric", "status",
                                            "--baseline", "sampler=exact"})
                                  .out);
  REQUIRE(table.size() >= 3);
  CHECK(table[0].find("sampler  cells") != std::string::npos);
  CHECK(table[1].find("mala adapt=false") != std::string::npos);
  CHECK(occurrences(table[2], " *") == 1);
  CHECK(occurrences(table[2], "baseline") == 1);
  CHECK(std::regex_search(table[1], std::regex("± [0-9.]+ \\(p [=<] 0\\.[0-9]+\\)")));

  const std::string figures =
      "rows = [[r['sample.sampler'], r['complete'], float(r['chains.ess_bulk']), "
      "float(r['chains.ess_bulk low']), r['chains.ess_bulk mark'], r['status']] for r in rows]\n"
      "print(rows)\n";
  const std::string csv = python(
      "import csv, io\nrows = list(csv.DictReader(io.StringIO(text)))\n" + figures, with("--csv"));
  CHECK(occurrences(csv, "'3'") == 2);
  const std::string json = python(
      "import json\nall = json.loads(text)\nrows = []\n"
      "for r in all['rows']:\n"
      "  ess = r['values']['chains.ess_bulk']\n"
      "  rows.append({'sample.sampler': r['by']['sample.sampler'], 'complete': "
      "str(r['cells']['complete']), 'chains.ess_bulk': ess['mean'], 'chains.ess_bulk low': "
      "ess['low'], 'chains.ess_bulk mark': ess['mark'], 'status': "
      "r['values']['status']['text']})\n" +
          figures,
      with("--json"));
  CHECK(json == csv);

  const std::string latex = with("--latex");
  CHECK(occurrences(latex, "\\toprule") + occurrences(latex, "\\midrule") +
            occurrences(latex, "\\bottomrule") ==
        3);
  CHECK(occurrences(latex, "\\textbf{$") == 2);
  std::size_t rows = 0;
  for (const std::string& line : lines_of(latex))
    if (line.ends_with("\\\\")) {
      CHECK(occurrences(line, " & ") == 7);
      ++rows;
    }
  CHECK(rows == 3);
  CHECK(latex.find("{lrrrrrrr}") != std::string::npos);
  CHECK(occurrences(latex, "±") == 0);

  const auto markdown = lines_of(with("--markdown"));
  REQUIRE(markdown.size() >= 4);
  for (std::size_t k = 0; k < 4; ++k) CHECK(occurrences(markdown[k], "|") == 9);
  CHECK(markdown[1].starts_with("| --- | ---: |"));
  CHECK(occurrences(markdown[3], "**") == 4);
}

TEST_CASE("texts with the signs of a format come through it") {
  const RunFolder run(
      {{.varying = "model: {name: a_b, k: [1, 2]}", .scalars = {{"estimates/e_1/v", 1}}},
       {.varying = "model: {name: 'x\"|&%'}", .scalars = {{"estimates/e_1/v", 2}}}});
  const std::vector<std::string> metric = {"--metric", "estimates/e_1/v"};
  const auto as = [&](const std::string& format) {
    return compare(run.path(), {metric[0], metric[1], format}).out;
  };
  const std::string csv =
      python("import csv, io\nprint([r['model'] for r in csv.DictReader(io.StringIO(text))])",
             as("--csv"));
  CHECK(csv == "['a_b k=[1, 2]', 'x\"|&%']\n");
  CHECK(as("--latex").find("a\\_b k=[1, 2]") != std::string::npos);
  CHECK(as("--latex").find("x\"|\\&\\%") != std::string::npos);
  CHECK(as("--markdown").find("x\"\\|&%") != std::string::npos);
}

TEST_CASE(
    "cells that are not complete are counted, and said outside of the numbers of a CSV file") {
  const RunFolder run({{.varying = "seed: 1", .scalars = {{"estimates/e/value", 1}}},
                       {.varying = "seed: 2", .status = "failed", .error = "it crashed"},
                       {.varying = "seed: 3", .status = ""}});
  const Ending table = compare(run.path(), {"--metric", "estimates/e/value"});
  CHECK(table.code == 0);
  CHECK(table.err == "");
  CHECK(occurrences(table.out, "1 of 3      ") == 1);
  CHECK(occurrences(table.out,
                    "values are those of 1 of 3 cells; the others: failed (1), new (1)") == 1);
  const Ending csv = compare(run.path(), {"--metric", "estimates/e/value", "--csv"});
  CHECK(lines_of(csv.out)[1].starts_with("3,1,1,1,"));
  CHECK(occurrences(csv.out, "it crashed") == 0);
  CHECK(occurrences(csv.err, "it crashed") == 1);
}

TEST_CASE("what cannot be compared is refused with nothing on standard output") {
  const RunFolder run({{.varying = "seed: 1", .scalars = {{"estimates/e/value", 1}}}});
  const std::vector<std::vector<std::string>> wrong = {{"--metric", "estimates/e/valeu"},
                                                       {"--by", "sampler"},
                                                       {"--baseline", "sampler=x"},
                                                       {"--truth", "sampler=x"},
                                                       {"--csv", "--json"},
                                                       {"--only", "seed=2"},
                                                       {"--metric", "estimates/e/value:best"}};
  for (const auto& options : wrong) {
    CAPTURE(options.back());
    const Ending ending = compare(run.path(), options);
    CHECK(ending.code == 2);
    CHECK(ending.out == "");
    CHECK(ending.err.starts_with(options.size() == 2 && options[0] != "--csv" ? options[0]
                                                                              : "compare"));
  }
  CHECK(invoke({"compare"}).code == 2);
  CHECK(compare(run.path() / "nowhere", {}).code == 2);
  const TemporaryFolder folder;
  fs::copy(run.path(), folder / "copy", fs::copy_options::recursive);
  folder.write("copy/cells/cell0/result.h5", "no HDF5");
  const Ending damaged = compare(folder / "copy", {"--metric", "estimates/e/value"});
  CHECK(damaged.code == 3);
  CHECK(occurrences(damaged.err, "result.h5") == 1);
}
