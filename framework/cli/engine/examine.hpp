// The examination of a plugin, for `gibbsite plugin test`.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/registry.hpp"

namespace gibbsite {

/// examine FILE quick|full [SPEC]: examines everything that the module or source FILE registers,
/// with the parameters and the model of SPEC too, and prints a line per finding as
/// `kind<tab>check<tab>text`, then `end`. Returns 1 where there were faults. Throws Error where
/// FILE is refused.
int examine_plugin(const std::vector<std::string>& arguments, Registry& registry);

}  // namespace gibbsite
