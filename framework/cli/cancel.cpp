#include <cstdio>

#include "gibbsite/cli/launches.hpp"
#include "gibbsite/run/launcher.hpp"

namespace gibbsite {

int cancel_command(const Command& self, const Arguments& arguments) {
  const auto values = parse_arguments(self, arguments,
                                      boost::program_options::options_description("options"), 1, 1);
  if (!values) return 0;
  const std::filesystem::path folder = words(*values)[0];
  const Plan plan = read_plan(folder);
  for (const std::string& line : cancel_launches(folder)) std::printf("%s\n", line.c_str());
  request_cancel(folder);
  int running = 0;
  for (const PlannedCell& cell : plan.cells)
    running += cell_state(folder, cell) == "running" ? 1 : 0;
  if (running == 0)
    std::printf("no cell is at work\n");
  else
    std::printf("%d cell%s at work; %s at the next checkpoint\n", running,
                running == 1 ? " is" : "s are", running == 1 ? "it stops" : "they stop");
  return 0;
}

}  // namespace gibbsite
