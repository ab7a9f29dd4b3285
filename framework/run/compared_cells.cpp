#include "gibbsite/run/compared_cells.hpp"

#include <algorithm>
#include <set>

#include "gibbsite/core/error.hpp"
#include "gibbsite/run/grid.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// The names of the folders, or their paths where names alike would not tell them apart.
std::vector<std::string> labels_of(const std::vector<fs::path>& folders) {
  std::vector<std::string> names;
  for (const fs::path& folder : folders) {
    const std::string name = fs::absolute(folder / "").lexically_normal().parent_path().filename();
    names.push_back(name);
  }
  const bool unlike = std::set<std::string>(names.begin(), names.end()).size() == names.size();
  if (!unlike)
    for (std::size_t k = 0; k < names.size(); ++k) names[k] = folders[k].string();
  if (std::set<std::string>(names.begin(), names.end()).size() < names.size())
    throw Error("compare: a folder is named twice: " + join(names));
  return names;
}

// The value of a varying path without the entries that another varying path sets.
std::string own_text(const PlannedCell& cell, const std::string& path, Node value) {
  for (const auto& [other, ignored] : cell.varying)
    if (other.starts_with(path + ".")) value.erase(other.substr(path.size() + 1));
  return value_text(value);
}

// The value of a path that does not vary in the cell's folder: plugins by their names alone.
std::string fixed_text(const Node& spec, const std::string& path) {
  const Node* found = find_path(spec, path);
  if (found == nullptr) return "-";
  const Node* name = found->find("name");
  return value_text(name == nullptr ? *found : *name);
}

struct Loaded {
  std::vector<ComparedCell> cells;
  std::vector<PlannedCell> planned;
  std::vector<std::string> paths;  // that vary in any folder
};

Loaded load(const std::vector<fs::path>& folders) {
  Loaded all;
  const auto labels = labels_of(folders);
  if (folders.size() > 1) all.paths.emplace_back("folder");
  for (std::size_t k = 0; k < folders.size(); ++k)
    for (PlannedCell& cell : read_plan(folders[k]).cells) {
      ComparedCell one{.folder = cell_folder(folders[k], cell.id), .id = cell.id};
      one.state = cell_state(folders[k], cell);
      one.error = one.state == "complete" ? "" : read_status(one.folder).error;
      const Node spec = cell.spec.node();
      for (const auto& [name, text] : {std::pair{"data", &one.data}, {"model", &one.model}})
        if (const Node* section = spec.find(name)) *text = to_flow(*section);
      one.at["folder"] = labels[k];
      for (const auto& [path, value] : cell.varying) {
        one.at[path] = own_text(cell, path, value);
        if (!contains(all.paths, path)) all.paths.push_back(path);
      }
      all.cells.push_back(std::move(one));
      all.planned.push_back(std::move(cell));
    }
  return all;
}

// Gives every cell a value of `path`; false where none has any.
bool complete_path(Loaded& all, const std::string& path) {
  bool found = false;
  for (std::size_t k = 0; k < all.cells.size(); ++k) {
    auto& at = all.cells[k].at;
    if (!at.contains(path)) at[path] = fixed_text(all.planned[k].spec, path);
    found = found || at[path] != "-";
  }
  return found;
}

void add_leaves(const Node& node, const std::string& path, std::map<std::string, std::string>& to) {
  const std::string dot = path.empty() ? "" : path + ".";
  for (const auto& entry : node.entries) add_leaves(entry.value, dot + entry.key, to);
  for (std::size_t k = 0; k < node.items.size(); ++k)
    add_leaves(node.items[k], dot + std::to_string(k), to);
  if (node.is_scalar()) to[path] = node.text;
}

// The places where the specs of cells differ that no varying path tells apart.
std::vector<std::string> untold_paths(const Loaded& all) {
  std::map<std::map<std::string, std::string>, std::map<std::string, std::string>> first;
  std::vector<std::string> paths;
  for (std::size_t k = 0; k < all.cells.size(); ++k) {
    std::map<std::string, std::string> leaves;
    add_leaves(all.planned[k].spec, "", leaves);
    const auto [found, fresh] = first.emplace(all.cells[k].at, leaves);
    if (fresh) continue;
    for (const auto* side : {&leaves, &found->second})
      for (const auto& [path, text] : *side) {
        const auto &one = leaves, &other = found->second;
        const bool same =
            one.contains(path) && other.contains(path) && one.at(path) == other.at(path);
        if (!same && !contains(paths, path)) paths.push_back(path);
      }
  }
  return paths;
}

// The path that `word` names: itself, or the one that ends with it.
std::string full_path(const std::string& word, const std::vector<std::string>& paths) {
  if (contains(paths, word)) return word;
  std::vector<std::string> ending;
  for (const std::string& path : paths)
    if (path.ends_with("." + word)) ending.push_back(path);
  return ending.size() == 1 ? ending[0] : word;
}

