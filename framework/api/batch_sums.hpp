// Sums over configurations, in blocks over the workers, with results that do not depend on their
// number.
#pragma once

#include <functional>

#include "gibbsite/api/gradient.hpp"
#include "gibbsite/core/parallel.hpp"

namespace gibbsite {

/// E of every column of `x`. Throws Diverged where one is NaN.
GIBBSITE_API Row energies(const EnergyModel& model, const BatchView& x, const Workers& workers);

/// out += Σ_n w_n ∂E(x_n)/∂θ over the columns of `x` with w_n ≠ 0: configurations of probability 0,
/// whose gradient may not be finite, are passed over where their weight says so.
GIBBSITE_API void add_weighted_gradient(const Parametric& model, const BatchView& x,
                                        const Row& weights, Parameters& out);
/// The same over the workers.
GIBBSITE_API void add_weighted_gradient(const Parametric& model, const BatchView& x,
                                        const Row& weights, const Workers& workers,
                                        Parameters& out);

/// Adds the terms of some columns first … first + count - 1 to `objective` and, with their
/// gradients by θ, to `ascent`, both of which begin at 0.
using AddTerms =
    std::function<void(Index first, Index count, double& objective, Parameters& ascent)>;

/// The sum of what `add` finds for every block of `columns` columns, in the order of the blocks.
GIBBSITE_API GradientEstimate sum_over_blocks(Index columns, const Parametric& model,
                                              const Workers& workers, const AddTerms& add);

/// Observations for an estimator over pairs: `data`, or where that is a single one (the last batch
/// of an epoch, say) the one before it and it. The last one is kept in saved.numbers. Of a single
/// one before which there was none, itself alone.
GIBBSITE_API Batch with_partner(const BatchView& data, Saved& saved);

}  // namespace gibbsite
