#include "gibbsite/api/contrast.hpp"

#include <algorithm>

namespace gibbsite {

std::pair<Index, Index> block_columns(Index b, Index columns) {
  const Index first = b * block_width(columns);
  return {first, std::min(block_width(columns), columns - first)};
}

Contrast::Contrast(const Context& c, Options options)
    : model_(*c.model),
      parametric_(c.require<Parametric>()),
      workers_(*c.workers),
      options_(options) {}

Row Contrast::add(const BatchView& x, const Row& known, const Row& weights, Part& part) const {
  Row energy;
  if (options_.energies || options_.magnitude > 0) {
    energy = known;
    if (energy.size() != x.cols()) model_.energy(x, energy);
    part.energy += (weights * energy).sum();
  }
  if (options_.magnitude > 0)
    parametric_.parameter_gradient(x, weights - 2 * options_.magnitude * weights.abs() * energy,
                                   part.ascent);
  else
    parametric_.parameter_gradient(x, weights, part.ascent);
  return energy;
}

GradientEstimate Contrast::gradient(const BatchView& data, Index particles,
                                    const Visit& visit) const {
  const Index observations = data.cols();
  const Index data_blocks = block_count(observations), particle_blocks = block_count(particles);
  std::vector<Part> parts(std::size_t(std::max(data_blocks, particle_blocks)));
  const Index parameters = size();
  workers_.run(Index(parts.size()), [&](Index b) {
    Part& part = parts[std::size_t(b)];
    part.ascent.setZero(parameters);
    if (b < data_blocks) {
      const auto [first, count] = block_columns(b, observations);
      add(data.middleCols(first, count), {}, Row::Constant(count, -1 / double(observations)), part);
    }
    if (b >= particle_blocks) return;
    const auto [first, count] = block_columns(b, particles);
    visit(first, count, part);
  });
  GradientEstimate result{.ascent = Parameters::Zero(parameters)};
  if (options_.energies) result.energy_gap = 0;
  for (const Part& part : parts) {
    result.ascent += part.ascent;
    if (options_.energies) result.energy_gap -= part.energy;
  }
  return result;
}

}  // namespace gibbsite
