// Discrete configurations as numbers of states.
#pragma once

#include <vector>

#include "gibbsite/api/domain.hpp"

namespace gibbsite {

/// The state of each coordinate of one configuration, numbered from 0 as in PairwiseGraph: a spin
/// -1 is state 0. All coordinates must be discrete.
GIBBSITE_API std::vector<Index> state_numbers(const Domain& domain,
                                              const Eigen::Ref<const Vector>& x);
/// Fills `x` (one configuration) with the coordinates in states `numbers`.
GIBBSITE_API void set_state_numbers(const Domain& domain, const std::vector<Index>& numbers,
                                    Eigen::Ref<Vector> x);

}  // namespace gibbsite
