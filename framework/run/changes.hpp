// Why each cell of a plan would run, and what has changed since it did.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbsite/run/plan.hpp"
#include "gibbsite/run/result.hpp"

namespace gibbsite {

/// What is done about cells whose spec is the same but not what computes them.
enum class IfChanged {
  /// Cells are computed anew where a file of their spec (a plugin, data) has changed: those are
  /// other cells. Where only the program has, results and checkpoints are kept.
  otherwise,
  run,    ///< all of them are computed anew
  keep,   ///< what there is stays, and checkpoints go on
  refuse  ///< nothing is run
};

/// The word of `--if-changed`. Throws Error for another.
IfChanged if_changed(const std::string& word);

/// What a run finds of one cell.
struct Standing {
  std::string state;                 ///< see cell_state
  Outcome outcome;                   ///< of its last attempt that left one
  std::vector<std::string> changed;  ///< parts of the program that are others now
  std::string earlier;               ///< the cell of the same spec with other files; mostly empty
};

/// The standing of every cell of `plan` in a run folder, whose frozen plan is `earlier`.
std::vector<Standing> standing_of(const std::filesystem::path& folder, const Plan& plan,
                                  const Plan& earlier);

/// Whether a run would work on the cell.
bool would_run(const Standing& standing, IfChanged how, bool fresh);
/// Why, or why not, in a few words.
std::string why(const Standing& standing, IfChanged how, bool fresh);

/// Says on standard error what has changed, and does what `how` asks for: cells to be computed anew
/// lose what they have, cells to be kept leave the plan where an earlier one stands for them.
/// Throws Error where `how` is refuse and something has changed.
void settle_changes(const std::filesystem::path& folder, Plan& plan,
                    const std::vector<Standing>& standing, IfChanged how);

/// Seconds of work that the cells which would run take, by those that have run: by cells that
/// differ in the seed alone, else by all. Negative where none has run.
double estimated_seconds(const Plan& plan, const std::vector<Standing>& standing, IfChanged how,
                         bool fresh);

}  // namespace gibbsite
