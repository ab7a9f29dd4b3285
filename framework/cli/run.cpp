#include <cstdio>
#include <thread>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/dry_run.hpp"
#include "gibbsite/cli/table.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/json.hpp"
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
      "seconds of work after which a cell has failed (0: never)")(
      "memory", po::value<std::string>(), "bytes that a cell may use, such as 512M or 2G")(
      "retries", po::value<int>()->default_value(0), "further tries of a cell that fails")(
      "if-changed", po::value<std::string>()->default_value(""),
      "what becomes of cells whose spec is the same, but not what computes them: run them anew, "
      "keep "
      "what they have, or refuse to start (default: run where a plugin or data file of the spec "
      "changed, keep where only the program did)")(
      "crash-limit", po::value<int>()->default_value(5),
      "a cell fails after so many programs in a row vanished at it (0: never)")(
      "heartbeat", po::value<double>()->default_value(15),
      "seconds between signs of life; a program on another machine counts as gone after ten")(
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
  options.limits.seconds = (*values)["timeout"].as<double>();
  options.retries = (*values)["retries"].as<int>();
  options.crash_limit = (*values)["crash-limit"].as<int>();
  options.heartbeat = (*values)["heartbeat"].as<double>();
  if (!(options.limits.seconds >= 0) || options.retries < 0 || options.crash_limit < 0)
    throw Error("--timeout, --retries and --crash-limit: must be >= 0");
  if (!(options.heartbeat >= 0.01)) throw Error("--heartbeat: must be >= 0.01");
  if (values->contains("memory"))
    options.limits.memory = bytes_of((*values)["memory"].as<std::string>(), "--memory");
  options.jobs = positive(*values, "jobs", cores);
  const int threads = positive(*values, "threads", 0);

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
  const int at_once = std::min<int>(options.jobs, int(part.cells.size()));
  if (values->contains("dry-run")) {
    print_dry_run(part, standing, {how, options.fresh, values->contains("json"), at_once});
    return 0;
  }
  options.threads = threads > 0 ? threads : std::max(1, cores / at_once);

  settle_changes(options.folder, part, standing, how);
  make_folder(options.folder);
  const Plan whole = freeze_plan(options.folder, how == IfChanged::keep ? part : plan);
  const int code = run_plan(part, options);
  if (whole.cells.size() > part.cells.size()) write_grid_file(options.folder, whole);
  print_table(options.folder, part, values->contains("json"));
  return code;
}

}  // namespace gibbsite
