#include <algorithm>

#include "gibbsite/core/error.hpp"
#include "gibbsite/run/comparison_parts.hpp"

namespace gibbsite {
namespace {

constexpr std::size_t most_failures = 10;

std::string row_text(const Comparison& table, const ComparedRow& row) {
  std::string text;
  for (std::size_t k = 0; k < table.by.size(); ++k)
    text += (text.empty() ? "" : " ") + table.by[k] + "=" + row.by[k];
  return text;
}

}  // namespace

std::string common_text(const std::map<std::string, int>& texts) {
  std::vector<std::string> parts;
  for (const auto& [text, count] : texts)
    parts.push_back(text + " (" + std::to_string(count) + ")");
  return texts.size() == 1 ? texts.begin()->first : join(parts);
}

void note_what_is_missing(Comparison& table, const ComparedCells& cells) {
  std::map<std::string, int> states;
  std::vector<std::string> failures;
  for (const ComparedCell& cell : cells.cells) {
    ++states[cell.state];
    if (!cell.error.empty())
      failures.push_back(cell.id + " (" + row_text(table, table.rows[cell.row]) + ") " +
                         cell.state + ": " + cell.error);
  }
  const int complete = states["complete"];
  states.erase("complete");
  if (!states.empty())
    table.notes.push_back("values are those of " + std::to_string(complete) + " of " +
                          std::to_string(cells.cells.size()) +
                          " cells; the others: " + common_text(states));
  for (std::size_t k = 0; k < std::min(most_failures, failures.size()); ++k)
    table.notes.push_back(failures[k]);
  if (failures.size() > most_failures)
    table.notes.push_back("and " + std::to_string(failures.size() - most_failures) +
                          " more (see gibbsite status)");
  for (std::size_t k = 0; k < table.metrics.size(); ++k)
    for (const ComparedRow& row : table.rows) {
      const int count = row.values[k].mean.count;
      if (count > 0 && count < row.complete())
        table.notes.push_back(table.metrics[k].name + ": " + std::to_string(count) + " of " +
                              std::to_string(row.complete()) + " complete cells of " +
                              row_text(table, row) + " have it");
    }
}

}  // namespace gibbsite
