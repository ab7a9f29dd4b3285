#include <cstdio>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/run/plan.hpp"

namespace gibbsite {

int check_command(const Command& self, const Arguments& arguments) {
  namespace po = boost::program_options;
  po::options_description options("options");
  options.add_options()("set", po::value<std::vector<std::string>>()->default_value({}, "none"),
                        "path=value: change a value of the spec")("json",
                                                                  "the resolved cells as JSON");
  const auto values = parse_arguments(self, arguments, options, 1, 1);
  if (!values) return 0;
  const Plan plan = make_plan(words(*values)[0], (*values)["set"].as<std::vector<std::string>>());
  if (values->contains("json")) {
    std::vector<Node> cells;
    for (const PlannedCell& cell : plan.cells) {
      Node node = Node::map();
      node["id"] = Node::scalar(cell.id, true);
      node["spec"] = cell.spec;
      cells.push_back(std::move(node));
    }
    std::printf("%s\n", to_json(Node::list(std::move(cells))).c_str());
    return 0;
  }
  for (const PlannedCell& cell : plan.cells)
    std::printf("%s %s\n", cell.id.c_str(), varying_text(cell).c_str());
  std::printf("%zu cell%s, all well\n", plan.cells.size(), plan.cells.size() == 1 ? "" : "s");
  return 0;
}

}  // namespace gibbsite
