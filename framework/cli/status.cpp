#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <map>
#include <thread>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/table.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/run/launcher.hpp"
#include "gibbsite/run/live_lines.hpp"
#include "gibbsite/run/progress.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// How many cells are in each state, and how long the rest may take.
struct Summary {
  std::map<std::string, int> counts;
  double spent = 0;  // seconds of the complete cells

  explicit Summary(const std::vector<CellRow>& rows) {
    for (const CellRow& row : rows) {
      ++counts[row.state];
      if (row.state == "complete") spent += row.outcome.seconds;
    }
  }
  int of(const char* state) const {
    const auto found = counts.find(state);
    return found == counts.end() ? 0 : found->second;
  }
  int left(std::size_t cells) const {
    return int(cells) - of("complete") - of("diverged") - of("failed");
  }
  std::string text(std::size_t cells) const {
    std::string line = std::to_string(cells) + " cells: ";
    for (const auto& [state, count] : counts)
      line += (line.back() == ' ' ? "" : ", ") + std::to_string(count) + " " + state;
    if (left(cells) > 0 && of("complete") > 0)
      line += "; about " + duration_text(spent / of("complete") * left(cells)) + " of work left";
    return line;
  }
};

// The cells that a person looks at first: those that failed, with the reason.
std::vector<std::string> error_lines(const Plan& plan, const std::vector<CellRow>& rows) {
  std::vector<std::string> lines;
  for (std::size_t k = 0; k < rows.size(); ++k)
    if (rows[k].state != "complete" && !rows[k].outcome.error.empty())
      lines.push_back(plan.cells[k].id + ": " + rows[k].outcome.error);
  return lines;
}

void print_once(const fs::path& folder, const Plan& plan, bool all) {
  const auto rows = look_at_cells(folder, plan);
  if (all || plan.cells.size() <= most_rows)
    std::printf("%s", cell_table(rows, plan).text().c_str());
  for (const std::string& line : error_lines(plan, rows)) std::printf("%s\n", line.c_str());
  for (const std::string& line : launch_lines(folder)) std::printf("%s\n", line.c_str());
  std::printf("%s\n", Summary(rows).text(plan.cells.size()).c_str());
  if (!all && plan.cells.size() > most_rows) std::printf("(every row: --all or --json)\n");
}

volatile std::sig_atomic_t stopped = 0;
void on_stop(int) { stopped = 1; }

// Running cells, the last failures and the sum, until nothing is left to do; where nobody looks at
// a terminal, a line for each change of the sum.
int watch(const fs::path& folder, double every) {
  constexpr std::size_t most_failures = 5;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, on_stop);
  LiveLines lines(STDOUT_FILENO);
  std::string last;
  while (stopped == 0) {
    const Plan plan = read_plan(folder);
    const auto rows = look_at_cells(folder, plan);
    const Summary summary(rows);
    const std::string text = summary.text(plan.cells.size());
    std::vector<std::string> shown = error_lines(plan, rows);
    if (shown.size() > most_failures)
      shown.erase(shown.begin(), shown.end() - std::ptrdiff_t(most_failures));
    for (std::size_t k = 0; k < rows.size(); ++k)
      if (rows[k].state == "running")
        shown.push_back("  " + plan.cells[k].id + " " + varying_text(plan.cells[k]) + "  running");
    shown.push_back(text);
    if (lines.on_terminal())
      lines.draw(shown);
    else if (text != last)
      lines.say(text + "\n");
    last = text;
    if (summary.left(plan.cells.size()) == 0) return 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(every);
    while (stopped == 0 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return 130;
}

}  // namespace

int status_command(const Command& self, const Arguments& arguments) {
  namespace po = boost::program_options;
  po::options_description options("options");
  options.add_options()("json", "as JSON")("all", "every row, however many there are")(
      "watch", "look again and again until every cell has ended")(
      "every", po::value<double>()->default_value(1), "seconds between two looks");
  const auto values = parse_arguments(self, arguments, options, 1, 1);
  if (!values) return 0;
  const fs::path folder = words(*values)[0];
  const double every = (*values)["every"].as<double>();
  if (!(every >= 0.05)) throw Error("--every: must be >= 0.05");
  if (values->contains("watch")) {
    if (values->contains("json")) throw Error("status: --watch and --json do not go together");
    return watch(folder, every);
  }
  const Plan plan = read_plan(folder);
  if (values->contains("json"))
    std::printf("%s\n", to_json(cell_rows(look_at_cells(folder, plan), plan)).c_str());
  else
    print_once(folder, plan, values->contains("all"));
  return 0;
}

}  // namespace gibbsite
