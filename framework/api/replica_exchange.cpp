#include "gibbsite/api/replica_exchange.hpp"

#include <algorithm>

#include "gibbsite/core/choice.hpp"

namespace gibbsite {

ReplicaExchange::ReplicaExchange(const Annealing& annealing, const std::vector<double>& ladder,
                                 Index runs)
    : annealing_(annealing),
      ladder_(ladder),
      runs_(runs),
      walkers_(std::size_t(block_count(runs))) {
  for (auto& walker : walkers_) walker = std::make_unique<Annealing::Walker>(annealing);
}

void ReplicaExchange::sweep(Saved& saved, Index first, Index last, const Stream& random,
                            const Visit& visit) const {
  const std::size_t K = ladder_.size();
  saved.chains.resize(walkers_.size() * K);
  annealing_.context().workers->run(Index(walkers_.size()), [&](Index b) {
    const Index run = b * block_width(runs_), size = std::min(block_width(runs_), runs_ - run);
    const std::span<Chains> replicas(saved.chains.data() + std::size_t(b) * K, K);
    Annealing::Walker& walker = *walkers_[std::size_t(b)];
    for (Index m = first; m < last; ++m) {
      const Stream own = random.at(std::uint64_t(m)).chains_from(run);
      move(walker, replicas, m, size, own.split("moves"));
      exchange(walker, replicas, m, own.split("exchange"));
      for (std::size_t k = 0; k < K; ++k) visit(walker, m, Index(k), replicas[k].x, run);
    }
  });
}

void ReplicaExchange::move(Annealing::Walker& walker, std::span<Chains> replicas, Index number,
                           Index size, const Stream& random) const {
  for (std::size_t k = 0; k < replicas.size(); ++k) {
    const Stream own = random.split(std::uint64_t(k));
    if (number == 0 || k == 0)
      replicas[k] = walker.init(annealing_.upwards({0, 1}, size, own).start());
    else
      walker.move(replicas[k], ladder_[k], own);
  }
}

void ReplicaExchange::exchange(const Annealing::Walker& walker, std::span<Chains> replicas,
                               Index number, const Stream& random) const {
  for (std::size_t k = std::size_t(number % 2); k + 1 < replicas.size(); k += 2) {
    Batch &one = replicas[k].x, &two = replicas[k + 1].x;
    const double beta = ladder_[k], next = ladder_[k + 1];
    const Row log_ratio = walker.log_weight(one, beta, next) - walker.log_weight(two, beta, next);
    for (Index c = 0; c < one.cols(); ++c) {
      Stream own = random.split(std::uint64_t(k)).chains_from(c);
      if (accept(log_ratio(c), own)) one.col(c).swap(two.col(c));
    }
  }
}

}  // namespace gibbsite
