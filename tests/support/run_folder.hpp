// Run folders whose cells have the results a test gives them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/program.hpp"

namespace gibbsite::test {

/// One cell of a run folder.
struct DraftCell {
  std::string varying;              ///< "sample.sampler: gibbs, seed: 1"
  std::string spec = "seed: 1";     ///< what its resolved spec holds, in the same form
  std::string status = "complete";  ///< "" for a cell that has not run
  std::string error = {};
  std::map<std::string, double> headline = {};
  std::map<std::string, double> scalars = {};     ///< "estimates/ais/log_partition"
  std::map<std::string, std::string> texts = {};  ///< attributes: "estimates/exact/bound"
  std::map<std::string, std::vector<double>> training = {};
  std::vector<double> energy = {};  ///< of the draws, in two chains
  /// energy, gradient evaluations, site updates and seconds of the stage sample
  std::vector<double> cost = {100, 50, 0, 2};
};

/// A run folder called `name` with these cells, removed at the end of its scope.
class RunFolder {
 public:
  explicit RunFolder(const std::vector<DraftCell>& cells, const std::string& name = "draft");
  fs::path path() const { return folder_ / name_; }

 private:
  TemporaryFolder folder_;
  std::string name_;
};

}  // namespace gibbsite::test
