// Cells side by side: means and intervals over repetitions, errors against the truth, differences
// to a baseline, and which rows cannot be told from the best.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gibbsite/run/compared_cells.hpp"
#include "gibbsite/run/metric.hpp"
#include "gibbsite/run/significance.hpp"

namespace gibbsite {

/// What to compare.
struct ComparisonRequest {
  std::vector<std::filesystem::path> folders;
  std::vector<std::string> by;       ///< paths; empty: every varying one but `seed`
  std::vector<std::string> metrics;  ///< empty: the headlines, costs and errors there are
  /// Where the truth is, the first that a row has: the label of an estimate of the same cell,
  /// `METRIC=NUMBER`, or `PATH=VALUE` for the rows that have it. Empty: an exact estimate.
  std::vector<std::string> truths;
  std::vector<std::string> baseline;  ///< `PATH=VALUE`: each row beside the one with these values
  std::vector<std::string> only;      ///< `PATH=VALUE`: leaves out cells without
};

/// The difference of a row to another, over the repetitions that both have.
struct Difference {
  Mean mean;                 ///< of row - other row
  double p = 1, p_holm = 1;  ///< two-sided, alone and corrected for all rows of the metric
};

/// A metric of a row.
struct ComparedValue {
  enum class Interval {
    none,
    own,   ///< what the one cell says of its error
    seeds  ///< Student's, over the cells
  };
  enum class Mark {
    none,
    best,
    like_best  ///< not distinguishable from the best at 5 %, Holm over the rows of the metric
  };
  Mean mean;  ///< its count: the cells with a value
  Interval interval = Interval::none;
  std::string text;  ///< of a metric that is no number
  Mark mark = Mark::none;
  std::optional<Difference> difference;  ///< to the row's baseline
};

/// A row: all cells that agree in what rows are told apart by.
struct ComparedRow {
  std::vector<std::string> by;             ///< in the order of Comparison::by
  std::map<std::string, int> states = {};  ///< state -> number of cells
  int cells() const;
  int complete() const;
  bool is_baseline = false;
  std::vector<ComparedValue> values = {};  ///< in the order of Comparison::metrics
};

/// The table.
struct Comparison {
  std::vector<std::string> by;
  std::vector<Metric> metrics;
  std::vector<ComparedRow> rows = {};
  bool has_baseline = false;
  std::vector<std::string> notes = {};  ///< what is missing, and what the marks mean
};

/// Values are those of complete cells; all others are counted in their row. The best is looked for
/// among rows of equal `data` and `model`, or, where no two rows share these, among models of the
/// same data. Throws Error for names and values that do not exist.
Comparison compare(const ComparisonRequest& request);
/// The same of cells that are read already; only the metrics, truths and baseline of `request`
/// count.
Comparison compare(ComparedCells cells, const ComparisonRequest& request);

}  // namespace gibbsite
