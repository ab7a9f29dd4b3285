// What the values of a comparison should be.
#pragma once

#include "gibbsite/run/compared_cells.hpp"
#include "gibbsite/run/metric.hpp"

namespace gibbsite {

/// Where truths are found.
class Truths {
 public:
  /// `texts` as in ComparisonRequest::truths. Throws Error for names that are neither a column of
  /// `cells` nor one of `metrics`, values that no row has, and numbers that are none.
  Truths(const std::vector<std::string>& texts, const ComparedCells& cells,
         const std::vector<Metric>& metrics);

  /// Throws Error where an estimate that should be the truth is not among these.
  void require_labels(const std::vector<std::string>& labels) const;

  /// What the cell itself knows: a number given for the metric, or an estimate of its own; nothing
  /// for the estimate that is the truth.
  Measured of_cell(const CellNumbers& numbers, const Metric& metric) const;

  /// Gives cells that know no truth that of the rows given by `PATH=VALUE`, where these agree with
  /// their own row in all else: the mean over its cells. Returns per row the standard error of it,
  /// which the row's cells share; 0 where there is no such truth.
  std::vector<double> take_from_rows(ComparedCells& cells, std::size_t metric) const;

 private:
  std::vector<std::string> labels_;
  std::vector<std::pair<std::string, double>> numbers_;
  std::vector<std::pair<std::size_t, std::string>> rows_;  // column of by, value
};

/// The mean of a metric over the complete cells of a row, with its standard error: that of the
/// cells where each knows its own, else from how they scatter.
Measured mean_of_row(const ComparedCells& cells, std::size_t row, std::size_t metric);

}  // namespace gibbsite
