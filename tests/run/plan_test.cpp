// The frozen plan of a run folder.
#include <doctest/doctest.h>

#include <gibbsite/core/error.hpp>
#include <gibbsite/io/yaml.hpp>
#include <gibbsite/run/cell_table.hpp>
#include <gibbsite/run/plan.hpp>
#include <gibbsite/run/schedule.hpp>

#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

PlannedCell cell(const std::string& id, const std::string& varying, const std::string& spec) {
  PlannedCell made{.id = id, .spec = parse_yaml(spec, "s"), .varying = {}};
  for (const auto& entry : parse_yaml(varying, "v").entries)
    made.varying.emplace_back(entry.key, entry.value);
  return made;
}

std::string text_of_plan(const Plan& plan) {
  std::string text = plan.name + "\n";
  for (const PlannedCell& one : plan.cells)
    text += one.id + " " + varying_text(one) + " " + to_flow(one.spec.node()) + " " +
            one.precision() + "\n";
  return text;
}

const Plan odd{"odd",
               {cell("0123456789ab", "{}", "{name: x, precision: single}"),
                cell("1e5", "{a.b: \"1, 2\", c: {name: x, spec: {y: 1}}}",
                     "{description: \"x}, spec: {precision: single\", d: [1, {e: ~}]}"),
                cell("999999999999", "{k: \"}, spec: {\", l: \"\\n\"}", "{a: \"\"}")},
               {}};

}  // namespace

TEST_CASE("a plan is read as it was frozen, and as the YAML library reads it") {
  const TemporaryFolder folder;
  freeze_plan(folder.path(), odd);
  CHECK(text_of_plan(read_plan(folder.path())) == text_of_plan(odd));
  CHECK(odd.cells[0].precision() == "single");
  CHECK(odd.cells[1].precision() == "double");
  const Node node = parse_yaml(text_of(folder / "plan.yaml"), "plan.yaml");
  REQUIRE(node.find("cells")->items.size() == 3);
  CHECK(node.find("cells")->items[1].find("id")->text == "1e5");
  // A plan in another style of YAML, as earlier versions and people write it.
  folder.write("plan.yaml", to_yaml(node));
  CHECK(text_of_plan(read_plan(folder.path())) == text_of_plan(odd));
  CHECK_THROWS_AS(read_plan(folder / "none"), Error);
}

TEST_CASE("freezing joins plans, and writes nothing where nothing is new") {
  const TemporaryFolder folder;
  freeze_plan(folder.path(), odd);
  const auto written = fs::last_write_time(folder / "plan.yaml");
  CHECK(freeze_plan(folder.path(), odd).cells.size() == 3);
  CHECK(fs::last_write_time(folder / "plan.yaml") == written);
  const Plan more{"other", {cell("aaa", "{z: 1}", "{q: 2}"), odd.cells[0]}, {}};
  const Plan whole = freeze_plan(folder.path(), more);
  REQUIRE(whole.cells.size() == 4);
  CHECK(whole.cells[3].id == "aaa");
  CHECK(text_of_plan(read_plan(folder.path())) == text_of_plan(whole));
}

TEST_CASE("long plans look at the grid file, and at cells that are newer than it") {
  const TemporaryFolder folder;
  Plan plan{"long", {}, {}};
  for (int k = 0; k < 2500; ++k) plan.cells.push_back(cell("c" + std::to_string(k), "{}", "{}"));
  const auto finish = [&](int k, double seconds) {
    const std::string place = "cells/c" + std::to_string(k);
    folder.write(place + "/status.yaml", "status: complete\nseconds: " + std::to_string(seconds) +
                                             "\nheadline:\n  m: " + std::to_string(k) + "\n");
    folder.write(place + "/result.h5", "x");
  };
  for (int k = 0; k < 5; ++k) finish(k, 1);
  write_grid_file(folder.path(), plan);
  const auto later = fs::file_time_type::clock::now() + std::chrono::seconds(5);
  finish(3, 7);
  fs::last_write_time(folder / "cells/c3/result.h5", later);
  finish(6, 8);
  fs::last_write_time(folder / "cells/c6/result.h5", later);
  folder.write("cells/c0/status.yaml", "garbage");  // older than the grid file: not looked at
  fs::remove(folder / "cells/c1/result.h5");
  folder.write("cells/c7/status.yaml", "status: failed\nerror: why\nseconds: 1\nheadline: {}\n");
  const auto rows = look_at_cells(folder.path(), plan);
  REQUIRE(rows.size() == 2500);
  CHECK(rows[0].state == "complete");
  CHECK(rows[0].outcome.headline == std::vector<std::pair<std::string, double>>{{"m", 0.}});
  CHECK(rows[1].state != "complete");
  CHECK(rows[2].outcome.seconds == 1);
  CHECK(rows[3].outcome.seconds == 7);
  CHECK(rows[6].outcome.seconds == 8);
  CHECK(rows[7].state == "failed");
  CHECK(rows[7].outcome.error == "why");
  CHECK(rows[8].state == "new");
  folder.write("grid.h5", "no HDF5");
  folder.write("cells/c0/status.yaml", "status: complete\nseconds: 9\nheadline: {}\n");
  CHECK(look_at_cells(folder.path(), plan)[0].outcome.seconds == 9);
}
