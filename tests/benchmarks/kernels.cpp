// The loops of core/kernels.hpp on the layers of an RBM of 784 visible and 500 hidden units. Beside
// the time stand shares of what the machine can do: `of_arithmetic` of the multiply-adds that one
// core manages on registers, `of_reading` of the bytes that it reads from a buffer as large as the
// weights. Products and sums of the SDK are not fused, so half of the arithmetic is the most they
// can have.
#include "gibbsite/core/kernels.hpp"

#include <benchmark/benchmark.h>

#include <random>
#include <vector>

#include "limits.hpp"

namespace {
using namespace gibbsite;

constexpr Index hidden = 500, visible = 784;

std::vector<Real> normal(Index n) {
  std::mt19937_64 random(1);
  std::normal_distribution<Real> law;
  std::vector<Real> out(std::size_t(n), Real(0));
  for (Real& value : out) value = law(random);
  return out;
}

// Ones at this share of the places.
std::vector<Real> ones(Index n, double share) {
  std::mt19937_64 random(2);
  std::bernoulli_distribution law(share);
  std::vector<Real> out(std::size_t(n), Real(0));
  for (Real& value : out) value = Real(law(random));
  return out;
}

// Work per iteration as a share of a limit per second.
void share(benchmark::State& state, const char* name, double work, double limit) {
  state.counters[name] =
      benchmark::Counter(work / limit, benchmark::Counter::kIsIterationInvariantRate);
}

// Many inputs at once, with so many percent of ones; 0 stands for real inputs.
constexpr Index chains = 25;

std::vector<Real> inputs(Index n, std::int64_t percent) {
  return percent == 0 ? normal(n) : ones(n, double(percent) / 100);
}

void affine(benchmark::State& state) {
  const auto W = normal(hidden * visible), bias = normal(hidden);
  const auto x = inputs(visible * chains, state.range(0));
  std::vector<Real> out(hidden * chains);
  for (auto _ : state) {
    kernels<Real>().affine(W.data(), hidden, hidden, visible, bias.data(), x.data(), visible,
                           chains, out.data(), hidden);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  share(state, "of_arithmetic", 2 * double(hidden * visible * chains), limits::arithmetic<Real>());
}
BENCHMARK(affine)->ArgName("percent_ones")->Arg(13)->Arg(50)->Arg(0);

void products(benchmark::State& state) {
  const auto x = inputs(visible * chains, state.range(0)), y = normal(hidden * chains);
  const std::vector<double> weights(chains, 1e-3);
  std::vector<double> G(std::size_t(hidden * visible));
  for (auto _ : state) {
    kernels<Real>().products(weights.data(), x.data(), visible, visible, y.data(), hidden, hidden,
                             chains, G.data(), hidden);
    benchmark::DoNotOptimize(G.data());
    benchmark::ClobberMemory();
  }
  share(state, "of_arithmetic", 2 * double(hidden * visible * chains), limits::arithmetic<Real>());
  share(state, "of_reading", 2 * double(G.size() * sizeof(double)),
        limits::reading(G.size() * sizeof(double)));
}
BENCHMARK(products)->ArgName("percent_ones")->Arg(13)->Arg(50)->Arg(0);

// Operations per value as kernels_isa.cpp writes e^x, and two for the logistic function; a division
// counts as one.
constexpr double exponential = sizeof(Real) == 4 ? 21 : 33, logistic = exponential + 2;

void values(benchmark::State& state, double operations) {
  state.SetItemsProcessed(state.iterations() * visible);
  share(state, "of_arithmetic", operations * double(visible), limits::arithmetic<Real>());
}

void sigmoid(benchmark::State& state) {
  const auto x = normal(visible);
  std::vector<Real> out(visible);
  for (auto _ : state) {
    kernels<Real>().sigmoid(x.data(), out.data(), visible);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  values(state, logistic);
}
BENCHMARK(sigmoid);

void softplus_sum(benchmark::State& state) {
  const auto x = normal(visible);
  for (auto _ : state) benchmark::DoNotOptimize(kernels<Real>().softplus_sum(x.data(), visible));
  values(state, exponential + 3);
}
BENCHMARK(softplus_sum);

void bernoulli(benchmark::State& state) {
  const auto x = normal(visible);
  std::vector<std::uint32_t> words(visible, 1u << 31);
  std::vector<Real> out(visible);
  for (auto _ : state) {
    kernels<Real>().bernoulli(x.data(), words.data(), out.data(), visible);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  values(state, logistic + 2);
}
BENCHMARK(bernoulli);

}  // namespace
