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
      options_(options),
      size_(parametric_.parameters().size()) {}

void Contrast::add(const BatchView& x, const Row& known, const Row& weights, Part& part) const {
  constexpr Index most = 1024;  // columns that a block may have waiting
  if (options_.magnitude > 0 || part.waiting + x.cols() > most)
    return add_now(x, known, weights, part);
  part.x.emplace_back(x);
  part.weights.push_back(weights);
  part.known.push_back(options_.energies && known.size() == x.cols() ? known : Row());
  part.waiting += x.cols();
}

void Contrast::add_now(const BatchView& x, const Row& known, const Row& weights, Part& part) const {
  if (part.ascent.size() == 0) part.ascent.setZero(size());
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
}

// One gradient of the data and of all particles that wait; their energies too, except those known.
void Contrast::add_waiting(const BatchView& data, const Row& data_weights, std::vector<Part>& parts,
                           Part& sum) const {
  for (const bool known : {false, true}) {
    Index count = known ? 0 : data.cols();
    const auto each = [&](auto visit) {
      for (Part& part : parts)
        for (std::size_t k = 0; k < part.x.size(); ++k)
          if ((part.known[k].size() > 0) == known) visit(part, k);
    };
    each([&](Part& part, std::size_t k) { count += part.x[k].cols(); });
    if (count == 0) continue;
    Batch x(data.rows(), count);
    Row weights(count), energy(count);
    Index at = known ? 0 : data.cols();
    x.leftCols(at) = data.leftCols(at);
    weights.head(at) = data_weights.head(at);
    each([&](Part& part, std::size_t k) {
      const Index columns = part.x[k].cols();
      x.middleCols(at, columns) = part.x[k];
      weights.segment(at, columns) = part.weights[k];
      if (known) energy.segment(at, columns) = part.known[k];
      at += columns;
    });
    Row* wanted = options_.energies && !known ? &energy : nullptr;
    parametric_.parameter_gradient(x, weights, workers_, sum.ascent, wanted);
    if (options_.energies) sum.energy += (weights * energy).sum();
  }
}

GradientEstimate Contrast::gradient(const BatchView& data, Index particles,
                                    const Visit& visit) const {
  const Row data_weights = Row::Constant(data.cols(), -1 / double(data.cols()));
  const bool at_once = options_.magnitude == 0;
  const Index data_blocks = at_once ? 0 : block_count(data.cols());
  const Index particle_blocks = block_count(particles);
  std::vector<Part> parts(std::size_t(std::max(data_blocks, particle_blocks)));
  workers_.run(Index(parts.size()), [&](Index b) {
    Part& part = parts[std::size_t(b)];
    if (b < data_blocks) {
      const auto [first, count] = block_columns(b, data.cols());
      add_now(data.middleCols(first, count), {}, data_weights.segment(first, count), part);
    }
    if (b >= particle_blocks) return;
    const auto [first, count] = block_columns(b, particles);
    visit(first, count, part);
  });
  Part sum;
  sum.ascent.resize(size());
  constexpr Index length = 1 << 14;
  workers_.run((size() + length - 1) / length, [&](Index part) {
    sum.ascent.segment(part * length, std::min(length, size() - part * length)).setZero();
  });
  if (at_once) add_waiting(data, data_weights, parts, sum);
  for (const Part& part : parts) {
    if (part.ascent.size() > 0) sum.ascent += part.ascent;
    sum.energy += part.energy;
  }
  GradientEstimate result{.ascent = std::move(sum.ascent)};
  if (options_.energies) result.energy_gap = -sum.energy;
  return result;
}

}  // namespace gibbsite
