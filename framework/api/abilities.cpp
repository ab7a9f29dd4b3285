#include "gibbsite/api/abilities.hpp"

#include <numeric>

namespace gibbsite {

std::vector<std::string> capabilities_of(const EnergyModel& model) {
  return AllAbilities::of(model);
}

void DiscreteGradient::energy_and_local_natural(const BatchView& x, Row& energy,
                                                Batch& natural) const {
  counters_.gradient.fetch_add(std::uint64_t(x.cols()), std::memory_order_relaxed);
  energy.resize(x.cols());
  do_energy_and_local_natural(x, energy, natural);
}

void Minibatch::minibatch_gradient(const BatchView& x, Index count, const Stream& random,
                                   Batch& gradient) const {
  // Whole gradients as they fill up, so that no fraction is lost or counted twice.
  const auto size = std::uint64_t(observations()), more = std::uint64_t(count * x.cols());
  const std::uint64_t before = terms_.fetch_add(more, std::memory_order_relaxed);
  counters_.gradient.fetch_add((before + more) / size - before / size, std::memory_order_relaxed);
  gradient.resize(x.rows(), x.cols());
  do_minibatch_gradient(x, count, random, gradient);
}

std::vector<Index> all_sites(Index dim) {
  std::vector<Index> sites(static_cast<std::size_t>(dim));
  std::iota(sites.begin(), sites.end(), Index{0});
  return sites;
}

PairwiseGraph graph_of_units(const Domain& domain, const Vector& natural) {
  PairwiseGraph graph;
  Index row = 0;
  for (const Domain::Part& part : domain.parts)
    for (Index i = 0; i < part.count; ++i) {
      Eigen::VectorXd& energy = graph.sites.emplace_back(part.levels);
      if (part.kind == Domain::Kind::categorical) {
        energy = -natural.segment(row, part.levels).cast<double>();
        row += part.levels;
      } else {
        const double eta = double(natural(row++));
        energy << (part.kind == Domain::Kind::spin ? eta : 0), -eta;
      }
    }
  return graph;
}

}  // namespace gibbsite
