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

Index count(const std::vector<Real>& x) {
  return Index(x.size()) - std::count(x.begin(), x.end(), Real(0));
}

// Work per iteration as a share of a limit per second.
void share(benchmark::State& state, const char* name, double work, double limit) {
  state.counters[name] =
      benchmark::Counter(work / limit, benchmark::Counter::kIsIterationInvariantRate);
}

void affine(benchmark::State& state) {
  const auto W = normal(hidden * visible), bias = normal(hidden);
  const auto x = ones(visible, double(state.range(0)) / 100);
  std::vector<Real> out(hidden);
  for (auto _ : state) {
    kernels<Real>().affine(W.data(), hidden, visible, bias.data(), x.data(), out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  const double terms = double(hidden * count(x));
  share(state, "of_arithmetic", 2 * terms, limits::arithmetic<Real>());
  share(state, "of_reading", terms * sizeof(Real), limits::reading(W.size() * sizeof(Real)));
}
BENCHMARK(affine)->ArgName("percent_ones")->Arg(13)->Arg(50)->Arg(100);

void rank_one(benchmark::State& state) {
  const auto x = ones(visible, double(state.range(0)) / 100), y = normal(hidden);
  std::vector<double> G(std::size_t(hidden * visible));
  for (auto _ : state) {
    kernels<Real>().rank_one(1e-3, x.data(), visible, y.data(), hidden, G.data());
    benchmark::DoNotOptimize(G.data());
    benchmark::ClobberMemory();
  }
  const double terms = double(hidden * count(x));
  share(state, "of_arithmetic", 2 * terms, limits::arithmetic<double>());
  share(state, "of_reading", 2 * terms * sizeof(double),
        limits::reading(G.size() * sizeof(double)));
}
BENCHMARK(rank_one)->ArgName("percent_ones")->Arg(13)->Arg(50)->Arg(100);

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
