// The plan of a grid: every resolved cell, frozen before anything runs.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "gibbsite/core/node.hpp"
#include "gibbsite/run/makers.hpp"

namespace gibbsite {

/// A resolved spec as its text in one line, which is read where somebody looks at it: a plan may
/// have a hundred thousand.
class FrozenSpec {
 public:
  FrozenSpec() = default;
  FrozenSpec(const Node& spec) : text_(to_flow(spec)) {}
  static FrozenSpec of_text(std::string flow);
  const std::string& text() const { return text_; }
  Node node() const;
  operator Node() const { return node(); }

 private:
  std::string text_ = "{}";
};

/// One cell of a plan.
struct PlannedCell {
  std::string id;
  FrozenSpec spec;  ///< resolved
  std::vector<std::pair<std::string, Node>> varying;
  std::string precision() const;
};

/// The cells of a spec.
struct Plan {
  std::string name;
  std::vector<PlannedCell> cells;
  std::map<std::string, Makers> made_by;  ///< what would compute them now, by precision; not frozen
  std::string question = {};              ///< the first comment of the spec
};

/// Reads the spec, applies the settings, expands the grid, and has the engines build every cell,
/// so that all faults are known before one runs. The engines have printed the faults where this
/// throws; Error with an empty text means just that.
Plan make_plan(const std::string& spec_file, const std::vector<std::string>& settings);

/// Joins `plan` with the cells that `folder/plan.yaml` froze before, earlier ones first, and writes
/// it. Several programs may do so at once. Returns the whole.
Plan freeze_plan(const std::filesystem::path& folder, const Plan& plan);

/// The frozen plan of a run folder. Throws Error where it is none.
Plan read_plan(const std::filesystem::path& folder);

/// Keeps the cells in which every `path=value` of `--only` holds. A path may be given by its last
/// words where one varying path ends so; a plugin by its name. Throws Error, with what is known,
/// for a path that no spec has and a value that no cell has.
void keep_only(Plan& plan, const std::vector<std::string>& filters);

/// "train.gradient.steps=5 seed=1", in one line.
std::string varying_text(const PlannedCell& cell);
/// A varying value as a short word: a plugin by its name.
std::string value_text(const Node& value);

}  // namespace gibbsite
