// The page of a run: what it holds, that nothing in it can act as code, its size, and how it
// behaves in a browser.
#include <doctest/doctest.h>

#include <cmath>
#include <regex>

#include "support/run_folder.hpp"

using namespace gibbsite::test;

namespace {

const std::string hostile = "</script><script>window.stolen=1</script><img src=x onerror=stolen=1>";

// Cells as they come: sound, failed, not yet run, without numbers.
std::vector<DraftCell> mixed_cells() {
  std::vector<DraftCell> cells;
  for (int k = 0; k < 6; ++k) {
    std::vector<double> energy;
    for (int n = 0; n < 200; ++n) energy.push_back(std::sin(12.9898 * (n + 200 * k)) * 3);
    const std::string name = k % 2 == 0 ? "fast" : "slow";
    cells.push_back(
        {.varying = "sample.sampler: " + name + ", seed: " + std::to_string(k / 2),
         .headline = {{"ais.log_partition", 10 + k * .1}, {"chains.ess_bulk", 100. + k}},
         .scalars = {{"estimates/ais/log_partition", 10 + k * .1}},
         .training = {{"objective", {1, NAN, -INFINITY, 4}}},
         .energy = energy});
  }
  cells.push_back({.varying = "sample.sampler: \"" + hostile + "\", seed: 0",
                   .status = "failed",
                   .error = "no luck: " + hostile});
  cells.push_back({.varying = "sample.sampler: later, seed: 0", .status = ""});
  cells.push_back({.varying = "sample.sampler: infinite, seed: 0",
                   .headline = {{"ais.log_partition", INFINITY}, {"chains.ess_bulk", NAN}},
                   .energy = std::vector<double>(20, INFINITY)});
  return cells;
}

// The report of a folder; nothing where the program was built without the library.
std::string report_of(const RunFolder& run, const std::vector<std::string>& options = {}) {
  std::vector<std::string> words = {"report", run.path().string()};
  words.insert(words.end(), options.begin(), options.end());
  const Ending ending = invoke(words);
  if (ending.code == 2 && ending.err.find("libjs-chart.js") != std::string::npos) {
    skip("the program was built without libjs-chart.js");
    return "";
  }
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  CHECK(ending.out == (run.path() / "report.html").string() + "\n");
  return text_of(run.path() / "report.html");
}

// What stands between the data's tag and the next one.
std::string data_of(const std::string& page) {
  const std::string begin = "<script type=\"application/json\" id=\"data\">";
  const auto at = page.find(begin);
  REQUIRE(at != std::string::npos);
  const auto from = at + begin.size();
  return page.substr(from, page.find("</script>", from) - from);
}

}  // namespace

TEST_CASE("a report holds the table, the failures and numbers that are not finite") {
  const RunFolder run(mixed_cells(), "draft & <b>");
  const std::string page = report_of(run);
  if (page.empty()) return;
  CHECK(page.find("<title>draft &amp; &lt;b></title>") != std::string::npos);
  const std::string data = data_of(page);
  const TemporaryFolder folder;
  const Ending ending = run_program(
      {"/usr/bin/python3", "-c",
       "import json, sys\n"
       "d = json.load(open(sys.argv[1]))\n"
       "assert d['count'] == 9 and d['finished'] == 7, (d['count'], d['finished'])\n"
       "states = sorted(c['state'] for c in d['unfinished'])\n"
       "assert states == ['failed', 'new'], states\n"
       "assert any('no luck: </script>' in c['error'] for c in d['unfinished'])\n"
       "rows = [line.split('\\n') for line in d['lines']]\n"
       "assert len(rows) == 5 and all(len(r) == len(d['head']) for r in rows), rows\n"
       "row = {r[0]: r for r in rows}\n"
       "assert row['fast'][1] == '3' and row['later'][1] == '0 of 1', rows\n"
       "assert 'inf' in row['infinite'] and '-' in row['infinite'], row['infinite']\n"
       "assert set(row['later'][2:]) == {'-'}\n"
       "curve = next(t for t in d['details'][0]['training'] if t['name'] == 'objective')\n"
       "assert curve['y'] == '1 -Infinity 4' and curve['x'] == '0 2 3', curve\n"
       "energy = next(c for c in d['details'] if 'infinite' in c['varying'])['quantities'][0]\n"
       "assert energy['traces'][0].split()[0] == 'Infinity', energy\n"
       "print(len(d['details']))\n",
       folder.write("data.json", data).string()});
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  CHECK(ending.out == "7\n");
}

TEST_CASE("no text of the results can act as a tag") {
  const RunFolder run(mixed_cells());
  const std::string page = report_of(run);
  if (page.empty()) return;
  const std::string data = data_of(page);
  CHECK(data.find("stolen") != std::string::npos);
  CHECK(data.find_first_of("<>&") == std::string::npos);
  CHECK(occurrences(page, "</script>") == 3);
  CHECK(occurrences(page, "onerror=stolen") == occurrences(data, "onerror=stolen"));
}

TEST_CASE("a report needs nothing but itself") {
  const RunFolder run(mixed_cells());
  const std::string page = report_of(run);
  if (page.empty()) return;
  CHECK(
      !std::regex_search(page.substr(0, page.find("<script>")), std::regex("src=|href=|@import")));
  CHECK(page.find("default-src 'none'") != std::string::npos);
}

