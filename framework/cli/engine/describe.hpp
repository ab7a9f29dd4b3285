// What is registered, for `list`, `help` and `schema`.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/registry.hpp"

namespace gibbsite {

/// Prints a description: verb `list` [kind] [--json], `help` kind name [--json], or `schema`.
/// Throws Error for an unknown kind or name.
int describe(const std::string& verb, const std::vector<std::string>& arguments,
             Registry& registry);

}  // namespace gibbsite
