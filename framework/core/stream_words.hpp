// The random words that lie behind a Stream, for loops that use them as they are.
#pragma once

#include "gibbsite/core/random.hpp"

namespace gibbsite {

/// Where the first chain of a stream stands: the arguments of philox() (kernels.hpp) for the block
/// that its next draw begins with. Each draw of Stream::bernoulli takes one word per coordinate
/// from successive blocks of four.
struct StreamPosition {
  std::uint64_t key, step;
  std::uint32_t chain, draw;
};
GIBBSITE_API StreamPosition position(const Stream& random);

/// Moves all chains on by so many blocks.
GIBBSITE_API void skip_blocks(Stream& random, Index blocks);

}  // namespace gibbsite
