#include "gibbsite/run/grid_rules.hpp"

#include <algorithm>

namespace gibbsite {
namespace {

bool same_scalar(const Node& a, const Node& b) {
  if (a.as_integer() && b.as_integer()) return a.as_integer() == b.as_integer();
  if (a.as_unsigned() && b.as_unsigned()) return a.as_unsigned() == b.as_unsigned();
  if (a.as_real() && b.as_real()) return a.as_real() == b.as_real();
  return a.text == b.text;
}

// The name of a map that says nothing else; null for any other map.
const Node* only_name(const Node& node) {
  return node.entries.size() == 1 ? node.find("name") : nullptr;
}

void check_list(const Node& grid, const char* key, Faults& faults) {
  const Node* list = grid.find(key);
  const std::string path = std::string("grid.") + key;
  if (list == nullptr) return;
  if (!list->is_list())
    return faults.add(list->place, path, "must be a list of maps, got " + list->shown());
  for (const Node& rule : list->items)
    if (!rule.is_map() || rule.entries.empty())
      faults.add(rule.place, path,
                 "must be a map of paths" +
                     (rule.is_map() ? std::string(", got an empty one") : ", got " + rule.shown()));
}

// Values are set in this order, so that a whole node would silently undo what is set inside it.
void check_order(const Assignments& paths, const std::string& where, Faults& faults) {
  for (std::size_t later = 0; later < paths.size(); ++later)
    for (std::size_t k = 0; k < later; ++k)
      if (paths[k].first.starts_with(paths[later].first + "."))
        faults.add(paths[later].second.place, where,
                   "'" + paths[later].first + "' would replace what '" + paths[k].first +
                       "' sets: it must come first");
}

const std::vector<Node>& items_of(const Node& grid, const char* key) {
  static const std::vector<Node> none;
  const Node* list = grid.find(key);
  return list == nullptr ? none : list->items;
}

}  // namespace

bool same_value(const Node& a, const Node& b) {
  if (a.is_scalar() && b.is_scalar()) return same_scalar(a, b);
  if (a.is_scalar() && b.is_map()) return only_name(b) != nullptr && same_value(a, *only_name(b));
  if (a.is_map() && b.is_scalar()) return same_value(b, a);
  if (a.kind != b.kind) return false;
  if (a.is_map())
    return a.entries.size() == b.entries.size() &&
           std::all_of(a.entries.begin(), a.entries.end(), [&](const auto& entry) {
             const Node* other = b.find(entry.key);
             return other != nullptr && same_value(entry.value, *other);
           });
  return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), same_value);
}

void check_rules(const Node& grid, const Assignments& paths, Faults& faults) {
  check_list(grid, "exclude", faults);
  check_list(grid, "include", faults);
  std::vector<std::string> names;
  for (const auto& [path, value] : paths) {
    if (std::find(names.begin(), names.end(), path) != names.end())
      faults.add(value.place, "grid", "'" + path + "' varies twice");
    names.push_back(path);
  }
  check_order(paths, "grid", faults);
  for (const Assignments& cell : included(grid)) check_order(cell, "grid.include", faults);
  for (const Node& rule : items_of(grid, "exclude"))
    for (const auto& entry : rule.entries)
      if (std::find(names.begin(), names.end(), entry.key) == names.end())
        faults.add(entry.place, "grid.exclude",
                   "'" + entry.key + "' does not vary" + known_names(entry.key, names));
}

bool excluded(const Node& grid, const Assignments& varying) {
  const auto& rules = items_of(grid, "exclude");
  return std::any_of(rules.begin(), rules.end(), [&](const Node& rule) {
    return std::all_of(rule.entries.begin(), rule.entries.end(), [&](const auto& entry) {
      return std::any_of(varying.begin(), varying.end(), [&](const auto& item) {
        return item.first == entry.key && same_value(item.second, entry.value);
      });
    });
  });
}

std::vector<Assignments> included(const Node& grid) {
  std::vector<Assignments> cells;
  for (const Node& one : items_of(grid, "include")) {
    Assignments cell;
    for (const auto& entry : one.entries) cell.emplace_back(entry.key, entry.value);
    cells.push_back(std::move(cell));
  }
  return cells;
}

void set_grid_entry(Node& grid, const std::string& rest, Node value, Faults& faults) {
  if (grid && !grid.is_map())
    return faults.add(grid.place, "grid", "must be a map of paths, got " + grid.shown());
  const auto dot = rest.find('.');
  const std::string head = rest.substr(0, dot);
  const bool inner = dot != std::string::npos && (head == "zip" || head == "random");
  if (!inner) {
    grid[rest] = std::move(value);
    return;
  }
  Node& group = grid[head];
  const std::string path = rest.substr(dot + 1), word = path.substr(0, path.find('.'));
  const Node* named = group.find(word);
  const bool in_named = head == "zip" && named != nullptr && named->is_map() && word != path &&
                        named->find("from") == nullptr && named->find("log") == nullptr;
  (in_named ? group[word][path.substr(word.size() + 1)] : group[path]) = std::move(value);
}

}  // namespace gibbsite
