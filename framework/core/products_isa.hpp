// The products of kernels_isa.cpp, which compiles this once per instruction set.
//
// Both products below add rows r_k, weighted by coefficients c_k, onto `items` sums of L numbers
// each:
//   sum += ((c_0 r_0 + c_1 r_1) + c_2 r_2) + c_3 r_3, then the same of the next four, ...
// in this order whatever the coefficients are, with fused multiply-adds where the instruction set
// has them. Where all coefficients are 0 or 1, fused or not is the same, and the 16 sums that four
// rows can have are looked up in a table ("four Russians", Arlazarov et al. 1970) instead of being
// formed for every item; the numbers are those of the sums.
#pragma once

#include <cstdint>
#if defined(__FMA__)  // with AVX2 and AVX-512 alike
#include <immintrin.h>
#endif

namespace gibbsite::GIBBSITE_ISA {
namespace {

constexpr long vector_bytes =
#if defined(__AVX512F__)
    64;
#elif defined(__AVX2__)
    32;
#else
    16;
#endif

// As many numbers as a register holds, at any address.
template <class R>
struct Simd {
  typedef R Vector __attribute__((vector_size(vector_bytes), aligned(alignof(R)), may_alias));
  static constexpr long lanes = vector_bytes / long(sizeof(R));
};

// a b + c, in one rounding where the instruction set can.
template <class V>
inline V multiply_add(V a, V b, V c) {
#if defined(__AVX512F__)
  if constexpr (sizeof(a[0]) == 4)
    return V(_mm512_fmadd_ps(__m512(a), __m512(b), __m512(c)));
  else
    return V(_mm512_fmadd_pd(__m512d(a), __m512d(b), __m512d(c)));
#elif defined(__FMA__)
  if constexpr (sizeof(a[0]) == 4)
    return V(_mm256_fmadd_ps(__m256(a), __m256(b), __m256(c)));
  else
    return V(_mm256_fmadd_pd(__m256d(a), __m256d(b), __m256d(c)));
#else
  return a * b + c;
#endif
}

// What four rows lie in: `row(b)` has L numbers, those from `lanes` on are 0.
template <class R, long L>
struct FourRows {
  const R* at[4];
  R padded[4][L];

