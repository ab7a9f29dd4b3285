// Random numbers for 100 chains of 784 coordinates. `of_products` is the share of the 32-bit
// products that the machine can make: ten rounds of Philox take 20 for four words.
#include "gibbsite/core/random.hpp"

#include <benchmark/benchmark.h>

#include <vector>

#include "gibbsite/core/kernels.hpp"
#include "limits.hpp"

namespace {
using namespace gibbsite;

constexpr Index dim = 784, chains = 100;

void count(benchmark::State& state, double words_per_value) {
  state.SetItemsProcessed(state.iterations() * dim * chains);
  state.counters["of_products"] =
      benchmark::Counter(5 * words_per_value * double(dim * chains) / limits::products(),
                         benchmark::Counter::kIsIterationInvariantRate);
}

void words(benchmark::State& state) {
  std::vector<std::uint32_t> out(std::size_t(dim) * chains);
  for (auto _ : state) {
    philox(1, 2, 3, 0, dim * chains / 4, out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  count(state, 1);
}
BENCHMARK(words);

template <class Draw>
void draw(benchmark::State& state, double words_per_value, const Draw& fill) {
  Batch out(dim, chains);
  std::uint64_t step = 0;
  for (auto _ : state) {
    Stream random = Stream(1).at(step++);
    fill(random, out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  count(state, words_per_value);
}

void uniform(benchmark::State& state) {
  draw(state, 2, [](Stream& random, Batch& out) { random.uniform(out); });
}
BENCHMARK(uniform);

void normal(benchmark::State& state) {
  draw(state, 2, [](Stream& random, Batch& out) { random.normal(out); });
}
BENCHMARK(normal);

// Sigmoid, random words and the comparison: a layer of binary units.
void bernoulli(benchmark::State& state) {
  Batch logits(dim, chains);
  Stream(7).normal(logits);
  draw(state, 1, [&](Stream& random, Batch& out) { random.bernoulli(logits, out); });
}
BENCHMARK(bernoulli);

}  // namespace
