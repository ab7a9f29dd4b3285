// Spins with pair interactions and external fields: the engine of Ising-like models, and the
// translation between their coding {-1, +1} and {0, 1}.
#pragma once

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/api/context.hpp"
#include "gibbsite/api/lattice.hpp"

namespace gibbsite {

/// E(s) = -Σ_bonds J_ij s_i s_j - Σ_i h_i s_i on s ∈ {-1, +1}^N; each bond counts once, so a
/// temperature is that of p ∝ exp(Σ_bonds J s s + Σ h s). θ is J, one value per bond in the order
/// of the lattice (`couplings`), and h (`fields`).
class GIBBSITE_API PairwiseSpins : public EnergyModel,
                                   public Conditional,
                                   public DiscreteGradient,
                                   public Pairwise,
                                   public Parametric {
 public:
  /// J_b = coupling · factor of bond b. `field` has one value per site, or one for all; throws
  /// Error, beginning with the context's subject, where it has another length or where a number is
  /// not finite.
  PairwiseSpins(const Context& c, Lattice lattice, double coupling,
                const std::vector<double>& field);

  const Domain& domain() const override { return domain_; }
  std::vector<std::vector<Index>> independent_sets() const override { return sets_; }
  std::vector<ParameterBlock> blocks() const override;
  Parameters parameters() const override;
  void set_parameters(const Parameters& theta) override;
  PairwiseGraph graph() const override;

  const Lattice& lattice() const { return lattice_; }
  /// J of each bond.
  const Vector& couplings() const { return couplings_; }
  /// h of each site.
  const Vector& fields() const { return fields_; }

 private:
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override;
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override;
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override;

  Domain domain_;
  Lattice lattice_;
  std::vector<std::vector<Neighbor>> neighbors_;
  std::vector<std::vector<Index>> sets_;
  Vector couplings_, fields_;
};

/// A quadratic energy in one of two codings of the same units, x = (1 + s)/2, with symmetric
/// matrices of zero diagonal: `spins` stands for E(s) = -sᵀJs/2 - hᵀs on {-1, +1} (Hopfield,
/// Ising), `binary` for E(x) = -xᵀWx - bᵀx on {0, 1} (Boltzmann machine).
struct QuadraticEnergy {
  Eigen::MatrixXd weights;  ///< J or W
  Eigen::VectorXd biases;   ///< h or b
  /// The energy in the coding that was translated from is that in this one plus `offset`, and so
  /// its ln Z is this one's minus `offset`.
  double offset = 0;
};

/// W = 2J, b = 2h - 2J1: E(s) = E(x) + offset with offset = 1ᵀh - 1ᵀJ1/2.
GIBBSITE_API QuadraticEnergy binary_from_spins(const Eigen::MatrixXd& J, const Eigen::VectorXd& h);
/// J = W/2, h = (b + W1)/2: E(x) = E(s) + offset with offset = 1ᵀJ1/2 - 1ᵀh.
GIBBSITE_API QuadraticEnergy spins_from_binary(const Eigen::MatrixXd& W, const Eigen::VectorXd& b);

}  // namespace gibbsite
