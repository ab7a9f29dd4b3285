// What the files of a cell say about it.
#include "gibbsite/run/lease.hpp"
#include "gibbsite/run/pack.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {

namespace fs = std::filesystem;

fs::path cell_folder(const fs::path& folder, const std::string& id) {
  return folder / "cells" / id;
}

std::string cell_state(const fs::path& folder, const PlannedCell& cell) {
  const fs::path own = cell_folder(folder, cell.id);
  if (fs::exists(own / "result.h5"))
    return read_status(own).status == "diverged" ? "diverged" : "complete";
  if (packed_status(own)) return "complete";
  if (!fs::exists(own)) return "new";
  if (is_held(own)) return "running";
  if (read_status(own).status == "failed") return "failed";
  return fs::exists(own / "checkpoint.bin") || fs::exists(own / "checkpoint.previous.bin")
             ? "interrupted"
             : "new";
}

}  // namespace gibbsite
