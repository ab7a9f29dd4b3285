// The inner loops against long double and naive references, and the same bits on every
// instruction set.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <gibbsite/core/kernels.hpp>
#include <limits>
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

std::uint64_t digest = 0xcbf29ce484222325ull;
template <class T>
void add_to_digest(const std::vector<T>& values) {
  for (const T& value : values) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    for (const unsigned char byte : bytes) digest = (digest ^ byte) * 0x100000001b3ull;
  }
}

template <class R>
void digest_of_loops() {
  const auto& k = kernels<R>();
  std::vector<R> x = hard_values<R>();
  x.push_back(std::numeric_limits<R>::quiet_NaN());
  std::vector<R> out(x.size());
  k.sigmoid(x.data(), out.data(), long(x.size()));
  out.back() = R(std::isnan(out.back()) ? 1 : 0);  // the bits of a NaN are nobody's business
  add_to_digest(out);
  std::vector<std::uint32_t> words(4 * x.size());
  philox(1, 2, 3, 4, Index(x.size()), words.data());
  add_to_digest(words);
  k.bernoulli(x.data(), words.data(), out.data(), long(x.size()));
  add_to_digest(out);
  for (const long n : {0, 1, 7, 64, 500, 961, 3000}) {
    const auto y = numbers<R>(n, 1);
    add_to_digest(std::vector<double>{k.softplus_sum(y.data(), n)});
    const long columns = 37;
    const auto W = numbers<R>(n * columns, 2), bias = numbers<R>(n, 3), v = numbers<R>(columns, 4);
    std::vector<R> h(std::size_t(n), R(0));
    k.affine(W.data(), n, columns, bias.data(), v.data(), h.data());
    add_to_digest(h);
    std::vector<double> G(std::size_t(n * columns), .5);
    k.rank_one(.3, y.data(), n, v.data(), columns, G.data());
    add_to_digest(G);
    k.scale(R(.7), y.data(), h.data(), n);
    add_to_digest(h);
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

TEST_CASE_TEMPLATE("an affine map is bias plus the columns one after the other, whatever the width",
                   R, float, double) {
  for (const long rows : {0, 1, 3, 63, 64, 65, 127, 128, 129, 300})
    for (const long columns : {0, 1, 2, 50}) {
      const auto W = numbers<R>(rows * columns, 1), bias = numbers<R>(rows, 2),
                 x = numbers<R>(columns, 3);
      std::vector<R> out(std::size_t(rows), R(7)), naive = bias;
      kernels<R>().affine(W.data(), rows, columns, bias.data(), x.data(), out.data());
      for (long k = 0; k < columns; ++k)
        for (long i = 0; i < rows; ++i)
          naive[std::size_t(i)] += x[std::size_t(k)] * W[std::size_t(k * rows + i)];
      CHECK(out == naive);
    }
}

TEST_CASE_TEMPLATE("a zero factor skips its column, even where that is not finite", R, float,
                   double) {
  const R bad = std::numeric_limits<R>::quiet_NaN();
  const std::vector<R> W = {bad, bad, 1, 2}, bias = {1, 1}, x = {0, 3};
  std::vector<R> out(2);
  kernels<R>().affine(W.data(), 2, 2, bias.data(), x.data(), out.data());
  CHECK(out == std::vector<R>{4, 7});
}

TEST_CASE_TEMPLATE("a rank-one update adds the outer product in double precision", R, float,
                   double) {
  for (const long rows : {0, 1, 5})
    for (const long columns : {0, 1, 8, 33}) {
      const auto x = numbers<R>(rows, 1), y = numbers<R>(columns, 2);
      std::vector<double> G(std::size_t(rows * columns), .25), naive = G;
      kernels<R>().rank_one(-.7, x.data(), rows, y.data(), columns, G.data());
      for (long i = 0; i < rows; ++i)
        for (long j = 0; j < columns; ++j)
          naive[std::size_t(i * columns + j)] +=
              -.7 * double(x[std::size_t(i)]) * double(y[std::size_t(j)]);
      CHECK(G == naive);
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
  digest_of_loops<float>();
  digest_of_loops<double>();
  std::printf("digest %s %016llx\n", std::string(instruction_set()).c_str(),
              (unsigned long long)(digest));
}

TEST_CASE("every instruction set gives the same bits") {
  const std::string self = gibbsite::test::fs::read_symlink("/proc/self/exe").string();
  std::map<std::string, std::string> digests;
  for (const char* isa : {"sse2", "avx2", "avx512", ""}) {
    const auto ending =
        gibbsite::test::run_program({self, "--test-case=the digest of all loops"},
                                    {{"GIBBSITE_ISA", isa}, {"GIBBSITE_PRINT_DIGEST", "1"}});
    const auto at = ending.out.find("digest ");
    REQUIRE(at != std::string::npos);
    const std::string line = ending.out.substr(at + 7, ending.out.find('\n', at) - at - 7);
    digests[line.substr(0, line.find(' '))] = line.substr(line.find(' '));
  }
  if (digests.size() < 2) gibbsite::test::skip("this machine has the instruction set sse2 alone");
  for (const auto& [isa, value] : digests) {
    CAPTURE(isa);
    CHECK(value == digests.begin()->second);
  }
}
