// Where a result came from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gibbsite {

/// The commit the program was built from, with "-dirty" where the tree had changes; "unknown"
/// outside a repository.
std::string git_commit();
/// Whether the tree that the program was built from had changes.
bool git_dirty();
/// Compiler and version.
std::string compiler();
/// The flags the program was compiled with.
std::string compiler_flags();
/// The processor's model and feature flags.
std::string cpu_features();
std::string host_name();
/// What a cluster's scheduler says of this process, as `NAME=value`: Slurm's job, task, restart and
/// node. Empty outside.
std::vector<std::string> scheduler_ids();
/// The first twelve hex digits of a program's or library's build id (of its SHA-256, where it has
/// none): another build of the same code by the same compiler has the same. Throws StorageError
/// where the file cannot be read.
std::string build_id(const std::filesystem::path& file);
/// UTC, e.g. 2026-11-22T02:27:37Z.
std::string utc_now();
/// Highest resident memory of this process so far, in bytes.
double peak_memory();

}  // namespace gibbsite
