// What each compiled instruction set offers to kernels.cpp. Free of Eigen and the standard
// library's templates, see kernels_isa.cpp.
#pragma once

#include <cstdint>

namespace gibbsite {

/// The same members as Kernels, with `long` for Index. Scratch memory comes last: `masks` has room
/// for a bit per coefficient in words of 16, per item; `sums` for 256 bytes per item; `scaled` for
/// items x columns numbers.
template <class R>
struct KernelLoops {
  void (*affine)(const R* W, long W_stride, long rows, long columns, const R* bias, const R* x,
                 long x_stride, long items, R* out, long out_stride, std::uint16_t* masks, R* sums);
  void (*products)(const double* weights, const R* x, long x_stride, long rows, const R* y,
                   long y_stride, long columns, long items, double* G, long G_stride,
                   std::uint16_t* masks, R* scaled, R* sums);
  void (*scale)(R, const R*, R*, long);
  void (*sigmoid)(const R*, R*, long);
  double (*softplus_sum)(const R*, long);
  void (*bernoulli)(const R*, const std::uint32_t*, R*, long);
};

using PhiloxLoop = void (*)(std::uint64_t, std::uint64_t, std::uint32_t, std::uint32_t, long,
                            std::uint32_t*);

#define GIBBSITE_DECLARE_ISA(isa)                       \
  namespace isa {                                       \
  extern const KernelLoops<float>* const single_loops;  \
  extern const KernelLoops<double>* const double_loops; \
  extern const PhiloxLoop philox_loop;                  \
  }
GIBBSITE_DECLARE_ISA(sse2)
GIBBSITE_DECLARE_ISA(avx2)
GIBBSITE_DECLARE_ISA(avx512)
#undef GIBBSITE_DECLARE_ISA

}  // namespace gibbsite
