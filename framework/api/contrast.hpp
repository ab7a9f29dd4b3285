// The two sides of a gradient of the mean log-likelihood, data against particles, summed in blocks
// over the workers with results that do not depend on their number.
#pragma once

#include <functional>

#include "gibbsite/api/context.hpp"

namespace gibbsite {

/// -mean_data ∂E/∂θ + Σ_n w_n ∂E(x_n)/∂θ over particles x_n of weights w_n, and the same sums of
/// energies. The model and the workers of the context outlive this object.
class GIBBSITE_API Contrast {
 public:
  struct Options {
    bool energies = true;  ///< the energy gap too, at one energy per configuration
    /// α >= 0: the ascent is that of the log-likelihood - α (mean_data E² + Σ |w_n| E(x_n)²), which
    /// holds the free level of neural energies near 0 (Du & Mordatch 2019, NeurIPS).
    double magnitude = 0;
  };
  /// What one block adds up: particles that wait for one gradient of all blocks, and sums.
  struct Part {
    std::vector<Batch> x;      ///< dim x count each
    std::vector<Row> weights;  ///< their w_n
    std::vector<Row> known;    ///< their energies, or nothing
    Index waiting = 0;         ///< columns of `x` in all
    Parameters ascent;         ///< empty while nothing has been added
    double energy = 0;
  };
  /// Adds particles first … first + count - 1 to a part; blocks run on several threads.
  using Visit = std::function<void(Index first, Index count, Part& part)>;

  /// Throws Error where the model has no parameters.
  Contrast(const Context& c, Options options);

  /// The number of parameters.
  Index size() const { return size_; }
  const Parametric& parametric() const { return parametric_; }

  /// part += Σ_n w_n (∂E(x_n)/∂θ, E(x_n)) over the columns of `x` (dim x count). `known` holds
  /// their energies where a kernel keeps them, else nothing.
  void add(const BatchView& x, const Row& known, const Row& weights, Part& part) const;

  /// The gradient from `data` (dim x observations) and what `visit` adds for so many particles:
  /// ascent and, with energies, energy_gap. Particles are visited in blocks (block_width) and added
  /// in the order of these.
  GradientEstimate gradient(const BatchView& data, Index particles, const Visit& visit) const;

 private:
  void add_now(const BatchView& x, const Row& known, const Row& weights, Part& part) const;
  void add_waiting(const BatchView& data, const Row& data_weights, std::vector<Part>& parts,
                   Part& sum) const;

  const EnergyModel& model_;
  const Parametric& parametric_;
  const Workers& workers_;
  Options options_;
  Index size_;
};

/// The columns of block b out of `columns`: the first one, and how many (block_width).
GIBBSITE_API std::pair<Index, Index> block_columns(Index b, Index columns);

}  // namespace gibbsite
