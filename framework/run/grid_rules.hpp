// Which cells of a grid are left out, added, or asked for.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gibbsite/api/fields.hpp"

namespace gibbsite {

/// What is put at which dotted paths.
using Assignments = std::vector<std::pair<std::string, Node>>;

/// Whether two values of a spec say the same: numbers by their value (0.1 and 1e-1), maps in any
/// order, a plugin given by its name alone as `{name: ...}`.
bool same_value(const Node& a, const Node& b);

/// Reports what is wrong with `exclude` and `include` of a grid whose axes vary `paths`, and paths
/// that vary twice.
void check_rules(const Node& grid, const Assignments& paths, Faults& faults);

/// Whether a rule of `exclude` names this cell: every path of the rule with its value.
bool excluded(const Node& grid, const Assignments& varying);

/// The cells of `include`, each by what it sets.
std::vector<Assignments> included(const Node& grid);

/// Sets an entry of the grid as `--set grid.<rest>=value` asks for: an axis by its dotted path
/// (`model.hidden`), `zip.<path>`, `zip.<name>.<path>`, `random.<path or count or seed>`, `exclude`
/// or `include`.
void set_grid_entry(Node& grid, const std::string& rest, Node value, Faults& faults);

}  // namespace gibbsite
