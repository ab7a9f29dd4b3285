// The results file of a finished cell.
#pragma once

#include <string>

#include "gibbsite/run/makers.hpp"
#include "gibbsite/run/stages.hpp"

namespace gibbsite {

/// How a cell ended, as its status file and the root of its results file say.
struct Outcome {
  std::string status;  ///< complete, diverged, failed, interrupted
  std::string error;   ///< one line where it did not end well
  std::string stage;
  double seconds = 0;
  std::vector<std::pair<std::string, double>> headline;  ///< `label.metric` -> value
  Makers made_by;  ///< empty where an engine did not get so far
};

/// Writes `<folder>/result.h5` from the session's state and segments; it appears when complete.
void write_result(const Session& session, const Registry& registry, const Outcome& outcome);

/// The headline numbers of the evaluations, as `label.metric`.
std::vector<std::pair<std::string, double>> headline_of(const Session& session);

/// Writes `<folder>/status.yaml`.
void write_status(const std::filesystem::path& folder, const Outcome& outcome);
/// Reads it; empty status where there is none.
Outcome read_status(const std::filesystem::path& folder);

}  // namespace gibbsite
