// Compiled once per instruction set, as kernels_isa.cpp is and under the same restrictions. Bits
// and integers only, so all instruction sets agree.
#include "gibbsite/core/checkerboard_kernels_isa.hpp"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace gibbsite::GIBBSITE_ISA {
namespace {

#if defined(__AVX512F__)
constexpr long vector_bytes = 64;
#elif defined(__AVX2__)
constexpr long vector_bytes = 32;
#else
constexpr long vector_bytes = 16;
#endif
using Word = std::uint64_t;
typedef Word Vector __attribute__((vector_size(vector_bytes), aligned(alignof(Word)), may_alias));
constexpr long lanes = vector_bytes / long(sizeof(Word));
static_assert(CheckerboardRows::padding % lanes == 0);

inline Vector load(const Word* from) { return *reinterpret_cast<const Vector*>(from); }
inline void store(Vector x, Word* to) { *reinterpret_cast<Vector*>(to) = x; }
inline Vector all_lanes(Word x) { return Vector{} | x; }
inline Vector choose(Vector where, Vector yes, Vector no) { return (yes & where) | (no & ~where); }

// The lower halves of each number times those of the constant.
inline Vector product(Vector x, Vector constant) {
#if defined(__AVX512F__)
  return (Vector)_mm512_maskz_mul_epu32(0xFF, (__m512i)x, (__m512i)constant);
#elif defined(__AVX2__)
  return (Vector)_mm256_mul_epu32((__m256i)x, (__m256i)constant);
#elif defined(__SSE2__)
  return (Vector)_mm_mul_epu32((__m128i)x, (__m128i)constant);
#else
  return (x & 0xFFFFFFFFu) * constant;
#endif
}

// The number of neighbours up in binary, sum + 2 pair + 4 all.
struct Count {
  Vector sum, pair, all;
  Count(Vector above, Vector below, Vector left, Vector right) {
    const Vector vertical = above ^ below, horizontal = left ^ right;
    const Vector two = above & below, other_two = left & right;
    sum = vertical ^ horizontal;
    pair = (two ^ other_two) | (vertical & horizontal);
    all = two & other_two;
  }
  Vector choose_from(const Vector* table) const {
    return choose(all, table[4],
                  choose(pair, choose(sum, table[3], table[2]), choose(sum, table[1], table[0])));
  }
};

// Word w of each row. Of the neighbours in a spin's own row one has the spin's number, and the
// other the number before in every second row, the number after in those between.
void draw_word(const CheckerboardRows& at, long w) {
  constexpr int planes = CheckerboardRows::planes;
  const int last = int((at.width - 1) & 63);
  const long before = w == 0 ? at.words - 1 : w - 1, after = w + 1 == at.words ? 0 : w + 1;
  const int bit_before = w == 0 ? last : 63, bit_after = w + 1 == at.words ? last : 63;
  const Word* beside = at.other + w * at.stride;
  const Word* left = at.other + before * at.stride;
  const Word* right = at.other + after * at.stride;
  const Word* random = at.random + w * at.rows;
  const long plane = at.words * at.rows;
  Vector thresholds[planes][5], odd{};
  for (int p = 0; p < planes; ++p)
    for (int n = 0; n < 5; ++n) thresholds[p][n] = all_lanes(at.thresholds[p][n]);
  for (long l = 0; l < lanes; ++l) odd[l] = -Word((l + at.first) & 1);
  for (long r = 0; r < at.rows; r += lanes) {
    const Vector same = load(beside + r);
    const Vector lower = (same << 1) | ((load(left + r) >> bit_before) & 1);
    const Vector upper = (same >> 1) | ((load(right + r) & 1) << bit_after);
    const Count count(load(beside + r - 1), load(beside + r + 1), same, choose(odd, upper, lower));
    // u < threshold, bit by bit from the highest.
    Vector less{}, equal = all_lanes(~Word(0) >> (63 - bit_after));
#pragma GCC unroll 8
    for (int p = 0; p < planes; ++p) {
      const Vector bit = count.choose_from(thresholds[p]), u = load(random + p * plane + r);
      less |= equal & bit & ~u;
      equal &= ~(bit ^ u);
    }
    store(less, at.own + w * at.stride + r);
    store(equal, at.open + w * at.stride + r);
  }
}

void checkerboard(const CheckerboardRows& at) {
  for (long w = 0; w < at.words; ++w) draw_word(at, w);
}

// Of numbers that are multiplied only the lower halves count.
void pairs(Word key, Word step, std::uint32_t chain, std::uint32_t first, long blocks, Word* out) {
  const Vector low = all_lanes(0xFFFFFFFFu);
  Vector number{};
  for (long l = 0; l < lanes; ++l) number[l] = Word(l);
  for (long b = 0; b < blocks; b += lanes) {
    Vector c0 = number + (first + Word(b)), c1 = all_lanes(chain);
    Vector c2 = all_lanes(step), c3 = all_lanes(step >> 32);
    std::uint32_t k0 = std::uint32_t(key), k1 = std::uint32_t(key >> 32);
#pragma GCC unroll 10
    for (int round = 0; round < 10; ++round) {
      const Vector p0 = product(c0, all_lanes(0xD2511F53u));
      const Vector p1 = product(c2, all_lanes(0xCD9E8D57u));
      c0 = (p1 >> 32) ^ c1 ^ k0;
      c2 = (p0 >> 32) ^ c3 ^ k1;
      c1 = p1;
      c3 = p0;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    store((c0 & low) | (c1 << 32), out + b);
    store((c2 & low) | (c3 << 32), out + blocks + b);
  }
}

}  // namespace

const CheckerboardLoop checkerboard_loop = checkerboard;
const PairsLoop pairs_loop = pairs;

}  // namespace gibbsite::GIBBSITE_ISA
