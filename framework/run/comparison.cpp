#include "gibbsite/run/comparison.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/core/error.hpp"
#include "gibbsite/run/comparison_parts.hpp"
#include "gibbsite/run/comparison_truth.hpp"

namespace gibbsite {
namespace {

using Form = Metric::Form;
using Interval = ComparedValue::Interval;
using Errors = std::vector<std::vector<double>>;  // per metric and row

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// The headlines of all cells, what they cost, and how far they are from the truth.
std::vector<Metric> usual_metrics(const ComparedCells& cells) {
  std::vector<std::string> names;
  for (const ComparedCell& cell : cells.cells)
    for (const auto& [name, value] : read_status(cell.folder).headline)
      if (!name.ends_with("_low") && !name.ends_with("_high") && !contains(names, name))
        names.push_back(name);
  std::vector<Metric> all;
  for (const std::string& name : names) {
    all.emplace_back(name);
    if (name.ends_with(".ess_bulk"))
      for (const char* form : {"/per_evaluation", "/per_update", "/per_second"})
        all.emplace_back(name + form);
    if (name.ends_with(".log_partition"))
      for (const char* form : {"/error", "/z"}) all.emplace_back(name + form);
  }
  for (const char* form : {"/error", "/z"}) all.emplace_back(std::string("sample_stats/lp") + form);
  return all;
}

std::vector<Metric> chosen_metrics(const ComparisonRequest& request, const ComparedCells& cells) {
  if (request.metrics.empty()) return usual_metrics(cells);
  return {request.metrics.begin(), request.metrics.end()};
}

// Reads every metric of every complete cell. Throws Error for a metric that no result has.
void read_numbers(ComparedCells& cells, const std::vector<Metric>& metrics, const Truths& truths,
                  bool asked_for) {
  std::vector<bool> known(metrics.size(), false);
  std::vector<std::string> names, labels;
  bool any = false;
  for (ComparedCell& cell : cells.cells) {
    const CellNumbers numbers(cell.folder);
    const bool has_result = cell.state == "complete" || cell.state == "diverged";
    any = any || has_result;
    for (const std::string& label : numbers.labels())
      if (!contains(labels, label)) labels.push_back(label);
    if (has_result && asked_for)
      for (const std::string& name : numbers.known())
        if (!contains(names, name)) names.push_back(name);
    for (std::size_t k = 0; k < metrics.size(); ++k) {
      Measured found, truth;
      if (has_result) found = numbers.read(metrics[k]);
      known[k] = known[k] || found.is_there() || contains(names, metrics[k].path);
      if (cell.state != "complete") found = {};
      if (metrics[k].path == "status") found = {.text = cell.state};
      if (found.is_there() && metrics[k].needs_truth()) truth = truths.of_cell(numbers, metrics[k]);
      cell.measured.push_back(found);
      cell.truth.push_back(truth);
    }
  }
  if (!any) throw Error("compare: no cell has a result yet (see gibbsite status)");
  truths.require_labels(labels);
  for (std::size_t k = 0; asked_for && k < known.size(); ++k)
    if (!known[k])
      throw Error("--metric: unknown metric '" + metrics[k].path + "'" +
                  known_names(metrics[k].path, names));
}

// Values of metrics that need a truth become differences to it. Returns the standard errors of
// truths that the cells of a row share.
Errors subtract_truths(ComparedCells& cells, const std::vector<Metric>& metrics,
                       const Truths& truths, bool asked_for) {
  Errors shared(metrics.size(), std::vector<double>(cells.rows.size(), 0));
  for (std::size_t k = 0; k < metrics.size(); ++k) {
    if (!metrics[k].needs_truth()) continue;
    shared[k] = truths.take_from_rows(cells, k);
    bool any = false;
    for (ComparedCell& cell : cells.cells) {
      Measured& one = cell.measured[k];
      const Measured& truth = cell.truth[k];
      any = any || truth.is_there();
      const bool own_interval = truth.standard_error == 0;
      one.value -= truth.value;
      one.standard_error = std::hypot(one.standard_error, truth.standard_error);
      one.low = own_interval ? one.low - truth.value : std::nan("");
      one.high = own_interval ? one.high - truth.value : std::nan("");
    }
    if (asked_for && !any)
      throw Error("--metric: " + metrics[k].name +
                  ": no cell knows the truth of it: neither an exact estimate of '" +
                  metrics[k].scalar() + "' nor --truth");
  }
  return shared;
}

// One number that stands for all cells of a row.
Mean figure(double value, int count) {
  const double none = std::nan("");
  return {count, std::isfinite(value) ? value : none, none, none, none};
}

double root_mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum / double(values.size()));
}

