// Chains that climb a ladder of temperatures and are looked at on every rung.
#pragma once

#include "gibbsite/api/annealing.hpp"

namespace gibbsite {

/// Independent chains that start at exact draws of the base and go on from rung to rung, in blocks
/// over the workers. The chains themselves are in Saved::chains, a block each.
class GIBBSITE_API ClimbingChains {
 public:
  struct GIBBSITE_API Params {
    Index chains = 20, warmup = 20, draws = 100;
    void fields(Fields& f);
  };
  /// `annealing` outlives this.
  ClimbingChains(const Annealing& annealing, const Params& params);

  /// New chains in place of `saved.chains`; `random` is that of their start.
  void start(Saved& saved, const Stream& random) const;
  /// What draws that count are given to: the configurations of chains `first` … of draw `number`.
  using Visit = std::function<void(const Annealing::Walker& walker, const Batch& x, Index first,
                                   Index number)>;
  /// `size` configurations that are independent of all before.
  using Independent = std::function<Batch(Index size, const Stream& random)>;
  Independent from_base() const;
  /// Throws Error where the model cannot be drawn from exactly; it outlives the result.
  static Independent from(const EnergyModel& model);
  /// Moves all chains at β, `warmup` times and then `draws` times with a visit after each; with
  /// `independent` draws of that law there is no warm-up and no move. `random` is that of the rung.
  void draw(Saved& saved, double beta, const Stream& random, const Visit& visit,
            const Independent& independent = {}) const;

 private:
  const Annealing& annealing_;
  Params params_;
  std::vector<std::unique_ptr<Annealing::Walker>> walkers_;
};

}  // namespace gibbsite
