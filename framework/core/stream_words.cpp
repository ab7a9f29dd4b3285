#include "gibbsite/core/stream_words.hpp"

#include <bit>
#include <type_traits>

namespace gibbsite {

// A Stream is these four numbers in this order and nothing else; a test compares the words.
static_assert(std::is_trivially_copyable_v<Stream> && sizeof(Stream) == sizeof(StreamPosition));

StreamPosition position(const Stream& random) { return std::bit_cast<StreamPosition>(random); }

void skip_blocks(Stream& random, Index blocks) {
  for (Index b = 0; b < blocks; ++b) random.skip();
}

}  // namespace gibbsite
