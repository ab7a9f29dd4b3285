// What `run --dry-run` prints.
#pragma once

#include "gibbsite/run/changes.hpp"

namespace gibbsite {

/// How the run would go that is not made.
struct DryRun {
  IfChanged how = IfChanged::otherwise;
  bool fresh = false;
  bool json = false;
  int jobs = 1;  ///< cells at once
};

/// Prints every cell with why it would run, how many would, and how long that may take where some
/// have run already.
void print_dry_run(const Plan& plan, const std::vector<Standing>& standing, const DryRun& options);

}  // namespace gibbsite
