#include "gibbsite/cli/dry_run.hpp"

#include <algorithm>
#include <cstdio>

#include "gibbsite/cli/table.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/run/progress.hpp"

namespace gibbsite {
namespace {

Node row(const PlannedCell& cell, const Standing& standing, const DryRun& options) {
  Node node = Node::map(), varying = Node::map();
  for (const auto& [path, value] : cell.varying) varying[path] = value;
  node["cell"] = Node::scalar(cell.id, true);
  node["varying"] = varying;
  node["status"] = Node::scalar(standing.state, true);
  node["would_run"] = Node::of(would_run(standing, options.how, options.fresh));
  node["why"] = Node::scalar(why(standing, options.how, options.fresh), true);
  return node;
}

}  // namespace

void print_dry_run(const Plan& plan, const std::vector<Standing>& standing, const DryRun& options) {
  if (options.json) {
    Node rows = Node::list({});
    for (std::size_t k = 0; k < plan.cells.size(); ++k)
      rows.items.push_back(row(plan.cells[k], standing[k], options));
    std::printf("%s\n", to_json(rows).c_str());
    return;
  }
  TextTable table{{"cell", "what varies", "why"}, {}};
  int would = 0, ran = 0;
  for (std::size_t k = 0; k < plan.cells.size(); ++k) {
    table.rows.push_back({plan.cells[k].id, varying_text(plan.cells[k]),
                          why(standing[k], options.how, options.fresh)});
    would += would_run(standing[k], options.how, options.fresh) ? 1 : 0;
    ran += standing[k].state == "complete" ? 1 : 0;
  }
  std::string line = std::to_string(plan.cells.size()) + " cells: " + std::to_string(would) +
                     " would run, " + std::to_string(int(plan.cells.size()) - would) + " would not";
  const double work = estimated_seconds(plan, standing, options.how, options.fresh);
  const int at_once = std::clamp(would, 1, options.jobs);
  if (would > 0 && work >= 0)
    line += "; about " + duration_text(work / at_once) + " with " + std::to_string(at_once) +
            " at once, by the " + std::to_string(ran) + " that have run";
  std::printf("%s%s\n", table.text().c_str(), line.c_str());
}

}  // namespace gibbsite