// The interval of one cell is its own; that of an error takes in the error of the truth.
Mean of_one_cell(const Measured& cell, double shared_error) {
  Mean mean = known_mean(cell.value, std::hypot(cell.standard_error, shared_error));
  if (shared_error > 0 || std::isnan(cell.low) || std::isnan(cell.high)) return mean;
  mean.low = cell.low;
  mean.high = cell.high;
  return mean;
}

// Student's interval of cells, and the error that they share.
Mean of_cells(const std::vector<double>& values, double shared_error) {
  Mean mean = mean_of(values);
  const double more = known_mean(0, shared_error).high;
  mean.low = mean.value - std::hypot(mean.value - mean.low, more);
  mean.high = mean.value + std::hypot(mean.high - mean.value, more);
  mean.standard_error = std::hypot(mean.standard_error, shared_error);
  return mean;
}

ComparedValue summarise(const ComparedCells& cells, std::size_t row, std::size_t k,
                        const Metric& metric, double shared_error) {
  std::vector<double> values;
  std::map<std::string, int> texts;
  Measured last;
  for (const std::size_t member : cells.of_row[row]) {
    const Measured& one = cells.cells[member].measured[k];
    if (!one.text.empty()) ++texts[one.text];
    if (std::isnan(one.value)) continue;
    values.push_back(one.value);
    last = one;
  }
  ComparedValue out;
  if (!texts.empty()) out.text = common_text(texts);
  const int count = int(values.size());
  if (metric.form == Form::z) {
    const double error = std::hypot(mean_of_row(cells, row, k).standard_error, shared_error);
    out.mean = figure(mean_of(values).value / error, count);
  } else if (metric.form == Form::rms_error) {
    out.mean = figure(root_mean_square(values), count);
  } else {
    out.mean = count == 1 ? of_one_cell(last, shared_error) : of_cells(values, shared_error);
    if (!std::isnan(out.mean.low) || !std::isnan(out.mean.high))
      out.interval = count == 1 ? Interval::own : Interval::seeds;
  }
  return out;
}

// Takes out of the metrics that nobody asked for those that no row has.
void drop_empty(Comparison& table, ComparedCells& cells) {
  const auto erase = [](auto& list, std::size_t k) {
    list.erase(list.begin() + std::ptrdiff_t(k));
  };
  for (std::size_t k = table.metrics.size(); k-- > 0;) {
    const bool any = std::any_of(table.rows.begin(), table.rows.end(), [&](const ComparedRow& row) {
      return !std::isnan(row.values[k].mean.value) || !row.values[k].text.empty();
    });
    if (any) continue;
    erase(table.metrics, k);
    for (ComparedRow& row : table.rows) erase(row.values, k);
    for (ComparedCell& cell : cells.cells) erase(cell.measured, k);
  }
}

}  // namespace

int ComparedRow::cells() const {
  int sum = 0;
  for (const auto& [state, count] : states) sum += count;
  return sum;
}

int ComparedRow::complete() const {
  const auto found = states.find("complete");
  return found == states.end() ? 0 : found->second;
}

Comparison compare(const ComparisonRequest& request) {
  return compare(read_cells(request.folders, request.by, request.only), request);
}

Comparison compare(ComparedCells cells, const ComparisonRequest& request) {
  const bool asked_for = !request.metrics.empty();
  Comparison table{.by = cells.by, .metrics = chosen_metrics(request, cells)};
  const Truths truths(request.truths, cells, table.metrics);
  read_numbers(cells, table.metrics, truths, asked_for);
  const Errors shared = subtract_truths(cells, table.metrics, truths, asked_for);
  for (std::size_t row = 0; row < cells.rows.size(); ++row) {
    ComparedRow one{.by = cells.rows[row]};
    for (const std::size_t k : cells.of_row[row]) ++one.states[cells.cells[k].state];
    for (std::size_t k = 0; k < table.metrics.size(); ++k)
      one.values.push_back(summarise(cells, row, k, table.metrics[k], shared[k][row]));
    table.rows.push_back(std::move(one));
  }
  if (!asked_for) drop_empty(table, cells);
  note_what_is_missing(table, cells);
  table.has_baseline = !request.baseline.empty();
  if (table.has_baseline) add_differences(table, cells, request.baseline);
  mark_best(table, cells);
  return table;
}

}  // namespace gibbsite
