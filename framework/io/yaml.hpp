// Strict reading of YAML into a Node tree (yaml-cpp).
#pragma once

#include <string>

#include "gibbsite/core/node.hpp"

namespace gibbsite {

/// Reads one YAML document. Anchors, aliases and `<<` merge keys are expanded; duplicate keys,
/// tags, keys that are no scalars, several documents, NUL, invalid UTF-8, more than 32 levels,
/// 100,000 values or 1 MiB are refused. `source` is the file's name in messages and places.
/// Throws Error `source:line:column: rule`.
Node parse_yaml(const std::string& text, const std::string& source);

/// Reads a spec file; it must be a regular file of at most 1 MiB.
Node read_yaml_file(const std::string& path);

}  // namespace gibbsite
