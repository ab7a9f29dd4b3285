#include "gibbsite/cli/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace gibbsite {
namespace {

template <class Pairs>
auto lookup(const Pairs& pairs, const std::string& key) {
  return std::find_if(pairs.begin(), pairs.end(),
                      [&](const auto& item) { return item.first == key; });
}

// A number with its interval where the metrics `name_low` and `name_high` stand beside it.
template <class Pairs>
std::string metric_text(const Pairs& headline, const std::string& name) {
  const auto value = lookup(headline, name);
  if (value == headline.end()) return "-";
  const auto low = lookup(headline, name + "_low"), high = lookup(headline, name + "_high");
  if (low == headline.end() || high == headline.end()) return short_number(value->second);
  return short_number(value->second) + " [" + short_number(low->second) + ", " +
         short_number(high->second) + "]";
}

bool is_bound(const std::string& metric) {
  return metric.ends_with("_low") || metric.ends_with("_high");
}

void add_unique(std::vector<std::string>& list, const std::string& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

// Characters of a text in UTF-8, each as wide as another.
std::size_t width_of(const std::string& text) {
  return std::size_t(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & '\xc0') != '\x80'; }));
}

}  // namespace

std::string short_path(const std::string& path, const std::vector<std::string>& all) {
  const auto dot = path.rfind('.');
  if (dot == std::string::npos) return path;
  const std::string last = path.substr(dot);
  const auto same = std::count_if(all.begin(), all.end(), [&](const auto& other) {
    return other.size() >= last.size() && other.ends_with(last);
  });
  return same == 1 ? last.substr(1) : path;
}

std::string short_number(double value) {
  char text[32];
  if (std::isnan(value)) return "nan";
  if (value == std::floor(value) && std::abs(value) < 1e7)
    std::snprintf(text, sizeof text, "%.0f", value);
  else if (std::abs(value) >= 100 && std::abs(value) < 1e7)
    std::snprintf(text, sizeof text, "%.2f", value);
  else
    std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths;
  for (const auto& cell : head) widths.push_back(width_of(cell));
  for (const auto& row : rows)
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], width_of(row[k]));
  std::string out;
  const auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t k = 0; k < row.size(); ++k)
      line += (k == 0 ? "" : "  ") + std::string(widths[k] - width_of(row[k]), ' ') + row[k];
    out += line + "\n";
  };
  add(head);
  for (const auto& row : rows) add(row);
  return out;
}

std::size_t TextTable::width() const {
  const std::string all = text();
  return width_of(all.substr(0, all.find('\n')));
}

TextTable TextTable::transposed() const {
  TextTable other{{head[0]}, {}};
  for (const auto& row : rows) other.head.push_back(row[0]);
  for (std::size_t k = 1; k < head.size(); ++k) {
    std::vector<std::string> line = {head[k]};
    for (const auto& row : rows) line.push_back(row[k]);
    other.rows.push_back(std::move(line));
  }
  return other;
}

Node cell_rows(const std::vector<CellRow>& found, const Plan& plan) {
  std::vector<Node> rows;
  for (std::size_t k = 0; k < plan.cells.size(); ++k) {
    const PlannedCell& cell = plan.cells[k];
    const Outcome& outcome = found[k].outcome;
    Node row = Node::map(), varying = Node::map(), headline = Node::map();
    for (const auto& [path, value] : cell.varying) varying[path] = value;
    for (const auto& [name, value] : outcome.headline) headline[name] = Node::of(value);
    row["cell"] = Node::scalar(cell.id, true);
    row["varying"] = varying;
    row["status"] = Node::scalar(found[k].state, true);
    if (!outcome.error.empty()) row["error"] = Node::scalar(outcome.error, true);
    row["seconds"] = Node::of(outcome.seconds);
    row["headline"] = headline;
    rows.push_back(std::move(row));
  }
  return Node::list(std::move(rows));
}

TextTable cell_table(const std::vector<CellRow>& rows, const Plan& plan) {
  std::vector<std::string> paths, metrics;
  for (std::size_t k = 0; k < plan.cells.size(); ++k) {
    for (const auto& [path, value] : plan.cells[k].varying) add_unique(paths, path);
    for (const auto& [name, value] : rows[k].outcome.headline)
      if (!is_bound(name)) add_unique(metrics, name);
  }
  TextTable table{{"cell"}, {}};
  for (const std::string& path : paths) table.head.push_back(short_path(path, paths));
  table.head.emplace_back("status");
  for (const std::string& metric : metrics) table.head.push_back(metric);
  table.head.emplace_back("seconds");
  for (std::size_t k = 0; k < plan.cells.size(); ++k) {
    const PlannedCell& cell = plan.cells[k];
    const Outcome& outcome = rows[k].outcome;
    std::vector<std::string> row = {cell.id};
    for (const std::string& path : paths) {
      const auto found = lookup(cell.varying, path);
      row.push_back(found == cell.varying.end() ? "-" : value_text(found->second));
    }
    row.push_back(rows[k].state);
    for (const std::string& metric : metrics) row.push_back(metric_text(outcome.headline, metric));
    row.push_back(outcome.status.empty() ? "-" : short_number(outcome.seconds));
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace gibbsite
