// Heat-bath sweeps over the spins of a square torus, 64 spins to a machine word.
#pragma once

#include <array>
#include <cstdint>

#include "gibbsite/core/random.hpp"

namespace gibbsite {

/// Entry n belongs to spins with n of their four neighbours up: such a spin becomes +1 where a
/// random word w of 32 bits is below it, so with probability entry / 2^32. At most 2^32 each.
using CheckerboardLaw = std::array<std::uint64_t, 5>;

/// The law of spins with half log odds `natural` (of n neighbours up); the words for which
/// Stream::bernoulli gives 1.
GIBBSITE_API CheckerboardLaw checkerboard_law(const std::array<Real, 5>& natural);

/// Draws the spins of every column of `x`, all those of even row + column and then all others,
/// `sweeps` times. A column is an L x L torus, L even, row by row; where L = 2 both neighbours
/// along an axis are the same spin. `random` moves on by the same amount for every chain.
///
/// The words w are not those of a Stream::bernoulli: their highest 8 bits stand in 8 words that 64
/// spins share, bit by bit, and only spins that these leave undecided, 1 of 256, take the other 24.
GIBBSITE_API void checkerboard_sweeps(const CheckerboardLaw& law, Index side, Index sweeps,
                                      Eigen::Ref<Batch> x, Stream& random);

}  // namespace gibbsite
