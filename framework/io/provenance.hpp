// Where a result came from.
#pragma once

#include <string>

namespace gibbsite {

/// The commit the program was built from, with "-dirty" where the tree had changes; "unknown"
/// outside a repository.
std::string git_commit();
/// Compiler and version.
std::string compiler();
/// The flags the program was compiled with.
std::string compiler_flags();
/// The processor's model and feature flags.
std::string cpu_features();
std::string host_name();
/// UTC, e.g. 2026-11-22T02:27:37Z.
std::string utc_now();
/// Highest resident memory of this process so far, in bytes.
double peak_memory();

}  // namespace gibbsite
