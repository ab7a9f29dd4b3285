#include <cstdio>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/run/diagnosis.hpp"
#include "gibbsite/run/health.hpp"
#include "gibbsite/run/pack.hpp"
#include "gibbsite/run/plan.hpp"
#include "gibbsite/run/result.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// A results file with what its cell varies, or nothing.
struct Subject {
  fs::path file;
  std::string title;
};

std::vector<Subject> subjects_of(const fs::path& place) {
  if (!fs::is_directory(place)) {
    if (!fs::exists(place)) throw Error(place.string() + ": no such file or folder");
    return {{place, place.string()}};
  }
  std::vector<Subject> all;
  for (const PlannedCell& cell : read_plan(place).cells) {
    const fs::path file = result_path(cell_folder(place, cell.id));
    const std::string varying = varying_text(cell);
    if (!file.empty()) all.push_back({file, cell.id + (varying.empty() ? "" : " " + varying)});
  }
  if (all.empty()) throw Error(place.string() + ": no cell has a result yet");
  return all;
}

Node row(const Subject& subject, const std::vector<Finding>& findings) {
  Node list = Node::list({});
  for (const Finding& one : findings) {
    Node entry = Node::map();
    entry["part"] = Node::scalar(one.part, true);
    entry["what"] = Node::scalar(one.what, true);
    entry["advice"] = Node::scalar(one.advice, true);
    list.items.push_back(std::move(entry));
  }
  Node out = Node::map();
  out["file"] = Node::scalar(subject.file.string(), true);
  out["findings"] = std::move(list);
  out["numbers"] = health_of(subject.file);
  return out;
}

}  // namespace

int diagnose_command(const Command& self, const Arguments& arguments) {
  boost::program_options::options_description options("options");
  options.add_options()("json", "as JSON, with the numbers");
  const auto values = parse_arguments(self, arguments, options, 1, 1000);
  if (!values) return 0;
  const bool as_json = values->contains("json");
  Node rows = Node::list({});
  std::size_t sound = 0, faulty = 0;
  for (const std::string& place : words(*values))
    for (const Subject& subject : subjects_of(place)) {
      const auto findings = diagnose(subject.file);
      ++(findings.empty() ? sound : faulty);
      if (as_json) {
        rows.items.push_back(row(subject, findings));
        continue;
      }
      std::printf("%s: %s\n", subject.title.c_str(), findings.empty() ? "nothing found" : "");
      for (const Finding& one : findings)
        std::printf("  %s: %s\n    try: %s\n", one.part.c_str(), one.what.c_str(),
                    one.advice.c_str());
    }
  if (as_json)
    std::printf("%s\n", to_json(rows).c_str());
  else if (sound + faulty > 1)
    std::printf("%zu results sound, %zu with findings\n", sound, faulty);
  return faulty == 0 ? 0 : 1;
}

}  // namespace gibbsite
