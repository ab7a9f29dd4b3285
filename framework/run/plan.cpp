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

Node to_node(const PlannedCell& cell) {
  Node node = Node::map(), varying = Node::map();
  node["id"] = Node::scalar(cell.id, true);
  for (const auto& [path, value] : cell.varying) varying[path] = value;
  node["varying"] = varying;
  node["spec"] = cell.spec;
  return node;
}

PlannedCell from_node(const Node& node) {
  PlannedCell cell;
  cell.id = text_at(node, "id");
  if (const Node* spec = node.find("spec")) cell.spec = *spec;
  if (const Node* varying = node.find("varying"))
    for (const auto& entry : varying->entries) cell.varying.emplace_back(entry.key, entry.value);
  return cell;
}

// Where cells vary in different paths: the value that a cell has at a path which it does not set.
void complete_varying(Plan& plan) {
  std::vector<std::string> paths;
  for (const PlannedCell& cell : plan.cells)
    for (const auto& [path, value] : cell.varying)
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  for (PlannedCell& cell : plan.cells) {
    if (cell.varying.size() == paths.size()) continue;
    std::vector<std::pair<std::string, Node>> all;
    for (const std::string& path : paths) {
      const auto own = std::find_if(cell.varying.begin(), cell.varying.end(),
                                    [&](const auto& item) { return item.first == path; });
      const Node* value = own == cell.varying.end() ? find_path(cell.spec, path) : &own->second;
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

}  // namespace

std::string PlannedCell::precision() const { return text_at(spec, "precision", "double"); }

Plan make_plan(const std::string& spec_file, const std::vector<std::string>& settings) {
  Faults faults;
  Node spec = read_yaml_file(spec_file);
  if (!spec.is_map())
    throw Error(spec.place.text() + ": a spec must be a map, got " + spec.shown());
  for (const std::string& setting : settings) apply_setting(spec, setting, faults);
  faults.raise();
  const auto cells = expand_grid(spec, faults);
  faults.raise();
  if (cells.empty()) throw Error(spec_file + ": grid: every cell is excluded");
  std::set<std::string> precisions;
  for (const GridCell& cell : cells) {
    const std::string precision = text_at(cell.spec, "precision", "double");
    precisions.insert(precision == "single" ? "single" : "double");
  }
  std::vector<std::string> arguments = {"plan", spec_file};
  arguments.insert(arguments.end(), settings.begin(), settings.end());
  Plan plan{text_at(spec, "name"), {}, {}, first_comment(read_file(spec_file))};
  plan.cells.resize(cells.size());
  for (const std::string& precision : precisions) {
    const EngineOutput output = run_engine(precision, arguments);
    if (output.signal != 0)
      throw Error(spec_file + ": plugin refused: the engine ended by " +
                  signal_text(output.signal) + " while building the cells");
    if (output.exit_code == 3) throw StorageError("");
    if (output.exit_code != 0) throw Error("");
    std::istringstream lines(output.text);
    for (std::string line; std::getline(lines, line);) {
      const Node node = parse_yaml(line, "engine", trusted_yaml);
      if (const Node* made_by = node.find("made_by")) {
        plan.made_by[precision] = read_makers(*made_by);
        continue;
      }
      const auto index = std::size_t(node.find("cell")->as_integer().value());
      plan.cells[index] = {text_at(node, "id"), *node.find("spec"), cells[index].varying};
    }
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
  Node node = Node::map();
  node["gibbsite_plan"] = Node::of(std::int64_t{1});
  node["name"] = Node::scalar(joined.name, true);
  node["question"] = Node::scalar(joined.question, true);
  std::vector<Node> cells;
  for (const PlannedCell& cell : joined.cells) cells.push_back(to_node(cell));
  node["cells"] = Node::list(std::move(cells));
  write_file(folder / "plan.yaml", to_yaml(node));
  return joined;
}

Plan read_plan(const std::filesystem::path& folder) {
  const auto file = folder / "plan.yaml";
  if (!std::filesystem::exists(file))
    throw Error(folder.string() + ": is no run folder (it has no plan.yaml)");
  const Node node = read_yaml_file(file.string(), trusted_yaml);
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
