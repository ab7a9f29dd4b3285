// Work on several threads: each task once, the same results, and the first failure.
#include <doctest/doctest.h>

#include <atomic>
#include <gibbsite/core/parallel.hpp>
#include <gibbsite/core/random.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace gibbsite;

TEST_CASE("each task is run exactly once, with any number of threads") {
  for (const int threads : {1, 2, 3, 8}) {
    const Workers workers(threads);
    for (const Index tasks : {0, 1, 2, 7, 1000}) {
      std::vector<std::atomic<int>> counts(std::size_t(tasks) + 1);
      workers.run(tasks, [&](Index i) { ++counts[std::size_t(i)]; });
      for (Index i = 0; i < tasks; ++i) CHECK(counts[std::size_t(i)] == 1);
      CHECK(counts.back() == 0);
    }
  }
}

TEST_CASE("a sum over blocks in their order does not depend on the threads") {
  const Index chains = 1000;
  const auto sum = [&](int threads) {
    const Workers workers(threads);
    std::vector<double> parts(std::size_t(block_count(chains)));
    workers.run(block_count(chains), [&](Index b) {
      const Index first = b * block_width(chains);
      Batch x(10, std::min(block_width(chains), chains - first));
      Stream(1).chains_from(first).normal(x);
      parts[std::size_t(b)] = x.cast<double>().sum();
    });
    double total = 0;
    for (const double part : parts) total += part;
    return total;
  };
  const double alone = sum(1);
  for (int repeat = 0; repeat < 20; ++repeat)
    for (const int threads : {2, 5}) CHECK(sum(threads) == alone);
}

TEST_CASE("the exception of the lowest task that threw is rethrown") {
  for (const int threads : {1, 2, 4}) {
    const Workers workers(threads);
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::string caught;
      try {
        workers.run(40, [](Index i) {
          if (i % 7 == 3) throw std::runtime_error(std::to_string(i));
        });
      } catch (const std::runtime_error& fault) {
        caught = fault.what();
      }
      CHECK(caught == "3");
    }
    CHECK_THROWS_AS(workers.run(5, [](Index) { throw 42; }), int);
    int count = 0;
    workers.run(1, [&](Index) { ++count; });
    CHECK(count == 1);
  }
}

TEST_CASE("a run from within a task is run in place and does not wait for itself") {
  const Workers workers(2);
  std::vector<std::atomic<int>> counts(100);
  workers.run(
      10, [&](Index i) { workers.run(10, [&](Index j) { ++counts[std::size_t(10 * i + j)]; }); });
  for (const auto& count : counts) CHECK(count == 1);
  CHECK_THROWS_AS(workers.run(4,
                              [&](Index i) {
                                workers.run(4, [&](Index j) {
                                  if (i + j == 4) throw 1;
                                });
                              }),
                  int);
}

TEST_CASE("runs from several threads at once do not mix") {
  const Workers workers(3);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, caller] {
      for (int repeat = 0; repeat < 100; ++repeat) {
        std::vector<int> own(20, -1);
        workers.run(20, [&](Index i) { own[std::size_t(i)] = caller; });
        for (const int value : own) wrong += value == caller ? 0 : 1;
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

TEST_CASE("no thread at all is one thread") {
  CHECK(Workers(0).threads() == 1);
  CHECK(Workers(-3).threads() == 1);
  CHECK(Workers(4).threads() == 4);
}

TEST_CASE("blocks cover the chains without gap or overlap") {
  for (Index chains = 1; chains < 2000; ++chains) {
    const Index width = block_width(chains), count = block_count(chains);
    CHECK(width >= 1);
    CHECK(width <= 64);
    CHECK((count - 1) * width < chains);
    CHECK(count * width >= chains);
  }
  CHECK(block_count(0) == 0);
  for (const auto& [chains, width] : std::vector<std::pair<Index, Index>>{
           {1, 1}, {4, 1}, {64, 16}, {100, 25}, {128, 32}, {200, 32}, {400, 50}, {1000, 64}})
    CHECK(block_width(chains) == width);
}
