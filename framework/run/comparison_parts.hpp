// The last steps of a comparison: what is missing, and which rows differ.
#pragma once

#include "gibbsite/run/compared_cells.hpp"
#include "gibbsite/run/comparison.hpp"

namespace gibbsite {

/// Says in the notes which cells are not there and why, and which values not all cells of a row
/// have.
void note_what_is_missing(Comparison& table, const ComparedCells& cells);

/// "a (2), b (1)", or the one text that all have.
std::string common_text(const std::map<std::string, int>& texts);

/// Puts beside every value its difference to the row that has the values `baseline` names
/// (`PATH=VALUE`) and agrees in all else. Throws Error for unknown paths and values.
void add_differences(Comparison& table, const ComparedCells& cells,
                     const std::vector<std::string>& baseline);

/// Marks the best row of every metric whose better end is known, and those that cannot be told from
/// it, in each group of rows that answer one question.
void mark_best(Comparison& table, const ComparedCells& cells);

}  // namespace gibbsite
