#include <algorithm>
#include <cmath>
#include <set>

#include "gibbsite/core/error.hpp"
#include "gibbsite/run/comparison_parts.hpp"

namespace gibbsite {
namespace {

using Form = Metric::Form;

constexpr double level = 0.05;

// The difference of two rows, over the repetitions that both have.
Difference difference(const ComparedCells& cells, std::size_t row, std::size_t other,
                      std::size_t metric) {
  std::map<std::string, const Measured*> others;
  for (const std::size_t k : cells.of_row[other])
    others[cells.cells[k].repetition] = &cells.cells[k].measured[metric];
  std::vector<double> values;
  double error = std::nan("");
  for (const std::size_t k : cells.of_row[row]) {
    const ComparedCell& cell = cells.cells[k];
    if (!others.contains(cell.repetition)) continue;
    const Measured &one = cell.measured[metric], &two = *others[cell.repetition];
    if (std::isnan(one.value - two.value)) continue;
    values.push_back(one.value - two.value);
    error = std::hypot(one.standard_error, two.standard_error);
  }
  if (values.size() != 1) {
    const Mean mean = mean_of(values);
    return {mean, student_p(mean)};
  }
  return {known_mean(values[0], error), values[0] == 0 ? 1 : normal_p(values[0], error)};
}

bool has_repetitions(const Metric& metric) {
  return metric.form != Form::rms_error && metric.form != Form::z;
}

void correct(const std::vector<Difference*>& family) {
  std::vector<double> p;
  for (const Difference* one : family) p.push_back(one->p);
  const auto corrected = holm(p);
  for (std::size_t k = 0; k < family.size(); ++k) family[k]->p_holm = corrected[k];
}

// The rows that answer one question: those that share a baseline, or a problem.
std::vector<std::vector<std::size_t>> groups_of(const Comparison& table,
                                                const ComparedCells& cells) {
  std::map<std::set<std::string>, std::vector<std::size_t>> by_model, by_data;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    std::set<std::string> data, problem;
    for (const std::size_t k : cells.of_row[row]) {
      data.insert(cells.cells[k].data);
      problem.insert(cells.cells[k].data + "; " + cells.cells[k].model);
    }
    by_data[data].push_back(row);
    by_model[problem].push_back(row);
  }
  const bool shared = std::any_of(by_model.begin(), by_model.end(),
                                  [](const auto& group) { return group.second.size() > 1; });
  // Models of the same data may compete; other laws are other problems.
  if (!shared) by_data.erase({""});
  std::vector<std::vector<std::size_t>> groups;
  for (const auto& [key, rows] : shared ? by_model : by_data) groups.push_back(rows);
  return groups;
}

// The row with the best mean among `rows`; none where fewer than two have one.
std::optional<std::size_t> best_of(const Comparison& table, const std::vector<std::size_t>& rows,
                                   std::size_t metric) {
  const bool high = table.metrics[metric].better == Metric::Better::high;
  std::optional<std::size_t> best;
  int candidates = 0;
  for (const std::size_t row : rows) {
    const double value = table.rows[row].values[metric].mean.value;
    if (!std::isfinite(value)) continue;
    ++candidates;
    const double lead = best ? table.rows[*best].values[metric].mean.value : value;
    if (!best || (high ? value > lead : value < lead)) best = row;
  }
  return candidates > 1 ? best : std::nullopt;
}

}  // namespace

void add_differences(Comparison& table, const ComparedCells& cells,
                     const std::vector<std::string>& baseline) {
  std::map<std::size_t, std::string> wanted;  // column of by -> value
  for (const std::string& text : baseline) {
    const auto [path, value] = path_and_value(text, table.by, "--baseline");
    const auto column =
        std::size_t(std::find(table.by.begin(), table.by.end(), path) - table.by.begin());
    std::set<std::string> values;
    for (const ComparedRow& row : table.rows) values.insert(row.by[column]);
    if (!values.contains(value))
      throw Error("--baseline: no row has " + path + "=" + value +
                  known_names(value, {values.begin(), values.end()}));
    wanted[column] = value;
  }
  std::vector<std::vector<Difference*>> families(table.metrics.size());
  int alone = 0;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    auto key = table.rows[row].by;
    for (const auto& [column, value] : wanted) key[column] = value;
    const auto found = std::find_if(table.rows.begin(), table.rows.end(),
                                    [&](const ComparedRow& one) { return one.by == key; });
    const auto other = std::size_t(found - table.rows.begin());
    table.rows[row].is_baseline = other == row;
    alone += found == table.rows.end() ? 1 : 0;
    if (found == table.rows.end() || other == row) continue;
    for (std::size_t k = 0; k < table.metrics.size(); ++k) {
      ComparedValue& value = table.rows[row].values[k];
      if (!has_repetitions(table.metrics[k]) || !value.text.empty()) continue;
      value.difference = difference(cells, row, other, k);
      families[k].push_back(&*value.difference);
    }
  }
  for (const auto& family : families) correct(family);
  if (alone > 0)
    table.notes.push_back(std::to_string(alone) + " rows have no baseline: no row has " +
                          join(baseline) + " and agrees with them in all else");
}

void mark_best(Comparison& table, const ComparedCells& cells) {
  const auto groups = groups_of(table, cells);
  for (std::size_t k = 0; k < table.metrics.size(); ++k) {
    if (table.metrics[k].better == Metric::Better::neither) continue;
    std::vector<std::pair<std::size_t, Difference>> others;
    for (const auto& rows : groups) {
      const auto best = best_of(table, rows, k);
      if (!best) continue;
      table.rows[*best].values[k].mark = ComparedValue::Mark::best;
      for (const std::size_t row : rows)
        if (row != *best && has_repetitions(table.metrics[k]))
          others.emplace_back(row, difference(cells, row, *best, k));
    }
    std::vector<Difference*> family;
    for (auto& [row, one] : others) family.push_back(&one);
    correct(family);
    for (const auto& [row, one] : others)
      if (one.p_holm > level) table.rows[row].values[k].mark = ComparedValue::Mark::like_best;
  }
}

}  // namespace gibbsite
