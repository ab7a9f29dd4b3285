// The cells of several run folders as rows of one table.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gibbsite/run/metric.hpp"
#include "gibbsite/run/plan.hpp"

namespace gibbsite {

/// One cell with its place in the table.
struct ComparedCell {
  std::filesystem::path folder;  ///< its own
  std::string id = {}, state = {}, error = {};
  std::map<std::string, std::string> at = {};  ///< what varies in any cell -> its value, in words
  Node spec = {};                              ///< resolved
  std::string data = {}, model = {};           ///< these sections of it
  std::size_t row = 0;
  std::string repetition = {};          ///< equal for cells of two rows that are to be paired
  std::vector<Measured> measured = {};  ///< per metric
  std::vector<Measured> truth = {};     ///< per metric, where it is asked for and known
};

/// Cells and what tells their rows apart.
struct ComparedCells {
  std::vector<std::string> by;
  std::vector<std::vector<std::string>> rows;  ///< values of `by`
  std::vector<ComparedCell> cells;
  std::vector<std::vector<std::size_t>> of_row;  ///< the cells of each row
};

/// The cells of all folders; `folder` varies where there are several. A path may be given by its
/// last words. Values of varying paths are shown short; paths that repeat another one in every cell
/// are left out unless `by` asks for them. Cells of one folder that no path of its grid tells apart
/// (the spec was changed between two runs) are told apart by where their specs differ. Throws Error
/// for unknown paths.
ComparedCells read_cells(const std::vector<std::filesystem::path>& folders,
                         std::vector<std::string> by, const std::vector<std::string>& only);

/// A `PATH=VALUE` split at its first '=', the path as `known` writes it. Throws Error that begins
/// with `option` where it is none, or the path is not known.
std::pair<std::string, std::string> path_and_value(const std::string& text,
                                                   const std::vector<std::string>& known,
                                                   const std::string& option);

}  // namespace gibbsite
