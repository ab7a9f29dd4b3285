// Parallel tempering along an annealing ladder, for estimators that use all its temperatures.
#pragma once

#include "gibbsite/api/annealing.hpp"

namespace gibbsite {

/// Independent runs of replicas at β_0 = 0 … β_T = 1 (Geyer 1991; Hukushima & Nemoto 1996, J. Phys.
/// Soc. Japan 65:1604): in each sweep the replica at 0 is drawn anew from the base, the others are
/// moved by their kernels, and neighbours are exchanged, pairs (0,1), (2,3) … and (1,2), (3,4) … by
/// turns. All replicas start at the base. Saved::chains holds the replicas of a block of runs, one
/// entry per temperature, block after block.
class GIBBSITE_API ReplicaExchange {
 public:
  /// Both are to outlive this.
  ReplicaExchange(const Annealing& annealing, const std::vector<double>& ladder, Index runs);

  /// Called after a sweep with the replicas `x` of temperature `k`, those of runs `first` ….
  using Visit = std::function<void(const Annealing::Walker& walker, Index sweep, Index k,
                                   const Batch& x, Index first)>;
  /// Sweeps number `first` … `last` - 1 of all runs, in blocks over the workers. Takes the number
  /// of a sweep, and of the first run of a block, as its place in `random`.
  void sweep(Saved& saved, Index first, Index last, const Stream& random, const Visit& visit) const;

 private:
  void move(Annealing::Walker& walker, std::span<Chains> replicas, Index number, Index size,
            const Stream& random) const;
  void exchange(const Annealing::Walker& walker, std::span<Chains> replicas, Index number,
                const Stream& random) const;

  const Annealing& annealing_;
  const std::vector<double>& ladder_;
  Index runs_;
  std::vector<std::unique_ptr<Annealing::Walker>> walkers_;
};

}  // namespace gibbsite
