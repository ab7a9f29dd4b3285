// Trees as JSON, for `--json` and the schema.
#pragma once

#include <string>

#include "gibbsite/core/node.hpp"

namespace gibbsite {

/// `node` as JSON text: plain numbers and booleans stay such, everything else is a string;
/// infinities and NaN become null, for JSON has none.
std::string to_json(const Node& node, int indent = 0);

}  // namespace gibbsite
