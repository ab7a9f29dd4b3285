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
  Makers made_by;                ///< empty where an engine did not get so far
  std::int64_t step = -1;        ///< of the stage, where a failed cell was when it ended
  std::string signal;            ///< that ended it: "SIGSEGV"
  int attempt = 0;               ///< number of its lease
  std::vector<std::string> log;  ///< last lines that a failed cell printed
};

/// Writes `<folder>/result.h5` from the session's state and segments and `<folder>/status.yaml`.
/// They become durable with the cell's spec and appear when they are, the result last: where it is,
/// its status is. False where another attempt at the cell was faster: then its result stays.
bool write_result(const Session& session, const Registry& registry, const Outcome& outcome);

/// The headline numbers of the evaluations, as `label.metric`.
std::vector<std::pair<std::string, double>> headline_of(const Session& session);

/// The text of the status file.
std::string status_text(const Outcome& outcome);
/// Writes `<folder>/status.yaml`.
void write_status(const std::filesystem::path& folder, const Outcome& outcome);
/// Reads it; empty status where there is none.
Outcome read_status(const std::filesystem::path& folder);

}  // namespace gibbsite
