// Compiled once per instruction set (GIBBSITE_ISA names the namespace). Nothing here may call an
// inline function of a library: its copy for this instruction set could then be linked for all.
#include "gibbsite/core/kernels_isa.hpp"

#include "gibbsite/core/products_isa.hpp"

namespace gibbsite::GIBBSITE_ISA {
namespace {

template <class To, class From>
inline To bits(From from) {
  return __builtin_bit_cast(To, from);
}

// e^t for t <= 0 by Cody-Waite reduction and a Taylor polynomial; below the smallest normal
// result it is 0.
inline double exp_nonpositive(double t) {
  const double shifted = t * 1.4426950408889634 + 6755399441055744.0;
  const double k = shifted - 6755399441055744.0;
  const double r = (t - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  const auto scaled = bits<std::uint64_t>(p) + (bits<std::uint64_t>(shifted) << 52);
  return t < -700.0 ? 0.0 : bits<double>(scaled);
}

inline float exp_nonpositive(float t) {
  const float shifted = t * 1.44269504f + 12582912.0f;
  const float k = shifted - 12582912.0f;
  const float r = (t - k * 0.693359375f) + k * 2.12194440e-4f;
  float p = 1.0f / 5040.0f;
  p = p * r + 1.0f / 720.0f;
  p = p * r + 1.0f / 120.0f;
  p = p * r + 1.0f / 24.0f;
  p = p * r + 1.0f / 6.0f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const auto scaled = bits<std::uint32_t>(p) + (bits<std::uint32_t>(shifted) << 23);
  return t < -87.0f ? 0.0f : bits<float>(scaled);
}

template <class R>
inline R logistic(R x) {
  const R e = exp_nonpositive(x < R(0) ? x : -x);
  return (x < R(0) ? e : R(1)) / (R(1) + e);
}

template <class R>
void scale(R factor, const R* __restrict x, R* __restrict out, long n) {
  for (long i = 0; i < n; ++i) out[i] = factor * x[i];
}

template <class R>
void sigmoid(const R* __restrict x, R* __restrict out, long n) {
  for (long i = 0; i < n; ++i) out[i] = logistic(x[i]);
}

// Σ max(x, 0) + ln Π (1 + e^{-|x|}), with one logarithm per `most` factors: their product stays
// below 2^most. The lanes are fixed, so that the order of both is that of every instruction set.
template <class R>
double softplus_sum(const R* __restrict x, long n) {
  constexpr long lanes = 16, most = 60 * lanes;
  double sum[lanes] = {};
  double logs = 0;
  double positive[most], factor[most];
  for (; n > 0; x += most, n -= most) {
    const long count = n < most ? n : most;
    for (long i = 0; i < count; ++i) {
      positive[i] = x[i] > R(0) ? double(x[i]) : 0.0;
      factor[i] = 1.0 + double(exp_nonpositive(x[i] < R(0) ? x[i] : -x[i]));
    }
    const long padded = (count + lanes - 1) / lanes * lanes;
    for (long i = count; i < padded; ++i) {
      positive[i] = 0;
      factor[i] = 1;
    }
    double product[lanes];
    for (long l = 0; l < lanes; ++l) product[l] = 1;
    for (long i = 0; i < padded; i += lanes)
      for (long l = 0; l < lanes; ++l) {
        sum[l] += positive[i + l];
        product[l] *= factor[i + l];
      }
    for (long width = lanes / 2; width > 0; width /= 2)
      for (long l = 0; l < width; ++l) product[l] *= product[l + width];
    logs += __builtin_log(product[0]);
  }
  for (long width = lanes / 2; width > 0; width /= 2)
    for (long l = 0; l < width; ++l) sum[l] += sum[l + width];
  return sum[0] + logs;
}

// A word w means u = w / 2^32; u < p is compared in double, where both sides are exact.
template <class R>
void bernoulli(const R* __restrict x, const std::uint32_t* __restrict words, R* __restrict out,
               long n) {
  for (long i = 0; i < n; ++i) {
    const double w = double(words[i]);
    out[i] = w < double(logistic(x[i])) * 4294967296.0 ? R(1) : R(0);
  }
}

void philox(std::uint64_t key, std::uint64_t step, std::uint32_t chain, std::uint32_t first,
            long blocks, std::uint32_t* __restrict words) {
  const std::uint32_t step_low = std::uint32_t(step);
  const std::uint32_t step_high = std::uint32_t(step >> 32);
  for (long b = 0; b < blocks; ++b) {
    std::uint32_t c0 = first + std::uint32_t(b), c1 = chain, c2 = step_low, c3 = step_high;
    std::uint32_t k0 = std::uint32_t(key), k1 = std::uint32_t(key >> 32);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = 0xD2511F53ull * c0;
      const std::uint64_t p1 = 0xCD9E8D57ull * c2;
      const std::uint32_t n0 = std::uint32_t(p1 >> 32) ^ c1 ^ k0;
      const std::uint32_t n2 = std::uint32_t(p0 >> 32) ^ c3 ^ k1;
      c1 = std::uint32_t(p1);
      c3 = std::uint32_t(p0);
      c0 = n0;
      c2 = n2;
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    words[4 * b] = c0;
    words[4 * b + 1] = c1;
    words[4 * b + 2] = c2;
    words[4 * b + 3] = c3;
  }
}

template <class R>
constexpr KernelLoops<R> loops = {affine<R>,  products<R>,     scale<R>,
                                  sigmoid<R>, softplus_sum<R>, bernoulli<R>};

}  // namespace

const KernelLoops<float>* const single_loops = &loops<float>;
const KernelLoops<double>* const double_loops = &loops<double>;
const PhiloxLoop philox_loop = philox;

}  // namespace gibbsite::GIBBSITE_ISA
