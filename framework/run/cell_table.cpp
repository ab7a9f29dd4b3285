#include "gibbsite/run/cell_table.hpp"

#include <sys/stat.h>

#include <cmath>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/pack.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t long_plan = 2000;  // from here on a look at every file takes noticeable time

bool earlier(const timespec& a, const timespec& b) {
  return a.tv_sec < b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);
}

// The complete cells of a grid file, by id.
class GridRows {
 public:
  explicit GridRows(const fs::path& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0) return;
    try {
      read(file);
      written_ = info.st_mtim;
    } catch (const StorageError&) {
      rows_.clear();  // a damaged table costs time, nothing else: the cells say it all
    }
  }

  // The row of a cell whose result is older than the table.
  const Outcome* find(const fs::path& folder, const std::string& id) const {
    const auto row = rows_.find(id);
    struct stat info {};
    if (row == rows_.end() || ::stat((cell_folder(folder, id) / "result.h5").c_str(), &info) != 0 ||
        !earlier(info.st_mtim, written_))
      return nullptr;
    return &row->second;
  }

 private:
  void read(const fs::path& path) {
    const Hdf5Reader file(path);
    const auto ids = file.read_texts("/cells/id"), states = file.read_texts("/cells/status");
    const auto seconds = file.read("/cells/seconds");
    for (std::size_t k = 0; k < ids.size(); ++k)
      if (states[k] == "complete" && std::isfinite(seconds[k])) {
        rows_[ids[k]].status = states[k];
        rows_[ids[k]].seconds = seconds[k];
      }
    for (const std::string& name : file.names("/cells")) {
      if (!file.boolean_attribute("/cells/" + name, "headline").value_or(false)) continue;
      const auto values = file.read("/cells/" + name);
      for (std::size_t k = 0; k < ids.size(); ++k)
        if (const auto row = rows_.find(ids[k]); row != rows_.end() && !std::isnan(values[k]))
          row->second.headline.emplace_back(name, values[k]);
    }
  }

  std::unordered_map<std::string, Outcome> rows_;
  timespec written_{};
};

std::unordered_set<std::string> names_in(const fs::path& folder) {
  std::unordered_set<std::string> names;
  std::error_code none;
  for (const auto& item : fs::directory_iterator(folder, none))
    names.insert(item.path().filename().string());
  return names;
}

}  // namespace

std::vector<CellRow> look_at_cells(const fs::path& folder, const Plan& plan) {
  const auto begun = names_in(folder / "cells");
  const bool is_long = plan.cells.size() >= long_plan;
  const GridRows known(is_long ? folder / "grid.h5" : fs::path());
  std::vector<CellRow> rows;
  rows.reserve(plan.cells.size());
  for (const PlannedCell& cell : plan.cells) {
    const fs::path own = cell_folder(folder, cell.id);
    CellRow row{.state = "new", .outcome = {}};
    if (const Outcome* outcome = is_long ? known.find(folder, cell.id) : nullptr) {
      row = {.state = outcome->status, .outcome = *outcome};
    } else if (begun.contains(cell.id) || packed_status(own)) {
      row = {.state = cell_state(folder, cell), .outcome = read_status(own)};
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace gibbsite
