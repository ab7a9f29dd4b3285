// What a run folder says of all its cells, at one look.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbsite/run/plan.hpp"
#include "gibbsite/run/result.hpp"

namespace gibbsite {

/// One cell of a run folder.
struct CellRow {
  std::string state;  ///< see cell_state
  Outcome outcome;
};

/// The cells of a plan. In long plans those that grid.h5 knows as complete, and that are older than
/// it, are taken from there: without the parts that made them, and without metrics that are NaN.
std::vector<CellRow> look_at_cells(const std::filesystem::path& folder, const Plan& plan);

}  // namespace gibbsite
