#include "gibbsite/run/report.hpp"

#include <cmath>
#include <cstdio>
#include <set>

#include "gibbsite/core/error.hpp"
#include "gibbsite/run/diagnosis.hpp"
#include "gibbsite/run/grid.hpp"
#include "gibbsite/run/pack.hpp"

namespace gibbsite {
namespace {

bool has_result(const ComparedCell& cell) {
  return cell.state == "complete" || cell.state == "diverged";
}

std::string varying_text(const ComparedCell& cell) {
  std::string text;
  for (const auto& [path, value] : cell.at)
    if (path != "folder") text += (text.empty() ? "" : " ") + path + "=" + value;
  return text;
}

Node unfinished(const ComparedCells& cells) {
  Node list = Node::list({});
  for (const ComparedCell& cell : cells.cells) {
    if (cell.state == "complete") continue;
    Node one = Node::map();
    one["id"] = Node::scalar(cell.id, true);
    one["varying"] = Node::scalar(varying_text(cell), true);
    one["state"] = Node::scalar(cell.state, true);
    one["error"] = Node::scalar(cell.error, true);
    list.items.push_back(std::move(one));
  }
  return list;
}

void add_numbers(const Node& node, const std::string& path, std::map<std::string, double>& to) {
  for (const auto& entry : node.entries) add_numbers(entry.value, path + "." + entry.key, to);
  for (std::size_t k = 0; k < node.items.size(); ++k)
    add_numbers(node.items[k], path + "." + std::to_string(k), to);
  if (const auto number = node.as_real(); number && !node.quoted) to[path] = *number;
}

Node axes(const ComparedCells& cells) {
  std::map<std::string, std::vector<double>> all;
  for (std::size_t row = 0; row < cells.rows.size(); ++row) {
    std::map<std::string, double> numbers;
    for (const std::string& path : cells.by)
      if (const Node* node = find_path(cells.cells[cells.of_row[row][0]].spec, path))
        add_numbers(*node, path, numbers);
    for (const auto& [path, number] : numbers) {
      auto& values = all[path];
      values.resize(cells.rows.size(), std::nan(""));
      values[row] = number;
    }
  }
  Node list = Node::list({});
  for (const auto& [path, values] : all) {
    std::set<double> different;
    for (const double value : values)
      if (!std::isnan(value)) different.insert(value);
    if (different.size() < 2) continue;
    Node one = Node::map();
    one["path"] = Node::scalar(path, true);
    one["values"] = Node::scalar(packed(values), true);
    list.items.push_back(std::move(one));
  }
  return list;
}

// Finished cells, at most `most`: the first ones of rows before further ones, rows at even
// distances.
std::vector<std::size_t> shown_cells(const ComparedCells& cells, std::size_t most) {
  std::vector<std::size_t> first, further;
  for (const auto& row : cells.of_row) {
    bool found = false;
    for (const std::size_t k : row) {
      if (!has_result(cells.cells[k])) continue;
      (found ? further : first).push_back(k);
      found = true;
    }
  }
  std::vector<std::size_t> chosen;
  const std::size_t count = std::min(first.size(), most);
  for (std::size_t k = 0; k < count; ++k) chosen.push_back(first[k * first.size() / count]);
  for (std::size_t k = 0; k < further.size() && chosen.size() < most; ++k)
    chosen.push_back(further[k]);
  return chosen;
}

const char* const facts[] = {"git_commit",        "creation_library_version",
                             "precision",         "instruction_set",
                             "compiler",          "compiler_flags",
                             "cpu_features",      "host",
                             "started",           "energy_sign",
                             "gradient_direction"};

// What the results say of where they come from.
class Provenance {
 public:
  void take(const Hdf5Reader& file) {
    for (const char* fact : facts) add(fact, file.text_attribute("/", fact));
    for (const std::string& plugin : file.texts_attribute("/", "plugins")) add("plugin", plugin);
  }
  Node node() const {
    Node out = Node::map();
    for (const auto& [name, values] : values_) {
      Node list = Node::list({});
      for (const std::string& value : values) list.items.push_back(Node::scalar(value, true));
      out[name] = std::move(list);
    }
    return out;
  }

 private:
  void add(const std::string& name, const std::string& value) {
    if (!value.empty()) values_[name].insert(value);
  }
  std::map<std::string, std::set<std::string>> values_;
};

Node findings(const std::filesystem::path& result) {
  Node list = Node::list({});
  for (const Finding& one : diagnose(result)) {
    Node entry = Node::map();
    entry["part"] = Node::scalar(one.part, true);
    entry["what"] = Node::scalar(one.what, true);
    entry["advice"] = Node::scalar(one.advice, true);
    list.items.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

std::string packed(const std::vector<double>& values) {
  std::string out;
  char text[32];
  for (const double value : values) {
    if (!out.empty()) out += ' ';
    if (std::isnan(value))
      out += "NaN";
    else if (std::isinf(value))
      out += value > 0 ? "Infinity" : "-Infinity";
    else
      out.append(text, std::size_t(std::snprintf(text, sizeof text, "%.6g", value)));
  }
  return out;
}

Node report_data(const ComparedCells& cells, const ReportLimits& limits) {
  Node details = Node::list({}), notes = Node::list({});
  Provenance provenance;
  const auto shown = shown_cells(cells, limits.cells);
  for (const std::size_t k : shown) {
    const ComparedCell& cell = cells.cells[k];
    const auto result = result_path(cell.folder);
    const Hdf5Reader file(result);
    provenance.take(file);
    Node one = result_plots(file, limits);
    one["id"] = Node::scalar(cell.id, true);
    one["varying"] = Node::scalar(varying_text(cell), true);
    one["state"] = Node::scalar(cell.state, true);
    one["spec"] = Node::scalar(to_yaml(cell.spec), true);
    one["findings"] = findings(result);
    details.items.push_back(std::move(one));
  }
  std::size_t finished = 0;
  for (const ComparedCell& cell : cells.cells) finished += has_result(cell);
  if (finished > shown.size())
    notes.items.push_back(Node::scalar(
        "Plots of single cells, their diagnosis and their provenance are those of " +
            std::to_string(shown.size()) + " of " + std::to_string(finished) +
            " finished cells, spread evenly over the rows; --only path=value chooses others.",
        true));
  Node out = Node::map();
  out["count"] = Node::of(std::int64_t(cells.cells.size()));
  out["finished"] = Node::of(std::int64_t(finished));
  out["unfinished"] = unfinished(cells);
  out["axes"] = axes(cells);
  out["details"] = std::move(details);
  out["provenance"] = provenance.node();
  out["notes"] = std::move(notes);
  return out;
}

}  // namespace gibbsite
