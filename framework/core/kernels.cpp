#include "gibbsite/core/kernels.hpp"

#include <cstdlib>
#include <type_traits>

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
  if (__builtin_cpu_supports("avx2") && wanted != "sse2")
    return {"avx2", avx2::single_loops, avx2::double_loops, avx2::philox_loop};
#endif
  return {"sse2", sse2::single_loops, sse2::double_loops, sse2::philox_loop};
}

const Choice& chosen() {
  static const Choice choice = choose();
  return choice;
}

template <class R>
Kernels<R> table(const KernelLoops<R>& loops) {
  return {loops.affine,  loops.rank_one,     loops.scale,
          loops.sigmoid, loops.softplus_sum, loops.bernoulli};
}

}  // namespace

template <>
const Kernels<float>& kernels<float>() {
  static const Kernels<float> loops = table(*chosen().single);
  return loops;
}

template <>
const Kernels<double>& kernels<double>() {
  static const Kernels<double> loops = table(*chosen().twice);
  return loops;
}

void philox(std::uint64_t key, std::uint64_t step, std::uint32_t chain, std::uint32_t first,
            Index blocks, std::uint32_t* words) {
  chosen().philox(key, step, chain, first, blocks, words);
}

std::string_view instruction_set() { return chosen().name; }

}  // namespace gibbsite
