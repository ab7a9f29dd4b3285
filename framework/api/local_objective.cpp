#include "gibbsite/api/local_objective.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/api/batch_sums.hpp"
#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

// Configurations whose energies are asked for at once, where no block alone has more.
constexpr Index most_columns = 256;

}  // namespace

LocalObjective::LocalObjective(const Context& c, Index width)
    : model_(*c.model), parametric_(c.require<Parametric>()), workers_(*c.workers) {
  const Domain& domain = model_.domain();
  if (!domain.is_discrete())
    throw Error(c.subject + ": needs a model on discrete coordinates, got " + domain.text());
  const std::vector<Index> sites = all_sites(domain.dim());
  for (Index first = 0; first < domain.dim(); first += width) {
    const Index count = std::min(width, domain.dim() - first);
    const Domain part =
        domain.select(std::span(sites).subspan(std::size_t(first), std::size_t(count)));
    if (part.log_states() > std::log(double(most_states)) + 1e-9)
      throw Error(c.subject + ": block: must give blocks of at most " +
                  std::to_string(most_states) + " states, got " + part.text());
    const Index states = Index(std::llround(std::exp(part.log_states())));
    blocks_.push_back({first, count, gibbsite::states(part, 0, states)});
  }
}

GradientEstimate LocalObjective::estimate(const BatchView& data, const Term& term) const {
  const double scale = 1 / double(data.cols());
  return sum_over_blocks(data.cols(), parametric_, workers_,
                         [&](Index first, Index count, double& objective, Parameters& ascent) {
                           const auto x = data.middleCols(first, count);
                           require_inside(model_.domain(), x);
                           Row energy, weights = Row::Zero(count);
                           model_.energy(x, energy);
                           if (!energy.isFinite().all())
                             throw Diverged("the energy of an observation is not finite");
                           for (Index n = 0; n < count; ++n)
                             objective +=
                                 scale * add(x.col(n), energy(n), term, scale, weights(n), ascent);
                           add_weighted_gradient(parametric_, x, weights, ascent);
                         });
}

// The blocks begin … end - 1 have their other configurations asked for together.
std::size_t LocalObjective::batch_end(std::size_t begin) const {
  std::size_t end = begin;
  for (Index columns = 0; end < blocks_.size(); ++end) {
    columns += blocks_[end].others();
    if (end > begin && columns > most_columns) break;
  }
  return end;
}

Batch LocalObjective::others_of(const Eigen::Ref<const Vector>& x, std::size_t begin,
                                std::size_t end) const {
  Index columns = 0;
  for (std::size_t b = begin; b < end; ++b) columns += blocks_[b].others();
  Batch others = x.replicate(1, columns);
  Index at = 0;
  for (std::size_t b = begin; b < end; ++b) {
    const Block& block = blocks_[b];
    for (Index s = 0; s < block.states.cols(); ++s)
      if (block.states.col(s) != x.segment(block.first, block.width))
        others.col(at++).segment(block.first, block.width) = block.states.col(s);
  }
  return others;
}

// Σ_B J_B(x); adds to `ascent` the gradients by way of the other configurations' energies, and to
// `own_weight` the factor of ∂E(x)/∂θ that is left to add.
double LocalObjective::add(const Eigen::Ref<const Vector>& x, double energy, const Term& term,
                           double scale, double& own_weight, Parameters& ascent) const {
  double sum = 0;
  Row energies, weights, slopes;
  for (std::size_t begin = 0, end = 0; begin < blocks_.size(); begin = end) {
    end = batch_end(begin);
    const Batch others = others_of(x, begin, end);
    model_.energy(others, energies);
    if (!(energies > -std::numeric_limits<double>::infinity()).all())
      throw Diverged("the energy of a configuration next to an observation is NaN or -inf");
    weights.resize(others.cols());
    Index at = 0;
    for (std::size_t b = begin; b < end; ++b) {
      const Index count = blocks_[b].others();
      slopes.setZero(count);
      sum += term(energy, others.middleCols(at, count), energies.segment(at, count), slopes);
      weights.segment(at, count) = scale * slopes;
      at += count;
    }
    own_weight -= weights.sum();
    add_weighted_gradient(parametric_, others, weights, ascent);
  }
  return sum;
}

}  // namespace gibbsite
