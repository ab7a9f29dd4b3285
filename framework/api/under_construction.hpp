// Which plugin is being built, for a program that gives up waiting for it.
#pragma once

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// "model trouble" while Registry::make builds it (the innermost where plugins build others), null
/// while none is built. May be asked in a signal handler.
GIBBSITE_API const char* under_construction();

}  // namespace gibbsite
