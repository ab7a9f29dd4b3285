#include <cstdio>
#include <map>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/table.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/run/launcher.hpp"
#include "gibbsite/run/progress.hpp"

namespace gibbsite {

int status_command(const Command& self, const Arguments& arguments) {
  namespace po = boost::program_options;
  po::options_description options("options");
  options.add_options()("json", "as JSON");
  const auto values = parse_arguments(self, arguments, options, 1, 1);
  if (!values) return 0;
  const std::filesystem::path folder = words(*values)[0];
  const Plan plan = read_plan(folder);
  if (values->contains("json")) {
    std::printf("%s\n", to_json(cell_rows(folder, plan)).c_str());
    return 0;
  }
  std::printf("%s", cell_table(folder, plan).text().c_str());
  std::map<std::string, int> counts;
  double spent = 0;
  for (const PlannedCell& cell : plan.cells) {
    const std::string state = cell_state(folder, cell);
    const Outcome outcome = read_status(cell_folder(folder, cell.id));
    ++counts[state];
    if (state == "complete") spent += outcome.seconds;
    if (state != "complete" && !outcome.error.empty())
      std::printf("%s: %s\n", cell.id.c_str(), outcome.error.c_str());
  }
  std::string line;
  for (const auto& [state, count] : counts)
    line += (line.empty() ? "" : ", ") + std::to_string(count) + " " + state;
  const int left =
      int(plan.cells.size()) - counts["complete"] - counts["diverged"] - counts["failed"];
  if (left > 0 && counts["complete"] > 0)
    line += "; about " + duration_text(spent / counts["complete"] * left) + " of work left";
  for (const std::string& launched : launch_lines(folder)) std::printf("%s\n", launched.c_str());
  std::printf("%zu cells: %s\n", plan.cells.size(), line.c_str());
  return 0;
}

}  // namespace gibbsite
