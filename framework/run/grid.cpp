#include "gibbsite/run/grid.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/core/random.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/grid_rules.hpp"

namespace gibbsite {
namespace {

constexpr double most_cells = 1e6;

/// One axis of the product: each point sets one path, or several that vary together.
using Axis = std::vector<Assignments>;

std::pair<std::string, std::string> split_path(const std::string& path) {
  const auto dot = path.find('.');
  if (dot == std::string::npos) return {path, ""};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

// The item of a list that a word names: its number, or its label or name.
Node* named_item(Node& list, const std::string& word) {
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    Node& item = list.items[i];
    for (const char* key : {"label", "name"})
      if (const Node* name = item.find(key); name != nullptr && name->text == word) return &item;
    if (std::to_string(i) == word || (item.is_scalar() && item.text == word)) return &item;
  }
  return nullptr;
}

Node at_place(Node value, const Place& place) {
  value.place = place;
  return value;
}

// Integers are counted as such: beyond 2^53 a double would lose digits.
std::vector<Node> integer_range(std::int64_t from, std::int64_t to, std::int64_t step,
                                const Place& place) {
  using Wide = std::uint64_t;  // wraps where a signed difference would overflow
  const Wide span = step > 0 ? Wide(to) - Wide(from) : Wide(from) - Wide(to);
  const Wide last = span / (step > 0 ? Wide(step) : -Wide(step));
  std::vector<Node> values;
  for (Wide k = 0; k <= last; ++k)
    values.push_back(at_place(Node::of(std::int64_t(Wide(from) + k * Wide(step))), place));
  return values;
}

std::vector<Node> linear_range(const Node& range, const std::string& path, Faults& faults) {
  const Node* step_node = range.find("step");
  const auto from = range.find("from")->as_real();
  const auto to = range.find("to") == nullptr ? std::nullopt : range.find("to")->as_real();
  const auto step = step_node == nullptr ? std::optional<double>(1) : step_node->as_real();
  if (!from || !to || !step || *step == 0 || (*to - *from) / *step < 0) {
    faults.add(range.place, "grid." + path,
               "a range needs numbers from, to and a step that leads from one to the other");
    return {};
  }
  const double count = std::floor((*to - *from) / *step + 1e-9) + 1;
  if (count > most_cells) {
    faults.add(range.place, "grid." + path,
               "a range of " + number_text(count) + " values is too long");
    return {};
  }
  const auto first = range.find("from")->as_integer(), last = range.find("to")->as_integer();
  if (first && last && *step == std::floor(*step))
    return integer_range(*first, *last, std::int64_t(*step), range.place);
  std::vector<Node> values;
  for (double k = 0; k < count; ++k)
    values.push_back(at_place(Node::of(*from + k * *step), range.place));
  return values;
}

std::vector<Node> log_range(const Node& range, const std::string& path, Faults& faults) {
  const Node& ends = *range.find("log");
  const auto count =
      range.find("count") == nullptr ? std::nullopt : range.find("count")->as_integer();
  std::optional<double> low, high;
  if (ends.items.size() == 2) {
    low = ends.items[0].as_real();
    high = ends.items[1].as_real();
  }
  if (!low || !high || !(*low > 0) || !(*high > 0) || !count || *count < 1 ||
      double(*count) > most_cells) {
    faults.add(range.place, "grid." + path,
               "a log range needs log: [a, b] with numbers > 0 and a count >= 1");
    return {};
  }
  std::vector<Node> values;
  for (std::int64_t k = 0; k < *count; ++k) {
    const double share = *count == 1 ? 0 : double(k) / double(*count - 1);
    // The ends are as written, not rounded by the logarithm.
    const double value = k == 0            ? *low
                         : k + 1 == *count ? *high
                                           : *low * std::pow(*high / *low, share);
    values.push_back(at_place(Node::of(value), range.place));
  }
  return values;
}

void check_range_keys(const Node& range, const std::string& path, Faults& faults) {
  const std::vector<std::string> known = range.find("from") != nullptr
                                             ? std::vector<std::string>{"from", "to", "step"}
                                             : std::vector<std::string>{"log", "count"};
  for (const auto& entry : range.entries)
    if (std::find(known.begin(), known.end(), entry.key) == known.end())
      faults.add(entry.place, "grid." + path + "." + entry.key,
                 "unknown key of a range" + known_names(entry.key, known));
}

std::vector<Node> values_of(const Node& node, const std::string& path, Faults& faults) {
  if (node.is_list() && !node.items.empty()) return node.items;
  if (node.find("from") != nullptr || node.find("log") != nullptr)
    check_range_keys(node, path, faults);
  if (node.find("from") != nullptr) return linear_range(node, path, faults);
  if (node.find("log") != nullptr) return log_range(node, path, faults);
  faults.add(
      node.place, "grid." + path,
      "must be a list of values, {from, to, step} or {log: [a, b], count: n}, got " + node.shown());
  return {};
}

Axis zip_axis(const Node& node, const std::string& name, Faults& faults) {
  Axis axis;
  if (node.entries.empty())
    faults.add(node.place, "grid." + name, "must be a map of paths, got " + node.shown());
  for (const auto& entry : node.entries) {
    const auto values = values_of(entry.value, name + "." + entry.key, faults);
    if (axis.empty()) axis.resize(values.size());
    if (values.size() != axis.size()) {
      faults.add(entry.place, "grid." + name + "." + entry.key,
                 "paths of a zip need equally many values, got " + std::to_string(values.size()) +
                     " and " + std::to_string(axis.size()));
      return {};
    }
    for (std::size_t k = 0; k < values.size(); ++k) axis[k].emplace_back(entry.key, values[k]);
  }
  return axis;
}

std::optional<Node> random_value(const Node& law, Stream random, const std::string& path,
                                 Faults& faults) {
  const double u = random.uniform(1)(0);
  if (law.entries.size() == 1 && law.entries[0].value.is_list()) {
    const std::string& kind = law.entries[0].key;
    const auto& items = law.entries[0].value.items;
    if (kind == "choice" && !items.empty()) return items[std::size_t(u * double(items.size()))];
    const auto low = items.size() == 2 ? items[0].as_real() : std::nullopt;
    const auto high = items.size() == 2 ? items[1].as_real() : std::nullopt;
    if (low && high && *low <= *high) {
      if (kind == "uniform") return Node::of(*low + u * (*high - *low));
      if (kind == "log_uniform" && *low > 0) return Node::of(*low * std::pow(*high / *low, u));
      if (kind == "integer" && items[0].as_integer() && items[1].as_integer())
        return Node::of(std::int64_t(*low + std::floor(u * (*high - *low + 1))));
    }
  }
  faults.add(law.place, "grid.random." + path,
             "must be one of {uniform: [a, b]}, {log_uniform: [a, b]} with 0 < a <= b, {integer: "
             "[a, b]}, {choice: [...]}");
  return {};
}

Axis random_axis(const Node& node, Faults& faults) {
  const Node* count_node = node.find("count");
  const auto count = count_node == nullptr ? std::nullopt : count_node->as_integer();
  if (!count || *count < 1 || double(*count) > most_cells) {
    faults.add(node.place, "grid.random.count", "must be an integer in [1, 1000000]");
    return {};
  }
  std::uint64_t seed = 0;
  if (const Node* given = node.find("seed")) {
    const auto value = given->as_unsigned();
    if (!value)
      faults.add(given->place, "grid.random.seed",
                 "must be an integer in [0, 2^64 - 1], got " + given->shown());
    seed = value.value_or(0);
  }
  Axis axis(static_cast<std::size_t>(*count));
  for (const auto& entry : node.entries) {
    if (entry.key == "count" || entry.key == "seed") continue;
    const Stream stream = Stream(seed).split("grid " + entry.key);
    for (std::size_t k = 0; k < axis.size(); ++k) {
      auto value = random_value(entry.value, stream.at(k), entry.key, faults);
      if (!value) return {};
      axis[k].emplace_back(entry.key, at_place(std::move(*value), entry.value.place));
    }
  }
  return axis;
}

std::vector<Axis> axes_of(const Node& grid, Faults& faults) {
  std::vector<Axis> axes;
  for (const auto& entry : grid.entries) {
    if (entry.key == "exclude" || entry.key == "include") continue;
    if (entry.key == "random") {
      axes.push_back(random_axis(entry.value, faults));
    } else if (entry.key == "zip") {
      const bool named =
          !entry.value.entries.empty() &&
          std::all_of(entry.value.entries.begin(), entry.value.entries.end(), [](const auto& e) {
            return e.value.is_map() && e.value.find("from") == nullptr &&
                   e.value.find("log") == nullptr;
          });
      if (!named) axes.push_back(zip_axis(entry.value, "zip", faults));
      if (named)
        for (const auto& one : entry.value.entries)
          axes.push_back(zip_axis(one.value, "zip." + one.key, faults));
    } else {
      Axis axis;
      for (Node& value : values_of(entry.value, entry.key, faults))
        axis.push_back({{entry.key, std::move(value)}});
      axes.push_back(std::move(axis));
    }
  }
  return axes;
}

// The first value of every path that some axis varies.
Assignments varying_paths(const std::vector<Axis>& axes) {
  Assignments paths;
  for (const Axis& axis : axes)
    if (!axis.empty()) paths.insert(paths.end(), axis[0].begin(), axis[0].end());
  return paths;
}

// `path` names the whole in messages, `remaining` is what still leads down from `spec`.
void set_rest(Node& spec, const std::string& path, const std::string& remaining, Node value,
              Faults& faults) {
  const auto [word, rest] = split_path(remaining);
  if (word.empty()) return faults.add(value.place, path, "is no dotted path");
  if (spec.is_scalar()) {  // a plugin given by its name alone
    Node map = Node::map();
    map.place = spec.place;
    map.entries.push_back({"name", spec.place, spec});
    spec = std::move(map);
  }
  Node* at = nullptr;
  if (spec.is_list()) {
    at = named_item(spec, word);
    if (at == nullptr)
      return faults.add(value.place, path,
                        "the list has no entry '" + word + "' (number, label or name)");
  } else {
    const bool fresh = spec.find(word) == nullptr;
    at = &spec[word];
    if (fresh) {
      at->place = value.place;
      spec.entries.back().place = value.place;
    }
  }
  if (rest.empty())
    *at = std::move(value);
  else
    set_rest(*at, path, rest, std::move(value), faults);
}

}  // namespace

const Node* find_path(const Node& spec, const std::string& path) {
  const auto [word, rest] = split_path(path);
  const Node* found = spec.is_list() ? named_item(const_cast<Node&>(spec), word) : spec.find(word);
  return found == nullptr || rest.empty() ? found : find_path(*found, rest);
}

void set_path(Node& spec, const std::string& path, Node value, Faults& faults) {
  set_rest(spec, path, path, std::move(value), faults);
}

void apply_setting(Node& spec, const std::string& setting, Faults& faults) {
  const auto equals = setting.find('=');
  const Place place{std::make_shared<const std::string>("--set"), 0, 0};
  if (equals == std::string::npos || equals == 0)
    return faults.add(place, "", "must be path=value, got '" + setting + "'");
  try {
    Node value = parse_yaml(setting.substr(equals + 1), "--set");
    // Every value below is reported as --set, without a line.
    const auto mark = [&](const auto& self, Node& node) -> void {
      node.place = place;
      for (Node& item : node.items) self(self, item);
      for (auto& entry : node.entries) {
        entry.place = place;
        self(self, entry.value);
      }
    };
    mark(mark, value);
    const std::string path = setting.substr(0, equals);
    if (path.starts_with("grid."))  // its keys have dots themselves
      set_grid_entry(spec["grid"], path.substr(5), std::move(value), faults);
    else
      set_path(spec, path, std::move(value), faults);
  } catch (const Error& fault) {
    faults.add(place, setting.substr(0, equals), fault.what());
  }
}

void for_each_cell(const Node& spec, Faults& faults,
                   const std::function<void(std::size_t, GridCell)>& use) {
  Node base = spec;
  base.erase("grid");
  const Node* grid = spec.find("grid");
  if (grid == nullptr) return use(0, {std::move(base), {}});
  if (!grid->is_map())
    return faults.add(grid->place, "grid", "must be a map of paths, got " + grid->shown());
  const std::vector<Axis> axes = axes_of(*grid, faults);
  check_rules(*grid, varying_paths(axes), faults);
  double count = 1;
  for (const Axis& axis : axes) count *= double(axis.size());
  if (count > most_cells)
    faults.add(grid->place, "grid",
               "makes " + number_text(count) + " cells; at most 1000000 are allowed");
  if (!faults.empty()) return;
  const std::vector<Assignments> extra = included(*grid);
  // Without an axis there is nothing to vary but what is included.
  if (axes.empty() && !extra.empty()) count = 0;
  std::size_t number = 0;
  const auto give = [&](Assignments varying) {
    GridCell cell{base, std::move(varying)};
    for (const auto& [path, value] : cell.varying) set_path(cell.spec, path, value, faults);
    use(number++, std::move(cell));
  };
  for (std::size_t index = 0; index < std::size_t(count); ++index) {
    Assignments varying;
    std::size_t rest = index, block = std::size_t(count);
    for (const Axis& axis : axes) {
      block /= axis.size();
      for (const auto& assignment : axis[rest / block]) varying.push_back(assignment);
      rest %= block;
    }
    if (!excluded(*grid, varying)) give(std::move(varying));
  }
  for (const Assignments& one : extra) give(one);
}

std::vector<GridCell> expand_grid(const Node& spec, Faults& faults) {
  std::vector<GridCell> cells;
  for_each_cell(spec, faults,
                [&](std::size_t, GridCell cell) { cells.push_back(std::move(cell)); });
  return cells;
}

}  // namespace gibbsite
