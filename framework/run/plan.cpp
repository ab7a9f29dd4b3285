#include "gibbsite/run/plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/grid.hpp"
#include "gibbsite/run/process.hpp"

namespace gibbsite {
namespace {

std::string text_at(const Node& node, const char* key, const std::string& otherwise = "") {
  const Node* found = node.find(key);
  return found != nullptr && found->is_scalar() ? found->text : otherwise;
}

// One line of plan.yaml.
std::string to_line(const PlannedCell& cell) {
  Node varying = Node::map();
  for (const auto& [path, value] : cell.varying) varying[path] = value;
  return "  - {id: " + to_flow(Node::scalar(cell.id, true)) + ", varying: " + to_flow(varying) +
         ", spec: " + cell.spec.text() + "}\n";
}

PlannedCell from_node(const Node& node) {
  PlannedCell cell;
  cell.id = text_at(node, "id");
  if (const Node* spec = node.find("spec")) cell.spec = *spec;
  if (const Node* varying = node.find("varying"))
    for (const auto& entry : varying->entries) cell.varying.emplace_back(entry.key, entry.value);
  return cell;
}

// What to_line has written; the spec is not looked at.
std::optional<PlannedCell> from_line(std::string_view line) {
  constexpr std::string_view head = "  - {id: ", second = ", varying: ", third = ", spec: ";
  const auto varying = line.find(second), spec = line.find("}, spec: {");
  if (!line.starts_with(head) || varying == line.npos || spec == line.npos || line.back() != '}')
    return {};
  const auto first = line.substr(0, varying).substr(head.size());
  const auto id = parse_own_flow(first);
  const auto paths =
      parse_own_flow(line.substr(varying + second.size(), spec + 1 - varying - second.size()));
  if (!id || !id->is_scalar() || !paths || !paths->is_map()) return {};
  PlannedCell cell{.id = id->text, .spec = {}, .varying = {}};
  for (const auto& entry : paths->entries) cell.varying.emplace_back(entry.key, entry.value);
  line.remove_suffix(1);
  cell.spec = FrozenSpec::of_text(std::string(line.substr(spec + 1 + third.size())));
  return cell;
}

// A plan as freeze_plan writes it; nothing where it is written otherwise.
std::optional<Plan> read_lines(std::string_view text) {
  const auto line = [&] {
    const auto end = std::min(text.find('\n'), text.size());
    const auto one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return one;
  };
  constexpr std::string_view name = "name: ", question = "question: ";
  Plan plan;
  if (line() != "gibbsite_plan: 1" || !text.starts_with(name)) return {};
  const auto named = parse_own_flow(line().substr(name.size()));
  if (!named || !text.starts_with(question)) return {};
  const auto asked = parse_own_flow(line().substr(question.size()));
  if (!asked || line() != "cells:") return {};
  plan.name = named->text;
  plan.question = asked->text;
  while (!text.empty()) {
    auto cell = from_line(line());
    if (!cell) return {};
    plan.cells.push_back(std::move(*cell));
  }
  return plan;
}

// Where cells vary in different paths: the value that a cell has at a path which it does not set.
void complete_varying(Plan& plan) {
  std::vector<std::string> paths;
  for (const PlannedCell& cell : plan.cells)
    for (const auto& [path, value] : cell.varying)
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  for (PlannedCell& cell : plan.cells) {
    if (cell.varying.size() == paths.size()) continue;
    const Node spec = cell.spec.node();
    std::vector<std::pair<std::string, Node>> all;
    for (const std::string& path : paths) {
      const auto own = std::find_if(cell.varying.begin(), cell.varying.end(),
                                    [&](const auto& item) { return item.first == path; });
      const Node* value = own == cell.varying.end() ? find_path(spec, path) : &own->second;
      if (value == nullptr) continue;
      const bool defaults = own == cell.varying.end() && value->find("name") != nullptr;
      all.emplace_back(path, defaults ? *value->find("name") : *value);
    }
    cell.varying = std::move(all);
  }
}

Makers read_makers(const Node& node) {
  Makers makers;
  for (const auto& entry : node.entries) makers.emplace_back(entry.key, entry.value.text);
  return makers;
}

// The first comment of a text, without its signs; empty where something else comes first.
std::string first_comment(const std::string& text) {
  std::istringstream lines(text);
  std::string comment;
  for (std::string line; std::getline(lines, line);) {
    if (line.find_first_not_of(" \r") == std::string::npos && comment.empty()) continue;
    if (!line.starts_with('#')) break;
    if (line.ends_with('\r')) line.pop_back();
    const auto begin = line.find_first_not_of("# ");
    comment += (begin == std::string::npos ? "" : line.substr(begin)) + "\n";
  }
  while (comment.ends_with('\n')) comment.pop_back();
  return comment;
}

// What an engine prints of the cells of its precision: `cell <number> <id> <spec>` and
// `made_by <parts>`. Plugins may have printed other lines.
void read_planned(const std::string& text, const std::string& precision, Plan& plan) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind, id, rest;
    std::size_t number = 0;
    words >> kind;
    if (kind == "cell" && words >> number >> id && words.get() == ' ' &&
        number < plan.cells.size()) {
      std::getline(words, rest);
      plan.cells[number].id = id;
      plan.cells[number].spec = FrozenSpec::of_text(rest);
    } else if (kind == "made_by" && words.get() == ' ' && std::getline(words, rest)) {
      plan.made_by[precision] = read_makers(parse_yaml(rest, "engine", trusted_yaml));
    }
  }
}

}  // namespace

