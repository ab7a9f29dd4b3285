// Objectives that compare each observation with configurations that differ from it in few discrete
// coordinates: ln Z cancels, and no draws of the model are needed.
#pragma once

#include <functional>
#include <vector>

#include "gibbsite/api/context.hpp"

namespace gibbsite {

/// J(θ) = mean_n Σ_B J_B(x_n) over blocks B of successive coordinates, J_B being a function of the
/// energy of x_n and of those of all configurations that differ from it within B alone. For blocks
/// of one coordinate these are its single changes. An update costs, per observation, one energy and
/// one parameter gradient for itself and for each of these configurations.
class GIBBSITE_API LocalObjective {
 public:
  /// One J_B: `energy` of an observation, which is finite; the `others`, dim x states; and their
  /// energies, finite or +∞. Returns J_B and fills `slopes` with its derivatives by `energies`. As
  /// J_B depends on differences of energies alone, that by `energy` is minus the sum of these.
  using Term = std::function<double(double energy, const BatchView& others, const Row& energies,
                                    Row& slopes)>;

  /// The most states of one block.
  static constexpr Index most_states = 4096;

  /// Blocks of `width` coordinates; the last one may be narrower. Throws Error, beginning with the
  /// context's subject, where the model has no parameters or a coordinate that is not discrete, and
  /// where a block has too many states.
  explicit LocalObjective(const Context& c, Index width = 1);

  /// J and its gradient by θ at the columns of `data`. Throws Error where these are outside the
  /// domain, and Diverged where the energy of one is not finite or that of another configuration is
  /// NaN or -∞.
  GradientEstimate estimate(const BatchView& data, const Term& term) const;

 private:
  struct Block {
    Index first, width;
    Batch states;  ///< of its coordinates, width x states
    Index others() const { return states.cols() - 1; }
  };

  std::size_t batch_end(std::size_t begin) const;
  Batch others_of(const Eigen::Ref<const Vector>& x, std::size_t begin, std::size_t end) const;
  double add(const Eigen::Ref<const Vector>& x, double energy, const Term& term, double scale,
             double& own_weight, Parameters& ascent) const;

  const EnergyModel& model_;
  const Parametric& parametric_;
  const Workers& workers_;
  std::vector<Block> blocks_;
};

}  // namespace gibbsite
