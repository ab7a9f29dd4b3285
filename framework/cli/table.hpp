// Tables for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/run/cell_table.hpp"

namespace gibbsite {

/// Longer plans are summed up, not listed, where nobody asked for every row.
inline constexpr std::size_t most_rows = 1000;

/// Rows of equal length under a head, columns aligned.
struct TextTable {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
  std::string text() const;
  /// As wide as its longest line.
  std::size_t width() const;
  /// Rows as columns: for few rows of many entries.
  TextTable transposed() const;
};

/// One row per cell: what varies, how it ended, its headline numbers and seconds.
TextTable cell_table(const std::vector<CellRow>& rows, const Plan& plan);

/// The same for programs: a list of maps with cell, varying, status, error, seconds and headline.
Node cell_rows(const std::vector<CellRow>& rows, const Plan& plan);

/// The last word of a dotted path, or the whole of it where another of `all` ends with the same
/// word.
std::string short_path(const std::string& path, const std::vector<std::string>& all);

/// A number with four significant digits, or two decimals where it is large.
std::string short_number(double value);

}  // namespace gibbsite