// Varying paths but the seed, each that says something new.
std::vector<std::string> telling_paths(const Loaded& all) {
  std::vector<std::string> chosen;
  for (const std::string& path : all.paths) {
    const auto repeats = [&](const std::string& other) {
      return std::all_of(all.cells.begin(), all.cells.end(), [&](const ComparedCell& cell) {
        return cell.at.at(other) == cell.at.at(path);
      });
    };
    if (path != "seed" && std::none_of(chosen.begin(), chosen.end(), repeats))
      chosen.push_back(path);
  }
  // A list of evaluations that follows from the rest (which ones a model has) is no row of its own.
  std::map<std::vector<std::string>, std::set<std::string>> lists;
  for (const ComparedCell& cell : all.cells) {
    std::vector<std::string> rest;
    for (const std::string& path : chosen)
      if (path != "evaluate") rest.push_back(cell.at.at(path));
    if (contains(chosen, "evaluate")) lists[rest].insert(cell.at.at("evaluate"));
  }
  if (std::all_of(lists.begin(), lists.end(),
                  [](const auto& row) { return row.second.size() == 1; }))
    std::erase(chosen, "evaluate");
  return chosen;
}

// Repetitions are told apart by the seed and by what varies within some row.
void name_repetitions(ComparedCells& table, const std::vector<std::string>& paths) {
  std::vector<std::string> telling;
  for (const std::string& path : paths) {
    std::map<std::size_t, std::set<std::string>> values;
    for (const ComparedCell& cell : table.cells) values[cell.row].insert(cell.at.at(path));
    const bool varies = std::any_of(values.begin(), values.end(),
                                    [](const auto& row) { return row.second.size() > 1; });
    if (varies || (path == "seed" && !contains(table.by, path))) telling.push_back(path);
  }
  for (ComparedCell& cell : table.cells)
    for (const std::string& path : telling) cell.repetition += path + "=" + cell.at.at(path) + " ";
}

void keep_only(Loaded& all, const std::vector<std::string>& only) {
  for (const std::string& filter : only) {
    const auto [path, value] = path_and_value(filter, all.paths, "--only");
    std::vector<std::string> values;
    Loaded kept{{}, {}, all.paths};
    for (std::size_t k = 0; k < all.cells.size(); ++k) {
      const std::string& own = all.cells[k].at.at(path);
      if (!contains(values, own)) values.push_back(own);
      if (own != value) continue;
      kept.cells.push_back(std::move(all.cells[k]));
      kept.planned.push_back(std::move(all.planned[k]));
    }
    if (kept.cells.empty())
      throw Error("--only: no cell has " + path + "=" + value + known_names(value, values));
    all = std::move(kept);
  }
}

}  // namespace

std::pair<std::string, std::string> path_and_value(const std::string& text,
                                                   const std::vector<std::string>& known,
                                                   const std::string& option) {
  const auto equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Error(option + ": must be path=value, got '" + text + "'");
  const std::string path = full_path(text.substr(0, equals), known);
  if (!contains(known, path))
    throw Error(option + ": unknown path '" + path + "'" + known_names(path, known));
  return {path, text.substr(equals + 1)};
}

ComparedCells read_cells(const std::vector<fs::path>& folders, std::vector<std::string> by,
                         const std::vector<std::string>& only) {
  Loaded all = load(folders);
  for (const std::string& path : all.paths) complete_path(all, path);
  for (const std::string& path : untold_paths(all)) {
    complete_path(all, path);
    all.paths.push_back(path);
  }
  keep_only(all, only);
  for (std::string& path : by) {
    path = full_path(path, all.paths);
    if (!complete_path(all, path))
      throw Error("--by: unknown path '" + path + "'" + known_names(path, all.paths));
  }
  ComparedCells table;
  table.by = by.empty() ? telling_paths(all) : by;
  table.cells = std::move(all.cells);
  std::map<std::vector<std::string>, std::size_t> numbers;
  for (std::size_t k = 0; k < table.cells.size(); ++k) {
    ComparedCell& cell = table.cells[k];
    std::vector<std::string> values;
    for (const std::string& path : table.by) values.push_back(cell.at.at(path));
    cell.spec = std::move(all.planned[k].spec);
    const auto [found, fresh] = numbers.emplace(values, table.rows.size());
    if (fresh) table.rows.push_back(values);
    cell.row = found->second;
    table.of_row.resize(table.rows.size());
    table.of_row[cell.row].push_back(k);
  }
  name_repetitions(table, all.paths);
  return table;
}

}  // namespace gibbsite
