#include <cstdio>
#include <set>
#include <thread>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/dry_run.hpp"
#include "gibbsite/cli/execution.hpp"
#include "gibbsite/cli/table.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/run/pack.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {
namespace {

namespace po = boost::program_options;

po::options_description run_options() {
  po::options_description options("options");
  const auto texts = [] {
    return po::value<std::vector<std::string>>()->default_value({}, "none");
  };
  options.add_options()("out", po::value<std::string>(),
                        "folder of the results (default: results/<name>)")(
      "set", texts(), "path=value: change a value of the spec")(
      "only", texts(), "path=value: run only the cells with this value")(
      "fresh", "throw away what the cells already have")(
      "if-changed", po::value<std::string>()->default_value(""),
      "what becomes of cells whose spec is the same, but not what computes them: run them anew, "
      "keep "
      "what they have, or refuse to start (default: run where a plugin or data file of the spec "
      "changed, keep where only the program did)")(
      "dry-run", "print the cells and why each would run, run none")("json",
                                                                     "the final table as JSON");
  add_execution_options(options);
  add_launch_options(options);
  return options;
}

void print_table(const std::filesystem::path& folder, const Plan& plan, bool json) {
  if (json) {
    std::printf("%s\n", to_json(cell_rows(look_at_cells(folder, plan), plan)).c_str());
    return;
  }
  if (plan.cells.size() > most_rows) {
    std::printf("\n%zu cells: gibbsite status %s\nall cells: %s\n", plan.cells.size(),
                folder.c_str(), (folder / "grid.h5").c_str());
    return;
  }
  TextTable table = cell_table(look_at_cells(folder, plan), plan);
  constexpr std::size_t page = 110, few = 8;
  if (table.width() > page && table.rows.size() <= few) table = table.transposed();
  std::printf("\n%s\nall cells: %s\neach cell: %s\n", table.text().c_str(),
              (folder / "grid.h5").c_str(), (folder / "cells/<cell>/result.h5").c_str());
}

// Starts workers for what is left to do, and follows them.
int run_launched(const Plan& plan, const RunOptions& options, LaunchOptions how) {
  Plan left{plan.name, {}};
  for (const PlannedCell& cell : plan.cells)
    if (const std::string state = cell_state(options.folder, cell);
        state != "complete" && state != "diverged")
      left.cells.push_back(cell);
  if (left.cells.empty()) return run_plan(plan, options);  // which says so
  if (how.workers == 0) how.workers = std::min<int>(4, int(left.cells.size()));
  const Launch launch = start_workers(left, options, how);
  std::fprintf(stderr, "%s: %d workers for %zu cells\n",
               launch.job.empty() ? launch.folder.c_str() : ("Slurm job " + launch.job).c_str(),
               launch.workers, left.cells.size());
  return how.detach ? 0 : follow_workers(left, options, launch);
}

}  // namespace

int run_command(const Command& self, const Arguments& arguments) {
  const auto values = parse_arguments(self, arguments, run_options(), 1, 1);
  if (!values) return 0;
  const int cores = std::max(1, int(std::thread::hardware_concurrency()));
  RunOptions options = execution_options(*values);
  options.fresh = values->contains("fresh");
  LaunchOptions launch = launch_options(*values);
  const IfChanged how = if_changed((*values)["if-changed"].as<std::string>());

  Plan plan = make_plan(words(*values)[0], (*values)["set"].as<std::vector<std::string>>());
  options.folder = values->contains("out")
                       ? std::filesystem::path((*values)["out"].as<std::string>())
                       : std::filesystem::path("results") / plan.name;
  Plan part = plan;
  keep_only(part, (*values)["only"].as<std::vector<std::string>>());
  const bool planned = std::filesystem::exists(options.folder / "plan.yaml");
  const auto standing =
      standing_of(options.folder, part, planned ? read_plan(options.folder) : Plan{});
  const bool local = launch.launcher == "local";
  if (!local && options.fresh)
    throw Error("--fresh: needs --launcher local; workers share what cells have");
  if (options.jobs == 0) options.jobs = local ? cores : 1;
  const int at_once = std::min<int>(options.jobs, int(part.cells.size()));
  if (values->contains("dry-run")) {
    print_dry_run(part, standing, {how, options.fresh, values->contains("json"), at_once});
    return 0;
  }
  if (options.threads == 0) options.threads = local ? std::max(1, cores / at_once) : 1;

  settle_changes(options.folder, part, standing, how);
  if (options.fresh) {
    std::set<std::string> ids;
    for (const PlannedCell& cell : part.cells) ids.insert(cell.id);
    drop_packed(options.folder, ids);
  }
  make_folder(options.folder);
  const Plan whole = freeze_plan(options.folder, how == IfChanged::keep ? part : plan);
  const int code = local ? run_plan(part, options) : run_launched(part, options, launch);
  if (launch.detach) return code;
  if (whole.cells.size() > part.cells.size()) write_grid_file(options.folder, whole);
  print_table(options.folder, part, values->contains("json"));
  return code;
}

}  // namespace gibbsite
