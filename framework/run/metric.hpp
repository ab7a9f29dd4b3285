// The numbers of one cell that tables compare, by name.
#pragma once

#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/result.hpp"

namespace gibbsite {

/// A number of one cell with the uncertainty that the cell itself states, or a text. What there is
/// not is NaN.
struct Measured {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  double value = unknown;
  double standard_error = unknown;
  double low = unknown, high = unknown;  ///< 95 % interval
  std::string text = {};                 ///< of what is no number: status, bound

  bool is_there() const { return value == value || !text.empty(); }
};

/// What a table shows in a column: `PATH[/FORM][:high|:low]`.
///
/// PATH is `estimates/<label>/<scalar>`, `gradients/<label>/<scalar>`, `training/<column>` (its
/// last value), `sample_stats/<name>` (the mean of all draws, with its Monte Carlo error),
/// `cost/<name>` or `cost/<stage>/<name>`, `seconds`, an attribute such as `status`, `precision` or
/// `estimates/<label>/bound`, or a headline of grid.h5, `<label>.<name>`.
struct Metric {
  /// - per_evaluation, per_update, per_second: divided by the energies and gradients evaluated, the
  ///   sites updated or the seconds of the stage `sample`, warm-up included
  /// - best: of a column of training, not the last value
  /// - error, rms_error, z: of the difference to the truth; z is that of the mean in its errors
  enum class Form { plain, per_evaluation, per_update, per_second, best, error, rms_error, z };
  enum class Better { neither, high, low };

  std::string name;  ///< as asked for, without `:high` or `:low`
  std::string path;
  Form form = Form::plain;
  Better better = Better::neither;

  /// Throws Error for an unknown direction, or a best of which the direction is not known.
  explicit Metric(const std::string& text);
  bool needs_truth() const { return form >= Form::error; }
  /// The name of the scalar that holds the truth of it in an estimate: `log_partition` of
  /// `estimates/ais/log_partition`, `mean_lp` of `sample_stats/lp`.
  std::string scalar() const;
};

/// The results of one cell, open for reading.
class CellNumbers {
 public:
  /// `folder` is that of the cell. Throws StorageError where its results file is damaged.
  explicit CellNumbers(const std::filesystem::path& folder);
  const Outcome& outcome() const { return outcome_; }
  /// The number that `metric` names, its truth left out; nothing there where the cell has none.
  Measured read(const Metric& metric) const;
  /// The scalar of the estimate called `label`, or nothing.
  Measured scalar(const std::string& label, const std::string& scalar) const;
  /// The labels of all estimates.
  std::vector<std::string> labels() const;
  /// The label of an exact estimate that holds `scalar`; empty where there is none.
  std::string exact_label(const std::string& scalar) const;
  /// Every path that `read` would find.
  std::vector<std::string> known() const;

 private:
  Measured at(const Metric& metric) const;
  Measured headline(const std::string& name) const;
  Measured of_group(const std::string& path) const;
  Measured of_training(const Metric& metric) const;
  Measured of_statistic(const std::string& name) const;
  double cost(const std::string& path) const;

  Outcome outcome_;
  std::unique_ptr<Hdf5Reader> file_;
};

}  // namespace gibbsite
