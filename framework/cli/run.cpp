#include <cstdio>
#include <thread>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/table.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/grid.hpp"
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
      "jobs", po::value<int>(), "cells at once (default: the number of cores)")(
      "threads", po::value<int>(), "threads per cell (default: cores / jobs)")(
      "set", texts(), "path=value: change a value of the spec")(
      "only", texts(), "path=value: run only the cells with this value")(
      "fresh", "throw away what the cells already have")("fail-fast",
                                                         "start nothing more after a failure")(
      "timeout", po::value<double>()->default_value(0),
      "seconds after which a cell is killed (0: never)")(
      "retries", po::value<int>()->default_value(0), "further tries of a cell that fails")(
      "dry-run", "print the cells and why each would run, run none")("json",
                                                                     "the final table as JSON");
  return options;
}

int positive(const po::variables_map& values, const char* name, int otherwise) {
  if (!values.contains(name)) return otherwise;
  const int value = values[name].as<int>();
  if (value < 1)
    throw Error(std::string("--") + name + ": must be >= 1, got " + std::to_string(value));
  return value;
}

void keep_only(Plan& plan, const std::vector<std::string>& filters) {
  for (const std::string& filter : filters) {
    const auto equals = filter.find('=');
    if (equals == std::string::npos)
      throw Error("--only: must be path=value, got '" + filter + "'");
    const std::string wanted = to_flow(parse_yaml(filter.substr(equals + 1), "--only")),
                      path = filter.substr(0, equals);
    std::erase_if(plan.cells, [&](const PlannedCell& cell) {
      for (const auto& [varying, value] : cell.varying)
        if (varying == path) return to_flow(value) != wanted && value_text(value) != wanted;
      const Node* fixed = find_path(cell.spec, path);
      return fixed == nullptr || to_flow(*fixed) != wanted;
    });
    if (plan.cells.empty()) throw Error("--only: no cell has " + filter);
  }
}

const char* reason(const std::string& state, bool fresh) {
  if (fresh) return "would run: --fresh";
  if (state == "complete") return "done";
  if (state == "diverged") return "done: diverged (see --fresh)";
  if (state == "failed") return "would run: failed before";
  if (state == "interrupted") return "would resume: interrupted";
  return state == "running" ? "is running elsewhere" : "would run: new";
}

int dry_run(const std::filesystem::path& folder, const Plan& plan, bool fresh) {
  TextTable table{{"cell", "what varies", "why"}, {}};
  for (const PlannedCell& cell : plan.cells)
    table.rows.push_back({cell.id, varying_text(cell), reason(cell_state(folder, cell), fresh)});
  std::printf("%s", table.text().c_str());
  return 0;
}

void print_table(const std::filesystem::path& folder, const Plan& plan, bool json) {
  if (json) {
    std::printf("%s\n", to_json(cell_rows(folder, plan)).c_str());
    return;
  }
  TextTable table = cell_table(folder, plan);
  constexpr std::size_t page = 110, few = 8;
  if (table.width() > page && table.rows.size() <= few) table = table.transposed();
  std::printf("\n%s\nall cells: %s\neach cell: %s\n", table.text().c_str(),
              (folder / "grid.h5").c_str(), (folder / "cells/<cell>/result.h5").c_str());
}

}  // namespace

int run_command(const Command& self, const Arguments& arguments) {
  const auto values = parse_arguments(self, arguments, run_options(), 1, 1);
  if (!values) return 0;
  const int cores = std::max(1, int(std::thread::hardware_concurrency()));
  RunOptions options;
  options.fresh = values->contains("fresh");
  options.fail_fast = values->contains("fail-fast");
  options.timeout = (*values)["timeout"].as<double>();
  options.retries = (*values)["retries"].as<int>();
  if (options.timeout < 0 || options.retries < 0)
    throw Error("--timeout and --retries: must be >= 0");
  options.jobs = positive(*values, "jobs", cores);
  const int threads = positive(*values, "threads", 0);

  Plan plan = make_plan(words(*values)[0], (*values)["set"].as<std::vector<std::string>>());
  keep_only(plan, (*values)["only"].as<std::vector<std::string>>());
  options.folder = values->contains("out")
                       ? std::filesystem::path((*values)["out"].as<std::string>())
                       : std::filesystem::path("results") / plan.name;
  if (values->contains("dry-run")) return dry_run(options.folder, plan, options.fresh);
  const int at_once = std::min<int>(options.jobs, int(plan.cells.size()));
  options.threads = threads > 0 ? threads : std::max(1, cores / at_once);

  make_folder(options.folder);
  freeze_plan(options.folder, plan);
  const int code = run_plan(plan, options);
  print_table(options.folder, plan, values->contains("json"));
  return code;
}

}  // namespace gibbsite
