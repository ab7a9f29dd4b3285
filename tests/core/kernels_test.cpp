// The inner loops against long double and naive references, and their bits on every instruction
// set.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <gibbsite/core/kernels.hpp>
#include <limits>
#include <map>
#include <sstream>
#include <vector>

#include "support/program.hpp"

using namespace gibbsite;

namespace {

template <class R>
std::vector<R> hard_values() {
  const double infinity = std::numeric_limits<double>::infinity();
  std::vector<R> out;
  for (const double x : {0.,  1e-300, 1e-40, 1e-10, .3,   1.,   17., 40.,  87.,   88.,
                         89., 104.,   700.,  709.,  746., 800., 1e4, 1e30, 1e308, infinity})
    for (const double sign : {1., -1.}) out.push_back(R(sign * x));
  for (int k = -2000; k <= 2000; ++k) out.push_back(R(k * .05));
  return out;
}

// Units in the last place of R between a result and the true value.
template <class R>
double ulps(R got, long double truth) {
  if (got == R(truth)) return 0;
  const R size = std::max(std::abs(R(truth)), std::numeric_limits<R>::min());
  return double(std::abs((long double)(got)-truth) /
                (long double)(std::nextafter(size, std::numeric_limits<R>::infinity()) - size));
}

long double true_sigmoid(long double x) {
  return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
}
long double true_softplus(long double x) {
  return std::max(0.L, x) + std::log1p(std::exp(-std::abs(x)));
}

// Numbers of both signs, some of them 0, that no two calls share.
template <class R>
std::vector<R> numbers(long n, int seed) {
  std::vector<R> out(std::size_t(n), R(0));
  for (long k = 0; k < n; ++k)
    out[std::size_t(k)] = (k + seed) % 5 == 0 ? R(0) : R(std::sin(1. + seed + 3.7 * double(k)));
  return out;
}

// Whether affine and products round a product and a sum at once.
bool is_fused() { return instruction_set() != "sse2"; }

constexpr std::uint64_t no_digest = 0xcbf29ce484222325ull;
template <class T>
void add_to_digest(const std::vector<T>& values, std::uint64_t& digest) {
  for (const T& value : values) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    for (const unsigned char byte : bytes) digest = (digest ^ byte) * 0x100000001b3ull;
  }
}

