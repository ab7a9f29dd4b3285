#include "limits.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace limits {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t width = 64;
#elif defined(__AVX__)
constexpr std::size_t width = 32;
#else
constexpr std::size_t width = 16;
#endif

template <class T>
using Lanes [[gnu::vector_size(width)]] = T;

// The best rate of some calls, each `work` units: other programs only ever make one slower.
template <class Call>
double best_rate(double work, const Call& call) {
  using Clock = std::chrono::steady_clock;
  double least = 1e9;
  for (int k = 0; k < 20; ++k) {
    const auto begun = Clock::now();
    call();
    least = std::min(least, std::chrono::duration<double>(Clock::now() - begun).count());
  }
  return work / least;
}

// Keeps a value, and what led to it, from being left out.
template <class T>
void use(T& value) {
  asm volatile("" : "+m"(value) : : "memory");
}

template <class R>
double measure_arithmetic() {
  constexpr long rounds = 200000, chains = 12;  // enough to hide the latency of one
  Lanes<R> sums[chains], factor, term;
  for (auto& sum : sums) sum = Lanes<R>{} + R(1);
  factor = Lanes<R>{} + R(0.999999);
  term = Lanes<R>{} + R(1e-6);
  use(factor);
  use(term);
  const double work = 2.0 * double(rounds * chains) * double(width / sizeof(R));
  return best_rate(work, [&] {
    Lanes<R> own[chains];  // std::array would forget that these are vectors
    for (long c = 0; c < chains; ++c) own[c] = sums[c];
    for (long k = 0; k < rounds; ++k)
      for (auto& sum : own) sum = sum * factor + term;
    for (long c = 0; c < chains; ++c) sums[c] = own[c];
    use(sums);
  });
}

double measure_reading(std::size_t bytes) {
  constexpr std::size_t chains = 8, stride = chains * width;
  const std::size_t strides = std::max<std::size_t>(1, bytes / stride);
  std::vector<unsigned char> storage(strides * stride + width, 1);
  const auto address = reinterpret_cast<std::uintptr_t>(storage.data());
  const auto* first =
      reinterpret_cast<const Lanes<std::uint64_t>*>((address + width - 1) / width * width);
  const std::size_t repeats =
      std::max<std::size_t>(1, (std::size_t{64} << 20) / (strides * stride));
  return best_rate(double(repeats * strides * stride), [&] {
    Lanes<std::uint64_t> sums[chains] = {};
    for (std::size_t k = 0; k < repeats; ++k) {
      use(first);
      for (std::size_t s = 0; s < strides; ++s)
        for (std::size_t c = 0; c < chains; ++c) sums[c] += first[s * chains + c];
    }
    use(sums);
  });
}

#if defined(__AVX512F__)
using Words = __m512i;
Words multiply(Words a, Words b) { return _mm512_mul_epu32(a, b); }
#elif defined(__AVX2__)
using Words = __m256i;
Words multiply(Words a, Words b) { return _mm256_mul_epu32(a, b); }
#elif defined(__x86_64__)
using Words = __m128i;
Words multiply(Words a, Words b) { return _mm_mul_epu32(a, b); }
#else
using Words = std::uint64_t;
Words multiply(Words a, Words b) { return (a & 0xffffffffu) * (b & 0xffffffffu); }
#endif

double measure_products() {
  constexpr long rounds = 200000, chains = 12;
  Words values[chains] = {}, factor = {};
  use(values);
  use(factor);
  return best_rate(double(rounds * chains) * double(sizeof(Words) / 8), [&] {
    Words own[chains];
    for (long c = 0; c < chains; ++c) own[c] = values[c];
    for (long k = 0; k < rounds; ++k)
      for (auto& value : own) value = multiply(value, factor);
    for (long c = 0; c < chains; ++c) values[c] = own[c];
    use(values);
  });
}

}  // namespace

template <>
double arithmetic<float>() {
  static const double rate = measure_arithmetic<float>();
  return rate;
}

template <>
double arithmetic<double>() {
  static const double rate = measure_arithmetic<double>();
  return rate;
}

double reading(std::size_t bytes) {
  static std::map<std::size_t, double> known;
  const auto found = known.find(bytes);
  return found != known.end() ? found->second : known[bytes] = measure_reading(bytes);
}

double products() {
  static const double rate = measure_products();
  return rate;
}

}  // namespace limits
