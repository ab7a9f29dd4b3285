#include <cmath>

#include "gibbsite/cli/comparison_text.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

std::string csv_text(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_number(double value) {
  if (std::isnan(value)) return "";
  return std::isinf(value) ? (value > 0 ? "inf" : "-inf") : number_text(value);
}

std::string line_of(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t k = 0; k < cells.size(); ++k) line += (k == 0 ? "" : ",") + cells[k];
  return line + "\r\n";
}

const char* mark_text(ComparedValue::Mark mark) {
  switch (mark) {
    case ComparedValue::Mark::best:
      return "best";
    case ComparedValue::Mark::like_best:
      return "like_best";
    case ComparedValue::Mark::none:
      break;
  }
  return "";
}

const char* interval_text(ComparedValue::Interval interval) {
  switch (interval) {
    case ComparedValue::Interval::own:
      return "own";
    case ComparedValue::Interval::seeds:
      return "seeds";
    case ComparedValue::Interval::none:
      break;
  }
  return "";
}

void put(Node& node, const Mean& mean) {
  node["mean"] = Node::of(mean.value);
  node["count"] = Node::of(std::int64_t{mean.count});
  node["standard_error"] = Node::of(mean.standard_error);
  node["low"] = Node::of(mean.low);
  node["high"] = Node::of(mean.high);
}

Node node_of(const ComparedValue& value) {
  Node node = Node::map();
  if (!value.text.empty()) {
    node["text"] = Node::scalar(value.text, true);
    return node;
  }
  put(node, value.mean);
  node["interval"] = Node::scalar(interval_text(value.interval), true);
  node["mark"] = Node::scalar(mark_text(value.mark), true);
  if (!value.difference) return node;
  Node difference = Node::map();
  put(difference, value.difference->mean);
  difference["p"] = Node::of(value.difference->p);
  difference["p_holm"] = Node::of(value.difference->p_holm);
  node["difference"] = difference;
  return node;
}

Node texts(const std::vector<std::string>& list) {
  Node out = Node::list({});
  for (const std::string& text : list) out.items.push_back(Node::scalar(text, true));
  return out;
}

}  // namespace

std::string comparison_csv(const Comparison& table) {
  std::vector<std::string> head;
  for (const std::string& path : table.by) head.push_back(csv_text(path));
  head.insert(head.end(), {"cells", "complete"});
  for (const Metric& metric : table.metrics) {
    const std::string name = csv_text(metric.name);
    for (const char* part : {"", " count", " standard_error", " low", " high", " mark"})
      head.push_back(name + part);
    if (!table.has_baseline) continue;
    for (const char* part : {" difference", " difference low", " difference high", " p_holm"})
      head.push_back(name + part);
  }
  std::string out = line_of(head);
  for (const ComparedRow& row : table.rows) {
    std::vector<std::string> line;
    for (const std::string& value : row.by) line.push_back(csv_text(value));
    line.push_back(std::to_string(row.cells()));
    line.push_back(std::to_string(row.complete()));
    for (const ComparedValue& value : row.values) {
      const Mean& mean = value.mean;
      line.push_back(value.text.empty() ? csv_number(mean.value) : csv_text(value.text));
      line.push_back(std::to_string(mean.count));
      for (const double number : {mean.standard_error, mean.low, mean.high})
        line.push_back(csv_number(number));
      line.emplace_back(mark_text(value.mark));
      if (!table.has_baseline) continue;
      const Difference none{{0, std::nan(""), 0, std::nan(""), std::nan("")}, 1, std::nan("")};
      const Difference& found = value.difference ? *value.difference : none;
      for (const double number : {found.mean.value, found.mean.low, found.mean.high, found.p_holm})
        line.push_back(csv_number(number));
    }
    out += line_of(line);
  }
  return out;
}

Node comparison_node(const Comparison& table) {
  Node rows = Node::list({}), metrics = Node::list({});
  for (const Metric& metric : table.metrics)
    metrics.items.push_back(Node::scalar(metric.name, true));
  for (const ComparedRow& row : table.rows) {
    Node one = Node::map(), by = Node::map(), states = Node::map(), values = Node::map();
    for (std::size_t k = 0; k < table.by.size(); ++k)
      by[table.by[k]] = Node::scalar(row.by[k], true);
    for (const auto& [state, count] : row.states) states[state] = Node::of(std::int64_t{count});
    for (std::size_t k = 0; k < table.metrics.size(); ++k)
      values[table.metrics[k].name] = node_of(row.values[k]);
    one["by"] = by;
    one["cells"] = states;
    if (table.has_baseline) one["is_baseline"] = Node::of(row.is_baseline);
    one["values"] = values;
    rows.items.push_back(std::move(one));
  }
  Node node = Node::map();
  node["by"] = texts(table.by);
  node["metrics"] = metrics;
  node["rows"] = rows;
  node["notes"] = texts(table.notes);
  return node;
}

}  // namespace gibbsite