TEST_CASE("the report of 5000 cells stays small and says what it leaves out" *
          doctest::test_suite("slow")) {
  std::vector<DraftCell> cells;
  for (int k = 0; k < 5000; ++k) {
    std::vector<double> energy(100);
    for (std::size_t n = 0; n < energy.size(); ++n) energy[n] = std::cos(double(n * n + k));
    cells.push_back(
        {.varying = "model.size: " + std::to_string(k / 5) + ", seed: " + std::to_string(k % 5),
         .headline = {{"ais.log_partition", std::sqrt(k)}},
         .energy = k % 5 == 0 ? energy : std::vector<double>()});
  }
  const RunFolder run(cells);
  const std::string page = report_of(run);
  if (page.empty()) return;
  MESSAGE("bytes: ", page.size());
  CHECK(page.size() < 5'000'000);
  CHECK(page.find("24 of 5000 finished cells") != std::string::npos);
}

TEST_CASE("a report behaves in a browser") {
  if (run_program({"/usr/bin/python3", "-c", "import selenium"}).code != 0 ||
      !fs::exists("/usr/bin/chromedriver")) {
    skip("no browser: the packages chromium, chromium-driver and python3-selenium are not there");
    return;
  }
  const RunFolder run(mixed_cells());
  if (report_of(run).empty()) return;
  const Ending ending = run_program({"/usr/bin/python3", GIBBSITE_SOURCE "/tests/browser/report.py",
                                     (run.path() / "report.html").string(), "fast"});
  CAPTURE(ending.err);
  CHECK(ending.code == 0);
  CHECK(occurrences(ending.out, "tooltip: ") == 2);
}

TEST_CASE("a report asks the spec's question and plots what a run has") {
  const TemporaryFolder folder;
  const fs::path spec = folder.write(
      "s.yaml",
      "# Does <script>window.stolen=1</script> matter?\n#\n# Three by three pixels.\n\n"
      "gibbsite: 1\nname: s\ndata: {name: bars_and_stripes, side: 3}\n"
      "model: {name: rbm, hidden: 4}\n"
      "train: {gradient: {name: contrastive_divergence}, batch: 8, updates: 10}\n"
      "sample: {sampler: parallel_tempering, chains: 2, warmup: 5, draws: 50}\n"
      "evaluate: [{name: annealed_importance_sampling, label: ais, temperatures: 10, runs: 20}]\n");
  const std::string out = (folder / "out").string();
  REQUIRE(invoke({"run", spec.string(), "--out", out}).code == 0);
  const std::string file = (folder / "page.html").string();
  const Ending made = invoke({"report", out, "-o", file});
  if (made.err.find("libjs-chart.js") != std::string::npos) return;
  CAPTURE(made.err);
  REQUIRE(made.code == 0);
  const Ending checked = run_program(
      {"/usr/bin/python3", "-c",
       "import json, sys\n"
       "d = json.load(open(sys.argv[1]))\n"
       "lines = d['question'].split('\\n')\n"
       "assert lines[0] == 'Does <script>window.stolen=1</script> matter?', lines\n"
       "assert lines[1:] == ['', 'Three by three pixels.'], lines\n"
       "one = d['details'][0]\n"
       "names = [q['name'] for q in one['quantities']]\n"
       "assert names == ['energy', 'magnetisation', 'flip rate', 'x[0]', 'x[1]'], names\n"
       "for q in one['quantities'][:2]:\n"
       "    assert len(q['traces']) == 2 and len(q['traces'][0].split()) == 50\n"
       "    for part in ('ranks', 'marginals'):\n"
       "        total = sum(float(n) for chain in q[part] for n in chain.split())\n"
       "        assert total == 100, (part, total)\n"
       "    assert all(a.split()[0] == '1' for a in q['autocorrelation'])\n"
       "assert sum(map(float, one['weights'][0]['counts'].split())) == 20\n"
       "rates = [float(r) for r in one['swaps']['rates'].split()]\n"
       "assert rates and all(0 <= r <= 1 for r in rates), rates\n"
       "assert len(one['energies']['levels'].split()) == len(one['energies']['changes'].split())\n"
       "assert {c['name'] for c in one['training']} >= {'energy_gap', 'gradient_norm'}\n"
       "sheets = {i['title']: len(i['levels']) // 18 for i in one['images']}\n"
       "assert sheets == {'samples': 64, 'filters': 4}, sheets\n"
       "assert 'git_commit' in d['provenance'] and 'plugin' in d['provenance']\n",
       folder.write("data.json", data_of(text_of(file))).string()});
  CAPTURE(checked.err);
  CHECK(checked.code == 0);
}

TEST_CASE("report refuses what is no run folder and unknown words") {
  const TemporaryFolder folder;
  const Ending none = invoke({"report", folder.path().string()});
  CHECK(none.code == 2);
  CHECK(occurrences(none.err, "\n") == 1);
  CHECK(invoke({"report"}).code == 2);
  CHECK(invoke({"report", folder.path().string(), "--nonsense"}).code == 2);
}