FrozenSpec FrozenSpec::of_text(std::string flow) {
  FrozenSpec spec;
  spec.text_ = std::move(flow);
  return spec;
}

Node FrozenSpec::node() const {
  const auto own = parse_own_flow(text_);
  return own ? *own : parse_yaml(text_, "plan.yaml", trusted_yaml);
}

std::string PlannedCell::precision() const {
  const bool may_be_single = spec.text().find("precision: single") != std::string::npos;
  return may_be_single ? text_at(spec.node(), "precision", "double") : "double";
}

Plan make_plan(const std::string& spec_file, const std::vector<std::string>& settings) {
  Faults faults;
  Node spec = read_yaml_file(spec_file);
  if (!spec.is_map())
    throw Error(spec.place.text() + ": a spec must be a map, got " + spec.shown());
  for (const std::string& setting : settings) apply_setting(spec, setting, faults);
  faults.raise();
  Plan plan{text_at(spec, "name"), {}, {}, first_comment(read_file(spec_file))};
  std::set<std::string> precisions;
  for_each_cell(spec, faults, [&](std::size_t, GridCell cell) {
    const std::string precision = text_at(cell.spec, "precision", "double");
    precisions.insert(precision == "single" ? "single" : "double");
    plan.cells.push_back({"", {}, std::move(cell.varying)});
  });
  faults.raise();
  if (plan.cells.empty()) throw Error(spec_file + ": grid: every cell is excluded");
  std::vector<std::string> arguments = {"plan", spec_file};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  for (const std::string& precision : precisions) {
    const EngineOutput output = run_engine(precision, arguments);
    if (output.signal != 0)
      throw Error(spec_file + ": plugin refused: the engine ended by " +
                  signal_text(output.signal) + " while building the cells");
    if (output.exit_code == 3) throw StorageError("");
    if (output.exit_code != 0) throw Error("");
    read_planned(output.text, precision, plan);
  }
  for (const PlannedCell& cell : plan.cells)
    if (cell.id.empty())
      throw Error(
          spec_file +
          ": plugin refused: the engine ended while building the cells (did a plugin call exit?)");
  // Cells that differ in nothing that counts are one cell.
  std::set<std::string> seen;
  std::erase_if(plan.cells, [&](const PlannedCell& cell) { return !seen.insert(cell.id).second; });
  complete_varying(plan);
  return plan;
}

Plan freeze_plan(const std::filesystem::path& folder, const Plan& plan) {
  std::unique_ptr<FileLock> lock;
  while (true) {
    lock = std::make_unique<FileLock>(folder / ".plan.lock");
    if (lock->held()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  Plan joined{plan.name, {}, plan.made_by, plan.question};
  if (std::filesystem::exists(folder / "plan.yaml")) joined.cells = read_plan(folder).cells;
  std::map<std::string, std::size_t> known;
  for (std::size_t k = 0; k < joined.cells.size(); ++k) known[joined.cells[k].id] = k;
  for (const PlannedCell& cell : plan.cells) {
    if (known.contains(cell.id))
      joined.cells[known[cell.id]].varying = cell.varying;
    else
      joined.cells.push_back(cell);
  }
  std::string text = "gibbsite_plan: 1\nname: " + to_flow(Node::scalar(joined.name, true)) +
                     "\nquestion: " + to_flow(Node::scalar(joined.question, true)) + "\ncells:\n";
  for (const PlannedCell& cell : joined.cells) text += to_line(cell);
  const auto file = folder / "plan.yaml";
  if (!std::filesystem::exists(file) || read_file(file) != text) write_file(file, text);
  return joined;
}

Plan read_plan(const std::filesystem::path& folder) {
  const auto file = folder / "plan.yaml";
  if (!std::filesystem::exists(file))
    throw Error(folder.string() + ": is no run folder (it has no plan.yaml)");
  const std::string text = read_file(file);
  if (auto quick = read_lines(text)) return std::move(*quick);
  const Node node = parse_yaml(text, file.string(), trusted_yaml);
  if (text_at(node, "gibbsite_plan") != "1")
    throw Error(file.string() + ": is no plan of gibbsite's; choose another folder (--out)");
  Plan plan{text_at(node, "name"), {}, {}, text_at(node, "question")};
  if (const Node* cells = node.find("cells"))
    for (const Node& cell : cells->items) plan.cells.push_back(from_node(cell));
  return plan;
}

std::string value_text(const Node& value) {
  if (const Node* name = value.find("name")) {
    std::string text = name->text;
    for (const auto& entry : value.entries)
      if (entry.key != "name") text += " " + entry.key + "=" + value_text(entry.value);
    return text;
  }
  return value.is_scalar() ? value.text : to_flow(value);
}

std::string varying_text(const PlannedCell& cell) {
  std::string text;
  for (const auto& [path, value] : cell.varying)
    text += (text.empty() ? "" : " ") + path + "=" + value_text(value);
  return text;
}

}  // namespace gibbsite
