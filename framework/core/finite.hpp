// Whether long vectors hold numbers only.
#pragma once

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// Whether no entry is infinite or NaN, in one pass without a branch per entry.
GIBBSITE_API bool all_finite(const Eigen::Ref<const Parameters>& theta);

}  // namespace gibbsite
