#include "support/run_folder.hpp"

#include <gibbsite/core/error.hpp>
#include <gibbsite/io/hdf5.hpp>
#include <numeric>

namespace gibbsite::test {
namespace {

std::vector<double> count_up(std::size_t n) {
  std::vector<double> numbers(n);
  std::iota(numbers.begin(), numbers.end(), 0.0);
  return numbers;
}

std::pair<std::string, std::string> split(const std::string& path) {
  const auto slash = path.rfind('/');
  return {"/" + path.substr(0, slash), path.substr(slash + 1)};
}

void write_result(const fs::path& file, const DraftCell& cell) {
  const fs::path beside = file.string() + ".tmp";
  Hdf5Writer out(beside);
  for (const auto& [path, value] : cell.scalars) {
    const auto [group, name] = split(path);
    out.group(group);
    out.put(group, name, Stored::float64, {}, {value});
  }
  for (const auto& [path, text] : cell.texts) {
    const auto [group, name] = split(path);
    out.attribute(group, name, text);
  }
  for (const auto& [name, values] : cell.training) {
    if (!out.has_dimension("/training", "update"))
      out.dimension("/training", "update", count_up(values.size()));
    out.put("/training", name, Stored::float64, {"update"}, values);
  }
  if (!cell.energy.empty()) {
    out.dimension("/sample_stats", "chain", {0, 1});
    out.dimension("/sample_stats", "draw", count_up(cell.energy.size() / 2));
    out.put("/sample_stats", "energy", Stored::float64, {"chain", "draw"}, cell.energy);
  }
  out.dimension("/cost", "stage", std::vector<std::string>{"train", "sample", "evaluate"});
  const char* const names[] = {"energy_evaluations", "gradient_evaluations", "site_updates",
                               "seconds"};
  for (std::size_t k = 0; k < cell.cost.size(); ++k)
    out.put("/cost", names[k], Stored::float64, {"stage"}, {1000, cell.cost[k], 7});
  out.finish(file);
}

}  // namespace

RunFolder::RunFolder(const std::vector<DraftCell>& cells, const std::string& name) : name_(name) {
  std::string plan = "gibbsite_plan: 1\nname: " + name + "\ncells:\n";
  for (std::size_t k = 0; k < cells.size(); ++k) {
    const DraftCell& cell = cells[k];
    const std::string id = "cell" + std::to_string(k), place = name + "/cells/" + id;
    plan += "  - {id: " + id + ", varying: {" + cell.varying + "}, spec: {" + cell.spec + "}}\n";
    if (cell.status.empty()) continue;
    std::string status = "status: " + cell.status + "\nseconds: 3\nheadline:\n";
    if (cell.headline.empty()) status.insert(status.size() - 1, " {}");
    for (const auto& [key, value] : cell.headline)
      status += "  " + key + ": " + number_text(value) + "\n";
    if (!cell.error.empty()) status += "error: \"" + cell.error + "\"\n";
    folder_.write(place + "/status.yaml", status);
    if (cell.status != "failed") write_result(folder_ / (place + "/result.h5"), cell);
  }
  folder_.write(name + "/plan.yaml", plan);
}

}  // namespace gibbsite::test
