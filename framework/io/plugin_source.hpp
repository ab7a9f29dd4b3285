// What is read in the source of a plugin before it is compiled.
#pragma once

#include <filesystem>
#include <string>

namespace gibbsite {

/// SHA-256 of a source file and of all that it includes by quotes, files of one folder or below.
std::string source_digest(const std::filesystem::path& source);

/// The comment at the head of a source file: its first lines as far as they begin with `//`,
/// without that (cmake/head_comment.cmake does this for plugins that CMake builds).
std::string head_comment(const std::filesystem::path& source);

}  // namespace gibbsite
