// Huffman codes as DEFLATE has them (RFC 1951, 3.2.2).
#pragma once

#include <cstdint>
#include <vector>

namespace gibbsite {

/// The code of a symbol, its first bit the lowest one; no length where it does not occur.
struct Code {
  std::uint64_t bits = 0;
  int length = 0;
  /// This one, then `next`.
  Code then(Code next) const { return {bits | next.bits << length, length + next.length}; }
};

/// A prefix code for symbols that occur so often, at least two of them, no code longer than `limit`
/// bits, which must be enough for twice as many symbols. As short as can be where the limit does
/// not bind.
std::vector<Code> huffman_code(std::vector<std::uint64_t> counts, int limit);

}  // namespace gibbsite
