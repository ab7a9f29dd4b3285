// The grid of a spec: from one file to its cells.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gibbsite/api/fields.hpp"

namespace gibbsite {

/// One cell before it is resolved: the spec without its grid, and what varies.
struct GridCell {
  Node spec;
  std::vector<std::pair<std::string, Node>> varying;  ///< dotted path -> value
};

/// The cells of the product in file order (the first path varies slowest): lists, ranges
/// ({from, to, step}, {log: [a, b], count}), `zip`, `random` and `exclude`; then those of
/// `include`. More than a million cells are refused before any is made.
std::vector<GridCell> expand_grid(const Node& spec, Faults& faults);

/// The same one after the other, each with its number, so that a long grid is never whole in
/// memory.
void for_each_cell(const Node& spec, Faults& faults,
                   const std::function<void(std::size_t, GridCell)>& use);

/// Puts `value` at a dotted path; parts of a list are named by number, `label` or `name`. A plugin
/// given by name alone becomes a map. Missing maps are made: the strict reader judges them later.
void set_path(Node& spec, const std::string& path, Node value, Faults& faults);

/// Applies `path=value`, the value in YAML, as `--set` gives it. What follows `grid.` is a path of
/// the grid (see set_grid_entry).
void apply_setting(Node& spec, const std::string& setting, Faults& faults);

/// The value at a dotted path, or null.
const Node* find_path(const Node& spec, const std::string& path);

}  // namespace gibbsite
