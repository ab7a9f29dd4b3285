#include "gibbsite/run/comparison_truth.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/node.hpp"
#include "gibbsite/run/significance.hpp"

namespace gibbsite {

Truths::Truths(const std::vector<std::string>& texts, const ComparedCells& cells,
               const std::vector<Metric>& metrics) {
  for (const std::string& text : texts) {
    const auto equals = text.rfind('=');
    const std::string name = text.substr(0, equals);
    if (equals == std::string::npos) {
      labels_.push_back(text);
    } else if (std::any_of(metrics.begin(), metrics.end(),
                           [&](const Metric& metric) { return metric.path == name; })) {
      const auto number = Node::scalar(text.substr(equals + 1)).as_real();
      if (!number) throw Error("--truth: " + name + ": must be a number, got '" + text + "'");
      numbers_.emplace_back(name, *number);
    } else {
      const auto [path, value] = path_and_value(text, cells.by, "--truth");
      const auto column =
          std::size_t(std::find(cells.by.begin(), cells.by.end(), path) - cells.by.begin());
      std::vector<std::string> values;
      for (const auto& row : cells.rows)
        if (std::find(values.begin(), values.end(), row[column]) == values.end())
          values.push_back(row[column]);
      if (std::find(values.begin(), values.end(), value) == values.end())
        throw Error("--truth: no row has " + path + "=" + value + known_names(value, values));
      rows_.emplace_back(column, value);
    }
  }
}

void Truths::require_labels(const std::vector<std::string>& labels) const {
  for (const std::string& label : labels_)
    if (std::find(labels.begin(), labels.end(), label) == labels.end())
      throw Error("--truth: no result has an estimate called '" + label + "'" +
                  known_names(label, labels));
}

Measured Truths::of_cell(const CellNumbers& numbers, const Metric& metric) const {
  for (const auto& [name, value] : numbers_)
    if (name == metric.path) return {.value = value, .standard_error = 0};
  const bool given = !labels_.empty() || !numbers_.empty() || !rows_.empty();
  auto labels = labels_;
  if (!given) labels = {numbers.exact_label(metric.scalar())};
  for (const std::string& label : labels) {
    if (label.empty() || metric.path == "estimates/" + label + "/" + metric.scalar() ||
        metric.path == label + "." + metric.scalar())
      continue;
    Measured found = numbers.scalar(label, metric.scalar());
    if (std::isnan(found.standard_error)) found.standard_error = 0;
    if (found.is_there()) return found;
  }
  return {};
}

std::vector<double> Truths::take_from_rows(ComparedCells& cells, std::size_t metric) const {
  std::vector<double> errors(cells.rows.size(), 0);
  for (std::size_t row = 0; row < cells.rows.size(); ++row)
    for (const auto& [column, value] : rows_) {
      auto key = cells.rows[row];
      key[column] = value;
      const auto found = std::find(cells.rows.begin(), cells.rows.end(), key);
      const auto other = std::size_t(found - cells.rows.begin());
      if (found == cells.rows.end() || other == row) continue;
      const Measured truth = mean_of_row(cells, other, metric);
      bool taken = false;
      for (const std::size_t k : cells.of_row[row]) {
        ComparedCell& cell = cells.cells[k];
        if (cell.truth[metric].is_there()) continue;
        cell.truth[metric] = {.value = truth.value, .standard_error = 0};
        taken = truth.is_there();
      }
      if (taken && std::isfinite(truth.standard_error)) errors[row] = truth.standard_error;
    }
  return errors;
}

Measured mean_of_row(const ComparedCells& cells, std::size_t row, std::size_t metric) {
  std::vector<double> values;
  double squares = 0;
  for (const std::size_t k : cells.of_row[row]) {
    const Measured& one = cells.cells[k].measured[metric];
    if (std::isnan(one.value)) continue;
    values.push_back(one.value);
    squares += one.standard_error * one.standard_error;
  }
  const Mean mean = mean_of(values);
  const double own = std::sqrt(squares) / double(values.size());
  return {.value = mean.value, .standard_error = std::isnan(own) ? mean.standard_error : own};
}

}  // namespace gibbsite