  FourRows(const R* rows, long stride, long lanes, long left) {
    for (long b = 0; b < 4; ++b) {
      at[b] = rows + b * stride;
      if (lanes == L && b < left) continue;
      for (long l = 0; l < L; ++l) padded[b][l] = b < left && l < lanes ? at[b][l] : R(0);
      at[b] = padded[b];
    }
  }
};

// Bit k of the result is 1 where from[k] is 1; `other` becomes true where one of the 16 is neither
// 0 nor 1.
template <class R>
inline std::uint32_t ones_of_16(const R* from, std::uint32_t& other) {
  constexpr long lanes = Simd<R>::lanes;
  std::uint32_t ones = 0, all = 0;
  for (long k = 0; k < 16; k += lanes) {
#if defined(__AVX512F__)
    if constexpr (sizeof(R) == 4) {
      const __m512 x = _mm512_loadu_ps(from + k);
      ones |= std::uint32_t(_mm512_cmpeq_ps_mask(x, _mm512_set1_ps(1))) << k;
      all |= std::uint32_t(_mm512_cmpeq_ps_mask(x, _mm512_setzero_ps())) << k;
    } else {
      const __m512d x = _mm512_loadu_pd(from + k);
      ones |= std::uint32_t(_mm512_cmpeq_pd_mask(x, _mm512_set1_pd(1))) << k;
      all |= std::uint32_t(_mm512_cmpeq_pd_mask(x, _mm512_setzero_pd())) << k;
    }
#else
    for (long l = 0; l < lanes; ++l) {
      ones |= from[k + l] == R(1) ? 1u << (k + l) : 0u;
      all |= from[k + l] == R(0) ? 1u << (k + l) : 0u;
    }
#endif
  }
  other |= (ones | all) ^ 0xffffu;
  return ones;
}

// masks[chunk * items + item]: bit k is 1 where coefficient 16 chunk + k of the item is 1. Returns
// whether all coefficients are 0 or 1.
template <class R>
bool pack(const R* x, long item_stride, long k_stride, long items, long count,
          std::uint16_t* __restrict masks) {
  std::uint32_t other = 0;
  for (long first = 0; first < count && other == 0; first += 16, masks += items) {
    const long bits = count - first < 16 ? count - first : 16;
    if (item_stride == 1) {
      for (long i = 0; i < items; ++i) masks[i] = 0;
      for (long k = 0; k < bits; ++k) {
        const R* __restrict row = x + (first + k) * k_stride;
        for (long i = 0; i < items; ++i) {
          masks[i] = std::uint16_t(masks[i] | (row[i] == R(1) ? 1u << k : 0u));
          other |= row[i] != R(1) && row[i] != R(0) ? 1u : 0u;
        }
      }
      continue;
    }
    for (long i = 0; i < items; ++i) {
      const R* __restrict from = x + i * item_stride + first * k_stride;
      if (k_stride == 1 && bits == 16) {
        masks[i] = std::uint16_t(ones_of_16(from, other));
        continue;
      }
      std::uint32_t mask = 0;
      for (long k = 0; k < bits; ++k) {
        const R value = from[k * k_stride];
        mask |= value == R(1) ? 1u << k : 0u;
        other |= value != R(1) && value != R(0) ? 1u : 0u;
      }
      masks[i] = std::uint16_t(mask);
    }
  }
  return other == 0;
}

template <class R, long L>
void add_by_table(const R* rows, long stride, long lanes, long count, const std::uint16_t* masks,
                  long items, R* __restrict sums) {
  alignas(64) R table[4][16][L];
  for (long first = 0; first < count; first += 16, masks += items) {
    for (long g = 0; g < 4; ++g) {
      const FourRows<R, L> four(rows + (first + 4 * g) * stride, stride, lanes,
                                count - first - 4 * g);
      for (long l = 0; l < L; ++l) table[g][0][l] = R(0);
      for (long b = 0; b < 4; ++b) {
        const R* __restrict row = four.at[b];
        for (long m = 0; m < 1l << b; ++m)
          for (long l = 0; l < L; ++l) table[g][(1l << b) + m][l] = table[g][m][l] + row[l];
      }
    }
    for (long i = 0; i < items; ++i) {
      const std::uint32_t mask = masks[i];
      if (mask == 0) continue;
      R* __restrict sum = sums + i * L;
      const R* __restrict t0 = table[0][mask & 15];
      const R* __restrict t1 = table[1][mask >> 4 & 15];
      const R* __restrict t2 = table[2][mask >> 8 & 15];
      const R* __restrict t3 = table[3][mask >> 12];
      for (long l = 0; l < L; ++l) sum[l] = (((sum[l] + t0[l]) + t1[l]) + t2[l]) + t3[l];
    }
  }
}

// For few items, whose tables would cost more than they save.
template <class R, long L>
void add_by_bits(const R* rows, long stride, long lanes, long count, const std::uint16_t* masks,
                 long items, R* __restrict sums) {
  for (long k = 0; k < count; k += 4) {
    const FourRows<R, L> four(rows + k * stride, stride, lanes, count - k);
    for (long i = 0; i < items; ++i) {
      const std::uint32_t mask = std::uint32_t(masks[k / 16 * items + i]) >> (k % 16) & 15;
      if (mask == 0) continue;
      R part[L] = {};
      for (long b = 0; b < 4; ++b) {
        if ((mask >> b & 1) == 0) continue;
        const R* __restrict row = four.at[b];
        for (long l = 0; l < L; ++l) part[l] += row[l];
      }
      R* __restrict sum = sums + i * L;
      for (long l = 0; l < L; ++l) sum[l] += part[l];
    }
  }
}

// Some vectors of I items at once, in registers.
template <class R, long L, long I>
void add_products(const R* rows, long stride, long lanes, long count, const R* x, long item_stride,
                  long k_stride, R* sums) {
  using V = typename Simd<R>::Vector;
  constexpr long width = Simd<R>::lanes;
  constexpr long vectors = L / width < 4 ? L / width : 4;
  for (long l = 0; l < L; l += vectors * width) {
    V sum[I][vectors];
    for (long i = 0; i < I; ++i)
      for (long v = 0; v < vectors; ++v)
        sum[i][v] = *reinterpret_cast<const V*>(sums + i * L + l + v * width);
    for (long k = 0; k < count; k += 4) {
      R c[I][4];
      int others = 0;
      for (long i = 0; i < I; ++i)
        for (long b = 0; b < 4; ++b) {
          c[i][b] = k + b < count ? x[i * item_stride + (k + b) * k_stride] : R(0);
          others |= c[i][b] != R(0);
        }
      if (others == 0) continue;
      const FourRows<R, L> four(rows + k * stride, stride, lanes, count - k);
      for (long v = 0; v < vectors; ++v) {
        V row[4];
        for (long b = 0; b < 4; ++b)
          row[b] = *reinterpret_cast<const V*>(four.at[b] + l + v * width);
        for (long i = 0; i < I; ++i) {
          V part = c[i][0] * row[0];
          for (long b = 1; b < 4; ++b) part = multiply_add(V{} + c[i][b], row[b], part);
          sum[i][v] += part;
        }
      }
    }
    for (long i = 0; i < I; ++i)
      for (long v = 0; v < vectors; ++v)
        *reinterpret_cast<V*>(sums + i * L + l + v * width) = sum[i][v];
  }
}

// The rows and the coefficients of a product: item i has x[i * item_stride + k * k_stride] of row
// k.
template <class R>
struct Terms {
  const R* rows;
  long stride, count;
  const R* x;
  long item_stride, k_stride, items;
  const std::uint16_t* masks;  // or null, where not all coefficients are 0 or 1
};

template <class R, long L>
void add_terms(const Terms<R>& of, long first_lane, long lanes, R* sums) {
  const R* rows = of.rows + first_lane;
  if (of.masks != nullptr && of.items >= 12)
    return add_by_table<R, L>(rows, of.stride, lanes, of.count, of.masks, of.items, sums);
  if (of.masks != nullptr)
    return add_by_bits<R, L>(rows, of.stride, lanes, of.count, of.masks, of.items, sums);
  constexpr long most = 64;  // rows that stay in the cache while all items pass
  for (long k = 0; k < of.count; k += most) {
    const long count = of.count - k < most ? of.count - k : most;
    const R *some = rows + k * of.stride, *x = of.x + k * of.k_stride;
    long i = 0;
    for (; i + 4 <= of.items; i += 4)
      add_products<R, L, 4>(some, of.stride, lanes, count, x + i * of.item_stride, of.item_stride,
                            of.k_stride, sums + i * L);
    for (; i < of.items; ++i)
      add_products<R, L, 1>(some, of.stride, lanes, count, x + i * of.item_stride, of.item_stride,
                            of.k_stride, sums + i * L);
  }
}

// Calls visit.template operator()<L>(first lane, lanes) for all lanes; the last panel may be wider
// than what is left.
template <class R, class Visit>
void each_panel(long lanes, Visit visit) {
  constexpr long wide = 256 / long(sizeof(R)), narrow = 64 / long(sizeof(R));
  for (long first = 0; first < lanes; first += wide) {
    const long left = lanes - first;
    if (left <= narrow) return visit.template operator()<narrow>(first, left);
    visit.template operator()<wide>(first, left < wide ? left : wide);
  }
}

template <class R>
void affine(const R* W, long W_stride, long rows, long columns, const R* bias, const R* x,
            long x_stride, long items, R* out, long out_stride, std::uint16_t* masks, R* sums) {
  const bool bits = pack(x, x_stride, 1, items, columns, masks);
  const Terms<R> terms = {W, W_stride, columns, x, x_stride, 1, items, bits ? masks : nullptr};
  each_panel<R>(rows, [&]<long L>(long first, long lanes) {
    for (long i = 0; i < items; ++i)
      for (long l = 0; l < L; ++l) sums[i * L + l] = l < lanes ? bias[first + l] : R(0);
    add_terms<R, L>(terms, first, lanes, sums);
    for (long i = 0; i < items; ++i)
      for (long l = 0; l < lanes; ++l) out[i * out_stride + first + l] = sums[i * L + l];
  });
}

// Sums of up to 64 columns in R, these added up in double.
template <class R>
void products(const double* weights, const R* x, long x_stride, long rows, const R* y,
              long y_stride, long columns, long items, double* G, long G_stride,
              std::uint16_t* masks, R* scaled, R* sums) {
  constexpr long block = 64;
  for (long n = 0; n < items; ++n)
    for (long j = 0; j < columns; ++j)
      scaled[n * columns + j] = R(weights[n] * double(y[n * y_stride + j]));
  const bool bits = pack(x, 1, x_stride, rows, items, masks);
  each_panel<R>(columns, [&]<long L>(long first, long lanes) {
    for (long n = 0; n < items; n += block) {
      const Terms<R> terms = {scaled + n * columns,
                              columns,
                              items - n < block ? items - n : block,
                              x + n * x_stride,
                              1,
                              x_stride,
                              rows,
                              bits ? masks + n / 16 * rows : nullptr};
      for (long i = 0; i < rows * L; ++i) sums[i] = R(0);
      add_terms<R, L>(terms, first, lanes, sums);
      for (long i = 0; i < rows; ++i)
        for (long l = 0; l < lanes; ++l) G[i * G_stride + first + l] += double(sums[i * L + l]);
    }
  });
}

}  // namespace
}  // namespace gibbsite::GIBBSITE_ISA
