// Strict reading of YAML into a Node tree (yaml-cpp).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gibbsite/core/node.hpp"

namespace gibbsite {

/// How much is accepted.
struct YamlLimits {
  std::size_t bytes = 1 << 20;
  std::size_t values = 100000;
};
/// For files that the program wrote itself.
inline constexpr YamlLimits trusted_yaml{std::size_t{1} << 32, std::size_t{1} << 32};

/// Reads one YAML document. Anchors, aliases and `<<` merge keys are expanded; duplicate keys,
/// tags, keys that are no scalars, several documents, NUL, invalid UTF-8, more than 32 levels
/// or more than the limits are refused. `source` is the file's name in messages and places.
/// Throws Error `source:line:column: rule`.
Node parse_yaml(const std::string& text, const std::string& source, YamlLimits limits = {});

/// Reads a spec file; it must be a regular file within the limits.
Node read_yaml_file(const std::string& path, YamlLimits limits = {});

/// Reads what `to_flow` has written, many times faster; nothing where the text is anything else.
/// The values have no places.
std::optional<Node> parse_own_flow(std::string_view text);

/// Reads what `to_yaml` has written of a map of plain scalars and of maps of these; nothing where
/// the text is anything else, which parse_yaml may be able to read.
std::optional<Node> parse_own_map(std::string_view text);

}  // namespace gibbsite
