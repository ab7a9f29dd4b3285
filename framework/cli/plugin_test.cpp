// plugin test: the examination of a plugin, done by an engine, told in sentences.
#include "gibbsite/cli/plugin.hpp"

#include <csignal>
#include <cstdio>
#include <sstream>

#include "gibbsite/io/json.hpp"
#include "gibbsite/run/process.hpp"

namespace gibbsite {
namespace {

struct Found {
  std::string kind, check, text;
};

std::vector<Found> read_findings(const std::string& text) {
  std::istringstream lines(text);
  std::vector<Found> all;
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find('\t'), second = line.find('\t', first + 1);
    if (line == "end") all.push_back({"end", "", ""});
    if (first == line.npos || second == line.npos) continue;  // what the plugin itself printed
    all.push_back({line.substr(0, first), line.substr(first + 1, second - first - 1),
                   line.substr(second + 1)});
  }
  return all;
}

// Why an examination broke off.
std::string broken_off(const EngineOutput& output, const std::vector<Found>& found) {
  const std::string after = found.empty() ? "" : " after the check of " + found.back().check;
  if (output.signal == SIGALRM) return "it hangs: the examination did not end" + after;
  if (output.signal != 0) return "it ended the engine by " + signal_text(output.signal) + after;
  return "it ended the engine (did it call exit?)" + after;
}

void print(const std::vector<Found>& found, bool json) {
  if (json) {
    Node rows = Node::list({});
    for (const Found& one : found) {
      Node row = Node::map();
      row["kind"] = Node::scalar(one.kind, true);
      row["check"] = Node::scalar(one.check, true);
      row["text"] = Node::scalar(one.text, true);
      rows.items.push_back(std::move(row));
    }
    std::printf("%s\n", to_json(rows).c_str());
    return;
  }
  for (const Found& one : found) {
    if (one.kind == "plugin")
      std::printf("%s: %s\n", one.check.c_str(), one.text.c_str());
    else
      std::printf("  %-6s%s: %s\n",
                  one.kind == "fault"  ? "FAULT"
                  : one.kind == "well" ? "ok"
                                       : "note",
                  one.check.c_str(), one.text.c_str());
  }
}

}  // namespace

int plugin_test(const Command& self, const Arguments& arguments) {
  namespace po = boost::program_options;
  po::options_description options("options");
  options.add_options()("quick", "the most telling checks alone, in some seconds")(
      "spec", po::value<std::string>(),
      "a spec that uses the plugin: its model and its parameters are examined too")("json",
                                                                                    "as JSON");
  const auto values = parse_arguments(self, arguments, options, 1, 1);
  if (!values) return 0;
  std::vector<std::string> request = {"examine", words(*values)[0],
                                      values->contains("quick") ? "quick" : "full"};
  if (values->contains("spec")) request.push_back((*values)["spec"].as<std::string>());
  const EngineOutput output = run_engine("double", request);
  if (output.exit_code == 3) throw StorageError("");
  std::vector<Found> found = read_findings(output.text);
  if (output.exit_code == 2 && output.signal == 0) return 2;  // refused, and the engine said why
  if (!found.empty() && found.back().kind == "end")
    found.pop_back();
  else
    found.push_back({"fault", "survival", broken_off(output, found)});
  std::size_t faults = 0, checks = 0;
  for (const Found& one : found) {
    faults += one.kind == "fault";
    checks += one.kind == "fault" || one.kind == "well";
  }
  const bool json = values->contains("json");
  print(found, json);
  if (!json)
    std::printf("%zu of %zu checks found %s\n", faults, checks,
                faults == 0 ? "a fault" : "faults (exit code 1)");
  return faults == 0 ? 0 : 1;
}

}  // namespace gibbsite
