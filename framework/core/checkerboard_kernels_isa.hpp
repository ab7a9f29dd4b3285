// What each compiled instruction set offers to checkerboard.cpp. Free of Eigen and the standard
// library's templates, see kernels_isa.cpp.
#pragma once

#include <cstdint>

namespace gibbsite {

/// Some rows of one colour of a checkerboard, a bit per spin and `words` words of 64 to the row.
/// Word w of row r of either colour is at w stride + r.
struct CheckerboardRows {
  static constexpr int planes = 8;
  /// So many rows at a time: what lies behind the last one is overwritten, and read.
  static constexpr long padding = 8;

  std::uint64_t* own;           ///< the rows to draw
  const std::uint64_t* other;   ///< the same rows of the other colour, one more on either side
  std::uint64_t* open;          ///< where the planes do not decide, like `own`
  const std::uint64_t* random;  ///< planes x words x rows
  long stride, rows, words;
  long width;  ///< spins of this colour in a row, > 64 (words - 1)
  long first;  ///< 0 where the spins of the first row lie before their neighbours in the word
  /// All bits are bit p of the threshold for n neighbours up.
  std::uint64_t thresholds[planes][5];
};

using CheckerboardLoop = void (*)(const CheckerboardRows&);
/// `blocks` Philox blocks (a multiple of 8) as philox() has them: words 0 and 1 of each as one
/// number of 64 bits, low word first, then words 2 and 3 of each.
using PairsLoop = void (*)(std::uint64_t key, std::uint64_t step, std::uint32_t chain,
                           std::uint32_t first, long blocks, std::uint64_t* out);

#define GIBBSITE_DECLARE_ISA(isa)                  \
  namespace isa {                                  \
  extern const CheckerboardLoop checkerboard_loop; \
  extern const PairsLoop pairs_loop;               \
  }
GIBBSITE_DECLARE_ISA(sse2)
GIBBSITE_DECLARE_ISA(avx2)
GIBBSITE_DECLARE_ISA(avx512)
#undef GIBBSITE_DECLARE_ISA

}  // namespace gibbsite
