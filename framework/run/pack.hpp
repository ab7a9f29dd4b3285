// Finished small cells in one file, `packed.h5`: a group per cell, and /cells with their status.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "gibbsite/run/plan.hpp"

namespace gibbsite {

/// Where the results of a cell are: `<cell>/result.h5`, or its group `packed.h5:/<id>` of the run
/// folder, as Hdf5Reader takes it. Empty where there are none.
std::filesystem::path result_path(const std::filesystem::path& cell);

/// The text of the status file of a packed cell; nothing where the cell is not packed.
std::optional<std::string> packed_status(const std::filesystem::path& cell);

/// What packing has done.
struct Packed {
  std::size_t added = 0, all = 0;      ///< cells
  std::size_t large = 0;               ///< complete, but above the limit
  std::size_t other = 0;               ///< complete, with files that are not the program's
  std::uintmax_t before = 0, now = 0;  ///< bytes of the results
};

/// Moves the complete cells of a run folder whose results have at most `largest` bytes into
/// packed.h5: the file is complete, read back and synced before a cell is removed, so that no
/// moment has a cell neither here nor there. Throws Error where another program is packing the
/// folder.
Packed pack_cells(const std::filesystem::path& folder, std::uintmax_t largest);

/// Takes cells out of the pack and throws their results away, as running them afresh needs.
void drop_packed(const std::filesystem::path& folder, const std::set<std::string>& ids);

}  // namespace gibbsite
