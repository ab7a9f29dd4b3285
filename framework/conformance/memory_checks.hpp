// Whether code keeps more memory with every call.
#pragma once

#include <functional>

#include "gibbsite/conformance/sampler_checks.hpp"

namespace gibbsite {

/// Calls `work` until it has what it needs, and then looks at the heap (of all threads, as the C
/// library counts it) over three times 50 calls: a fault where every time 8 bytes or more for each
/// call stay. No other thread may be at work.
Sentences leak_faults(const std::function<void()>& work);

}  // namespace gibbsite
