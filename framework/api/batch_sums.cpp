#include "gibbsite/api/batch_sums.hpp"

#include <algorithm>
#include <vector>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

// Calls task(b, first, count) for every block of `columns` columns.
template <class Task>
void each_block(Index columns, const Workers& workers, Task task) {
  const Index width = block_width(columns);
  workers.run(block_count(columns), [&](Index b) {
    const Index first = b * width;
    task(b, first, std::min(width, columns - first));
  });
}

}  // namespace

Row energies(const EnergyModel& model, const BatchView& x, const Workers& workers) {
  Row all(x.cols());
  each_block(x.cols(), workers, [&](Index, Index first, Index count) {
    Row part;
    model.energy(x.middleCols(first, count), part);
    all.segment(first, count) = part;
  });
  if (all.isNaN().any()) throw Diverged("the energy of a configuration is NaN");
  return all;
}

namespace {

// Calls sum(x, weights) with the columns whose weight is not 0, if there are any.
template <class Sum>
void of_weighted(const BatchView& x, const Row& weights, Sum sum) {
  const Index count = (weights != 0).count();
  if (count == x.cols()) return sum(x, weights);
  if (count == 0) return;
  Batch chosen(x.rows(), count);
  Row weights_chosen(count);
  Index at = 0;
  for (Index n = 0; n < x.cols(); ++n) {
    if (weights(n) == 0) continue;
    chosen.col(at) = x.col(n);
    weights_chosen(at++) = weights(n);
  }
  sum(chosen, weights_chosen);
}

}  // namespace

void add_weighted_gradient(const Parametric& model, const BatchView& x, const Row& weights,
                           Parameters& out) {
  of_weighted(x, weights, [&](const BatchView& chosen, const Row& own) {
    model.parameter_gradient(chosen, own, out);
  });
}

void add_weighted_gradient(const Parametric& model, const BatchView& x, const Row& weights,
                           const Workers& workers, Parameters& out) {
  of_weighted(x, weights, [&](const BatchView& chosen, const Row& own) {
    model.parameter_gradient(chosen, own, workers, out);
  });
}

GradientEstimate sum_over_blocks(Index columns, const Parametric& model, const Workers& workers,
                                 const AddTerms& add) {
  GradientEstimate sum{.ascent = Parameters::Zero(model.parameters().size()), .objective = 0};
  std::vector<GradientEstimate> parts(std::size_t(block_count(columns)), sum);
  each_block(columns, workers, [&](Index b, Index first, Index count) {
    GradientEstimate& part = parts[std::size_t(b)];
    add(first, count, part.objective, part.ascent);
  });
  for (const GradientEstimate& part : parts) {
    sum.objective += part.objective;
    sum.ascent += part.ascent;
  }
  return sum;
}

Batch with_partner(const BatchView& data, Saved& saved) {
  Batch x = data;
  if (data.cols() == 1 && Index(saved.numbers.size()) == data.rows()) {
    x.resize(data.rows(), 2);
    for (Index i = 0; i < data.rows(); ++i)
      x.row(i) << Real(saved.numbers[std::size_t(i)]), data(i, 0);
  }
  saved.numbers.resize(std::size_t(data.rows()));
  for (Index i = 0; i < data.rows(); ++i)
    saved.numbers[std::size_t(i)] = double(data(i, data.cols() - 1));
  return x;
}

}  // namespace gibbsite
