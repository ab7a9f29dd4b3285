#include <cmath>
#include <numeric>
#include <set>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/cell_table.hpp"
#include "gibbsite/run/pack.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {
namespace {

// The varying paths of any cell, in order of first appearance.
std::vector<std::string> varying_paths(const Plan& plan) {
  std::vector<std::string> paths;
  for (const PlannedCell& cell : plan.cells)
    for (const auto& [path, value] : cell.varying)
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  return paths;
}

void put_varying(Hdf5Writer& file, const Plan& plan, const std::string& path) {
  std::vector<std::string> texts;
  std::vector<double> numbers;
  bool numeric = true, whole = true;
  for (const PlannedCell& cell : plan.cells) {
    const auto found = std::find_if(cell.varying.begin(), cell.varying.end(),
                                    [&](const auto& item) { return item.first == path; });
    const Node value = found == cell.varying.end() ? Node() : found->second;
    const auto number = value.as_real();
    numeric = numeric && (number || !value);
    whole = whole && value.as_integer();
    numbers.push_back(number.value_or(std::nan("")));
    texts.push_back(value ? value_text(value) : "");
  }
  if (numeric)
    file.put("/cells", path, whole ? Stored::int64 : Stored::float64, {"cell"}, numbers);
  else
    file.put_texts("/cells", path, "cell", texts);
}

// Where cells failed: how and where each of them did.
void put_failures(Hdf5Writer& file, const std::vector<CellRow>& rows) {
  std::vector<std::string> signals, stages, logs;
  std::vector<double> steps;
  bool any = false;
  for (const auto& [state, outcome] : rows) {
    const bool failed = state == "failed";
    any = any || failed;
    signals.push_back(failed ? outcome.signal : "");
    stages.push_back(failed ? outcome.stage : "");
    logs.push_back(failed ? join(outcome.log, "\n") : "");
    steps.push_back(failed && outcome.step >= 0 ? double(outcome.step) : std::nan(""));
  }
  if (!any) return;
  file.put_texts("/cells", "signal", "cell", signals);
  file.put_texts("/cells", "stage", "cell", stages);
  file.put("/cells", "step", Stored::float64, {"cell"}, steps);
  file.put_texts("/cells", "log", "cell", logs);
}

}  // namespace

void write_grid_file(const std::filesystem::path& folder, const Plan& plan) {
  const std::filesystem::path beside = folder / (".grid.h5.tmp." + unique_name());
  std::filesystem::remove(beside);
  std::vector<std::string> metrics, ids, states, errors, files;
  std::set<std::string> known;
  std::vector<double> seconds, index(plan.cells.size());
  std::iota(index.begin(), index.end(), 0.0);
  const std::vector<CellRow> rows = look_at_cells(folder, plan);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const auto& [state, outcome] = rows[k];
    for (const auto& [name, value] : outcome.headline)
      if (known.insert(name).second) metrics.push_back(name);
    const std::string& id = plan.cells[k].id;
    ids.push_back(id);
    states.push_back(state);
    errors.push_back(outcome.error);
    const auto result = result_path(cell_folder(folder, id));
    files.push_back(result.empty() ? "" : result.lexically_relative(folder).string());
    seconds.push_back(outcome.status.empty() ? std::nan("") : outcome.seconds);
  }
  Hdf5Writer file(beside);
  file.attribute("/", "gibbsite_format", std::int64_t{1});
  file.attribute("/", "name", plan.name);
  file.dimension("/cells", "cell", index);
  file.put_texts("/cells", "id", "cell", ids);
  file.put_texts("/cells", "status", "cell", states);
  for (const std::string& path : varying_paths(plan)) put_varying(file, plan, path);
  file.put("/cells", "seconds", Stored::float64, {"cell"}, seconds);
  for (const std::string& metric : metrics) {
    std::vector<double> values;
    for (const auto& [state, outcome] : rows) {
      const auto found = std::find_if(outcome.headline.begin(), outcome.headline.end(),
                                      [&](const auto& item) { return item.first == metric; });
      values.push_back(found == outcome.headline.end() ? std::nan("") : found->second);
    }
    file.put("/cells", metric, Stored::float64, {"cell"}, values);
    file.attribute("/cells/" + metric, "headline", true);
  }
  file.put_texts("/cells", "error", "cell", errors);
  put_failures(file, rows);
  file.put_texts("/cells", "file", "cell", files);
  file.finish(folder / "grid.h5");
}

}  // namespace gibbsite
