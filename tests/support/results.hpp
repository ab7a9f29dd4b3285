// Results files compared bit by bit.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace gibbsite::test {

/// Every dataset of an HDF5 file by its path: type, extents and bytes. Texts are left out.
std::map<std::string, std::string> datasets_of(const std::filesystem::path& file);

/// What of a results file has to be equal when the same cell is computed again, however often it
/// was interrupted: everything but times and memory.
std::map<std::string, std::string> reproducible_part(const std::filesystem::path& file);

/// The reproducible part of every result below a run folder, by `<cell>/<dataset>`.
std::map<std::string, std::string> reproducible_parts(const std::filesystem::path& folder);

/// The names of the entries that differ or are missing on one side.
std::vector<std::string> differences(const std::map<std::string, std::string>& a,
                                     const std::map<std::string, std::string>& b);

}  // namespace gibbsite::test
