#include "gibbsite/api/climbing_chains.hpp"

#include <algorithm>

#include "gibbsite/api/exact_draws.hpp"

namespace gibbsite {

void ClimbingChains::Params::fields(Fields& f) {
  f.integer("chains", chains, "independent chains", {.minimum = 2});
  f.integer("warmup", warmup, "moves at each temperature before the first that counts");
  f.count("draws", draws, "moves at each temperature that count");
}

ClimbingChains::ClimbingChains(const Annealing& annealing, const Params& params)
    : annealing_(annealing), params_(params), walkers_(std::size_t(block_count(params.chains))) {
  for (auto& walker : walkers_) walker = std::make_unique<Annealing::Walker>(annealing);
}

void ClimbingChains::start(Saved& saved, const Stream& random) const {
  const Index width = block_width(params_.chains);
  const Batch x = annealing_.upwards({0, 1}, params_.chains, random).start();
  saved.chains.clear();
  for (Index first = 0; first < params_.chains; first += width)
    saved.chains.push_back(walkers_[std::size_t(first / width)]->init(
        x.middleCols(first, std::min(width, params_.chains - first))));
}

ClimbingChains::Independent ClimbingChains::from_base() const {
  return [this](Index size, const Stream& random) {
    return annealing_.upwards({0, 1}, size, random).start();
  };
}

ClimbingChains::Independent ClimbingChains::from(const EnergyModel& model) {
  const auto draws = std::make_shared<const ExactDraws>(model);
  return [draws, dim = model.dim()](Index size, const Stream& random) {
    Batch x(dim, size);
    draws->draw(random, x);
    return x;
  };
}

void ClimbingChains::draw(Saved& saved, double beta, const Stream& random, const Visit& visit,
                          const Independent& independent) const {
  annealing_.context().workers->run(Index(walkers_.size()), [&](Index b) {
    Annealing::Walker& walker = *walkers_[std::size_t(b)];
    Chains& now = saved.chains[std::size_t(b)];
    const Index first = b * block_width(params_.chains);
    const Stream own = random.chains_from(first);
    for (Index k = independent ? params_.warmup : 0; k < params_.warmup + params_.draws; ++k) {
      const Stream move = own.split(std::uint64_t(k));
      if (independent)
        now.x = independent(now.x.cols(), move);
      else
        walker.move(now, beta, move);
      if (k >= params_.warmup) visit(walker, now.x, first, k - params_.warmup);
    }
  });
}

}  // namespace gibbsite
