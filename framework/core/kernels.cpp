#include "gibbsite/core/kernels.hpp"

#include <algorithm>
#include <cstdlib>
#include <type_traits>
#include <vector>

#include "gibbsite/core/kernels_isa.hpp"

namespace gibbsite {
namespace {

static_assert(std::is_same_v<Index, long>, "kernels_isa.hpp writes long for Index");

struct Choice {
  std::string_view name;
  const KernelLoops<float>* single;
  const KernelLoops<double>* twice;
  PhiloxLoop philox;
};

Choice choose() {
  const char* wish = std::getenv("GIBBSITE_ISA");
  const std::string_view wanted = wish == nullptr ? "" : wish;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
  if (has_avx512 && (wanted.empty() || wanted == "avx512"))
    return {"avx512", avx512::single_loops, avx512::double_loops, avx512::philox_loop};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && wanted != "sse2")
    return {"avx2", avx2::single_loops, avx2::double_loops, avx2::philox_loop};
#endif
  return {"sse2", sse2::single_loops, sse2::double_loops, sse2::philox_loop};
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

template <class R>
const KernelLoops<R>& loops();
template <>
const KernelLoops<float>& loops() {
  return *chosen().single;
}
template <>
const KernelLoops<double>& loops() {
  return *chosen().twice;
}

// Memory that a thread keeps for its next call; what was in it is lost.
template <class R>
struct Scratch {
  std::vector<std::uint16_t> masks;
  std::vector<R> sums, scaled;

  // For `items` sums of `terms` terms each.
  static Scratch& of(Index items, Index terms) {
    thread_local Scratch scratch;
    const auto grow = [](auto& memory, Index size) {
      if (memory.size() < std::size_t(size)) memory.resize(std::size_t(size));
    };
    grow(scratch.masks, (terms + 15) / 16 * items);
    grow(scratch.sums, items * 256 / Index(sizeof(R)));
    return scratch;
  }
};

template <class R>
void affine(const R* W, Index W_stride, Index rows, Index columns, const R* bias, const R* x,
            Index x_stride, Index count, R* out, Index out_stride) {
  constexpr Index most = 256;  // what stays in the cache
  for (Index n = 0; n < count; n += most) {
    const Index items = std::min(most, count - n);
    Scratch<R>& scratch = Scratch<R>::of(items, columns);
    loops<R>().affine(W, W_stride, rows, columns, bias, x + n * x_stride, x_stride, items,
                      out + n * out_stride, out_stride, scratch.masks.data(), scratch.sums.data());
  }
}

template <class R>
void products(const double* weights, const R* x, Index x_stride, Index rows, const R* y,
              Index y_stride, Index columns, Index count, double* G, Index G_stride) {
  constexpr Index most = 1024;
  for (Index n = 0; n < count; n += most) {
    const Index items = std::min(most, count - n);
    Scratch<R>& scratch = Scratch<R>::of(rows, items);
    scratch.scaled.resize(std::max(scratch.scaled.size(), std::size_t(items * columns)));
    loops<R>().products(weights + n, x + n * x_stride, x_stride, rows, y + n * y_stride, y_stride,
                        columns, items, G, G_stride, scratch.masks.data(), scratch.scaled.data(),
                        scratch.sums.data());
  }
}

template <class R>
Kernels<R> table() {
  const KernelLoops<R>& own = loops<R>();
  return {affine<R>, products<R>, own.scale, own.sigmoid, own.softplus_sum, own.bernoulli};
}

}  // namespace

template <>
const Kernels<float>& kernels<float>() {
  static const Kernels<float> all = table<float>();
  return all;
}

template <>
const Kernels<double>& kernels<double>() {
  static const Kernels<double> all = table<double>();
  return all;
}

void philox(std::uint64_t key, std::uint64_t step, std::uint32_t chain, std::uint32_t first,
            Index blocks, std::uint32_t* words) {
  chosen().philox(key, step, chain, first, blocks, words);
}

std::string_view instruction_set() { return chosen().name; }

}  // namespace gibbsite
