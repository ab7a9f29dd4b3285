// Blocks of chains over threads, with results that do not depend on the number of threads.
#pragma once

#include <functional>
#include <memory>

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// A fixed set of worker threads. Work is cut into blocks by the caller's numbers alone, never by
/// the number of threads; whoever reduces over blocks does so in the order of the blocks.
class GIBBSITE_API Workers {
 public:
  /// Uses `threads` threads in all, the caller's among them.
  explicit Workers(int threads);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  int threads() const;

  /// Calls task(i) once for each i in [0, tasks) and waits for all. Rethrows the exception of the
  /// lowest i that threw. Called from within a task it runs in place, one task after the other.
  void run(Index tasks, const std::function<void(Index)>& task) const;

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

/// How many columns a block of `columns` chains has: a function of the number of chains alone. From
/// 4 to 8 blocks of at most 32 columns, as the products of a batch cost less the wider it is; of
/// more columns where these are many, up to 64.
constexpr Index block_width(Index columns) {
  const auto part = [&](Index blocks, Index most) {
    const Index width = (columns + blocks - 1) / blocks;
    return width < 1 ? 1 : (width > most ? most : width);
  };
  const Index quarter = part(4, 32), eighth = part(8, 64);
  return quarter > eighth ? quarter : eighth;
}

/// How many blocks `columns` chains make.
constexpr Index block_count(Index columns) {
  return (columns + block_width(columns) - 1) / block_width(columns);
}

}  // namespace gibbsite
