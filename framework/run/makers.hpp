// What computes results, part by part, so that a later program knows whether it is another.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gibbsite/api/registry.hpp"

namespace gibbsite {

/// Parts of a program with the identity of their build: `engine`, `sdk` and each plugin as
/// `kind name`.
using Makers = std::vector<std::pair<std::string, std::string>>;

/// The parts of the running engine: itself, the SDK library and what `registry` has loaded.
Makers makers_of(const Registry& registry);

/// The parts of `then` that `now` has with another identity. Parts that `now` lacks do not count.
std::vector<std::string> changed_makers(const Makers& then, const Makers& now);

}  // namespace gibbsite
