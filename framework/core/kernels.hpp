// The loops that everything hot goes through, compiled for several instruction sets and chosen
// at run time. Each output element is summed in one fixed order, so results do not depend on how
// many columns a batch has; nor on the instruction set, but that `affine` and `products` of numbers
// other than 0 and 1 round a product and a sum at once where it can (avx2, avx512), and twice where
// it cannot (sse2).
#pragma once

#include <cstdint>
#include <string_view>

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// One set of loops for numbers of type R. Pointers are to column-major storage without gaps
/// unless a leading dimension is given; `n` and `rows` may be 0.
template <class R>
struct Kernels {
  /// out_n = bias + Σ_k x_n,k W(:, k) for the columns x_n and out_n of `count` inputs, W of rows x
  /// columns, whose columns begin W_stride apart. Where all inputs are 0 or 1 and there are many,
  /// sums of four columns of W are looked up; the numbers are the same.
  void (*affine)(const R* W, Index W_stride, Index rows, Index columns, const R* bias, const R* x,
                 Index x_stride, Index count, R* out, Index out_stride);
  /// G(i, :) += Σ_n w_n x_n,i y_n for `count` columns x_n (`rows` numbers) and y_n (`columns`);
  /// row i of G begins at i G_stride. Up to 64 columns are added in R, all else in double.
  void (*products)(const double* weights, const R* x, Index x_stride, Index rows, const R* y,
                   Index y_stride, Index columns, Index count, double* G, Index G_stride);
  /// out_i = scale x_i.
  void (*scale)(R scale, const R* x, R* out, Index n);
  /// out_i = 1 / (1 + e^{-x_i}), to 2 ulp; a NaN stays one.
  void (*sigmoid)(const R* x, R* out, Index n);
  /// Σ_i ln(1 + e^{x_i}), added up in double; its absolute error is below n 2^-52 plus rounding.
  double (*softplus_sum)(const R* x, Index n);
  /// out_i = 1 with probability 1 / (1 + e^{-x_i}), else 0, from the random words.
  void (*bernoulli)(const R* x, const std::uint32_t* words, R* out, Index n);
};

/// The loops for the best instruction set of this machine (or GIBBSITE_ISA = sse2, avx2, avx512).
template <class R>
GIBBSITE_API const Kernels<R>& kernels();

/// Philox4x32-10 (Salmon et al. 2011): `blocks` times four words for the counters
/// (first, chain, step low, step high), (first + 1, ...), ... under `key`.
GIBBSITE_API void philox(std::uint64_t key, std::uint64_t step, std::uint32_t chain,
                         std::uint32_t first, Index blocks, std::uint32_t* words);

/// The name of the instruction set in use.
GIBBSITE_API std::string_view instruction_set();

}  // namespace gibbsite