// `fused` is that of products of numbers other than 0 and 1.
template <class R>
void digest_of_loops(std::uint64_t& digest, std::uint64_t& fused) {
  const auto& k = kernels<R>();
  std::vector<R> x = hard_values<R>();
  x.push_back(std::numeric_limits<R>::quiet_NaN());
  std::vector<R> out(x.size());
  k.sigmoid(x.data(), out.data(), long(x.size()));
  out.back() = R(std::isnan(out.back()) ? 1 : 0);  // the bits of a NaN are nobody's business
  add_to_digest(out, digest);
  std::vector<std::uint32_t> words(4 * x.size());
  philox(1, 2, 3, 4, Index(x.size()), words.data());
  add_to_digest(words, digest);
  k.bernoulli(x.data(), words.data(), out.data(), long(x.size()));
  add_to_digest(out, digest);
  for (const long n : {0, 1, 7, 64, 500, 961, 3000}) {
    const auto y = numbers<R>(n, 1);
    add_to_digest(std::vector<double>{k.softplus_sum(y.data(), n)}, digest);
    const long columns = 37;
    const auto W = numbers<R>(n * columns, 2), bias = numbers<R>(n, 3);
    std::vector<R> h(std::size_t(n), R(0));
    for (const bool binary : {true, false}) {
      std::uint64_t& of = binary ? digest : fused;
      auto v = numbers<R>(columns, 4), y_or_bits = y;
      if (binary)
        for (auto* all : {&v, &y_or_bits})
          for (R& value : *all) value = R(value > R(.2));
      k.affine(W.data(), n, n, columns, bias.data(), v.data(), columns, 1, h.data(), n);
      add_to_digest(h, of);
      const double weight = .3;
      std::vector<double> G(std::size_t(n * columns), .5);
      k.products(&weight, y_or_bits.data(), n, n, v.data(), columns, columns, 1, G.data(), columns);
      add_to_digest(G, of);
    }
    k.scale(R(.7), y.data(), h.data(), n);
    add_to_digest(h, digest);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("the sigmoid is right to 2 ulp from the smallest to the largest argument", R,
                   float, double) {
  const auto x = hard_values<R>();
  std::vector<R> out(x.size());
  kernels<R>().sigmoid(x.data(), out.data(), long(x.size()));
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    CAPTURE(x[i]);
    const long double truth = true_sigmoid(x[i]);
    CHECK(out[i] >= 0);
    CHECK(out[i] <= 1);
    // Below the smallest normal exponential the result is 0.
    if (truth < (sizeof(R) == 4 ? 2e-38L : 1e-304L))
      CHECK(out[i] <= truth * 1.001L);
    else
      worst = std::max(worst, ulps(out[i], truth));
  }
  CHECK(worst <= 2);
  const R nan = std::numeric_limits<R>::quiet_NaN();
  R got = 0;
  kernels<R>().sigmoid(&nan, &got, 1);
  CHECK(std::isnan(got));
}

TEST_CASE_TEMPLATE("the softplus sum is that of long double arithmetic, for any length and size", R,
                   float, double) {
  const double precision = sizeof(R) == 4 ? 3e-7 : 1e-15;  // of one e^{-|x|}
  for (const R x : hard_values<R>()) {
    if (std::isinf(x)) continue;
    CAPTURE(x);
    const long double truth = true_softplus(x);
    CHECK(std::abs(double(kernels<R>().softplus_sum(&x, 1) - truth)) <=
          precision + 1e-15 * double(std::abs(truth)));
  }
  for (const long n : {2, 15, 16, 17, 959, 960, 961, 10000}) {
    const auto x = numbers<R>(n, 9);
    long double truth = 0;
    for (const R value : x) truth += true_softplus(value);
    CHECK(std::abs(double(kernels<R>().softplus_sum(x.data(), n) - truth)) <=
          double(n) * precision);
  }
  CHECK(kernels<R>().softplus_sum(nullptr, 0) == 0);
  const R infinity = std::numeric_limits<R>::infinity(), nan = std::numeric_limits<R>::quiet_NaN();
  CHECK(kernels<R>().softplus_sum(&infinity, 1) == std::numeric_limits<double>::infinity());
  const R low = -infinity;
  CHECK(kernels<R>().softplus_sum(&low, 1) == 0);
  CHECK(std::isnan(kernels<R>().softplus_sum(&nan, 1)));
}

TEST_CASE_TEMPLATE("an affine map adds four columns at a time, whatever the batch", R, float,
                   double) {
  for (const long rows : {0, 1, 3, 15, 63, 64, 65, 127, 129, 300})
    for (const long columns : {0, 1, 2, 17, 50})
      for (const long count : {1, 5, 11, 12, 30, 300})
        for (const bool binary : {false, true}) {
          const auto W = numbers<R>(rows * columns, 1), bias = numbers<R>(rows, 2);
          auto x = numbers<R>(columns * count, 3);
          if (binary)
            for (R& value : x) value = R(value > R(.2));
          std::vector<R> out(std::size_t(rows * count), R(7)), naive;
          kernels<R>().affine(W.data(), rows, rows, columns, bias.data(), x.data(), columns, count,
                              out.data(), rows);
          for (long n = 0; n < count; ++n)
            for (long i = 0; i < rows; ++i) {
              R sum = bias[std::size_t(i)];
              for (long k = 0; k < columns; k += 4) {
                R part = 0;
                for (long b = k; b < std::min(k + 4, columns); ++b) {
                  const R c = x[std::size_t(n * columns + b)], w = W[std::size_t(b * rows + i)];
                  part = is_fused() ? std::fma(c, w, part) : part + c * w;
                }
                sum += part;
              }
              naive.push_back(sum);
            }
          CHECK(out == naive);
        }
}

TEST_CASE_TEMPLATE("an affine map of part of a matrix leaves what lies between its columns alone",
                   R, float, double) {
  const auto W = numbers<R>(3 * 2, 1), bias = numbers<R>(3, 2), x = numbers<R>(5 * 4, 3);
  std::vector<R> out(4 * 4, R(7));
  kernels<R>().affine(W.data(), 3, 3, 2, bias.data(), x.data(), 5, 4, out.data(), 4);
  for (std::size_t n = 0; n < 4; ++n) {
    std::vector<R> alone(3);
    kernels<R>().affine(W.data(), 3, 3, 2, bias.data(), x.data() + 5 * n, 2, 1, alone.data(), 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(out[4 * n + i] == alone[i]);
    CHECK(out[4 * n + 3] == 7);
  }
}

TEST_CASE_TEMPLATE("products of columns add up in blocks of 64, these in double", R, float,
                   double) {
  const double rounding = sizeof(R) == 4 ? 0x1p-24 : 0x1p-53;
  for (const long rows : {0, 1, 5, 40})
    for (const long columns : {0, 1, 8, 33, 100})
      for (const long count : {1, 3, 64, 130, 1100})
        for (const bool binary : {false, true}) {
          auto x = numbers<R>(rows * count, 1);
          if (binary)
            for (R& value : x) value = R(value > R(.2));
          const auto y = numbers<R>(columns * count, 2);
          const auto weights = numbers<double>(count, 3);
          const long stride = columns + 2;
          std::vector<double> G(std::size_t(rows * stride), .25);
          kernels<R>().products(weights.data(), x.data(), rows, rows, y.data(), columns, columns,
                                count, G.data(), stride);
          double worst = 0;
          for (long i = 0; i < rows; ++i)
            for (long j = 0; j < stride; ++j) {
              double sum = .25, size = .25;
              for (long n = 0; n < count && j < columns; ++n) {
                const double term = weights[std::size_t(n)] * double(x[std::size_t(n * rows + i)]) *
                                    double(y[std::size_t(n * columns + j)]);
                sum += term;
                size += std::abs(term);
              }
              // A term is rounded twice, and again in at most 19 sums of R; the rest is in double.
              const double allowed = 21 * rounding * size + double(count) * 0x1p-53 * size;
              worst = std::max(worst, std::abs(G[std::size_t(i * stride + j)] - sum) / allowed);
            }
          CHECK(worst <= 1);
        }
}

TEST_CASE_TEMPLATE("a coin is 1 exactly where its word is below the probability", R, float,
                   double) {
  const auto x = hard_values<R>();
  const std::vector<std::uint32_t> edges = {0,          1,          0x7fffffff, 0x80000000,
                                            0x80000001, 0xfffffffe, 0xffffffff};
  for (const std::uint32_t word : edges) {
    const std::vector<std::uint32_t> words(x.size(), word);
    std::vector<R> out(x.size()), p(x.size());
    kernels<R>().sigmoid(x.data(), p.data(), long(x.size()));
    kernels<R>().bernoulli(x.data(), words.data(), out.data(), long(x.size()));
    for (std::size_t i = 0; i < x.size(); ++i)
      CHECK(out[i] == (double(word) < double(p[i]) * 0x1p32 ? 1 : 0));
  }
  const R nan = std::numeric_limits<R>::quiet_NaN();
  const std::uint32_t word = 0;
  R got = 5;
  kernels<R>().bernoulli(&nan, &word, &got, 1);
  CHECK(got == 0);
}

TEST_CASE("the digest of all loops") {
  if (std::getenv("GIBBSITE_PRINT_DIGEST") == nullptr) return;  // for the test below
  std::uint64_t digest = no_digest, fused = no_digest;
  digest_of_loops<float>(digest, fused);
  digest_of_loops<double>(digest, fused);
  std::printf("digest %s %016llx %016llx\n", std::string(instruction_set()).c_str(),
              (unsigned long long)(digest), (unsigned long long)(fused));
}

TEST_CASE("every instruction set gives the same bits, products of real numbers those that fuse") {
  const std::string self = gibbsite::test::fs::read_symlink("/proc/self/exe").string();
  std::map<std::string, std::string> digests, fused;
  for (const char* isa : {"sse2", "avx2", "avx512", ""}) {
    const auto ending =
        gibbsite::test::run_program({self, "--test-case=the digest of all loops"},
                                    {{"GIBBSITE_ISA", isa}, {"GIBBSITE_PRINT_DIGEST", "1"}});
    const auto at = ending.out.find("digest ");
    REQUIRE(at != std::string::npos);
    std::istringstream line(ending.out.substr(at + 7));
    std::string name, all, real;
    line >> name >> all >> real;
    digests[name] = all;
    fused[name] = real;
  }
  if (digests.size() < 2) gibbsite::test::skip("this machine has the instruction set sse2 alone");
  for (const auto& [isa, value] : digests) {
    CAPTURE(isa);
    CHECK(value == digests.begin()->second);
  }
  if (fused.contains("avx512")) CHECK(fused["avx512"] == fused["avx2"]);
}
