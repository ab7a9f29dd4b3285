// Parts of a plan, as --only names them.
#include <algorithm>
#include <optional>
#include <set>

#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/compared_cells.hpp"
#include "gibbsite/run/grid.hpp"
#include "gibbsite/run/grid_rules.hpp"
#include "gibbsite/run/plan.hpp"

namespace gibbsite {
namespace {

std::optional<Node> value_at(const PlannedCell& cell, const std::string& path) {
  for (const auto& [varying, value] : cell.varying)
    if (varying == path) return value;
  const Node spec = cell.spec.node();
  const Node* found = find_path(spec, path);
  return found == nullptr ? std::nullopt : std::optional<Node>(*found);
}

bool is(const Node& value, const Node& wanted, const std::string& text) {
  const Node* name = value.find("name");
  return same_value(value, wanted) || value_text(value) == text ||
         (name != nullptr && name->text == text);
}

// The values at a path, as messages list them.
std::vector<std::string> texts_at(const Plan& plan, const std::string& path) {
  std::set<std::string> texts;
  for (const PlannedCell& cell : plan.cells)
    if (const auto value = value_at(cell, path)) texts.insert(value_text(*value));
  return {texts.begin(), texts.end()};
}

// The path that a filter means: one that cells vary, by its last words or whole, or one of the
// spec.
std::string path_meant(const Plan& plan, const std::string& filter) {
  std::vector<std::string> varying;
  for (const PlannedCell& cell : plan.cells)
    for (const auto& [path, value] : cell.varying)
      if (std::find(varying.begin(), varying.end(), path) == varying.end()) varying.push_back(path);
  const std::string word = filter.substr(0, filter.find('='));
  if (!word.empty() && std::any_of(plan.cells.begin(), plan.cells.end(), [&](const auto& cell) {
        return value_at(cell, word).has_value();
      }))
    return word;
  return path_and_value(filter, varying, "--only").first;
}

}  // namespace

void keep_only(Plan& plan, const std::vector<std::string>& filters) {
  for (const std::string& filter : filters) {
    const auto equals = filter.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == filter.size())
      throw Error("--only: must be path=value, got '" + filter + "'");
    const std::string path = path_meant(plan, filter), text = filter.substr(equals + 1);
    const Node wanted = parse_yaml(text, "--only");
    const auto texts = texts_at(plan, path);
    std::erase_if(plan.cells, [&](const PlannedCell& cell) {
      const auto value = value_at(cell, path);
      return !value || !is(*value, wanted, text);
    });
    if (plan.cells.empty())
      throw Error("--only: no cell has " + path + "=" + text + known_names(text, texts));
  }
}

}  // namespace gibbsite
