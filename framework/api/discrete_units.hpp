// Discrete units that do not interact, with parameters to learn: the Bernoulli and the categorical
// law.
#pragma once

#include "gibbsite/api/abilities.hpp"

namespace gibbsite {

/// E(x) = -η·T(x) (domain.hpp) on units that are all binary, all spins or all categorical with the
/// same levels; θ = η is one block of parameters.
class GIBBSITE_API DiscreteUnits : public EnergyModel,
                                   public Conditional,
                                   public DiscreteGradient,
                                   public Pairwise,
                                   public Parametric,
                                   public Normalized,
                                   public Factorized,
                                   public Exact {
 public:
  /// `block` names η (unit, or unit and level). Throws Error where the domain has several parts or
  /// real units, or where `natural` has another length than it asks for or is not finite.
  DiscreteUnits(Domain domain, std::string block, Vector natural);

  const Domain& domain() const override { return domain_; }
  std::vector<std::vector<Index>> independent_sets() const override;
  std::vector<ParameterBlock> blocks() const override;
  Parameters parameters() const override { return natural_.cast<double>(); }
  void set_parameters(const Parameters& theta) override;
  std::optional<double> log_partition(double beta) const override;
  bool expected_parameter_gradient(double beta, Parameters& out) const override;
  Vector natural_parameters() const override { return natural_; }
  PairwiseGraph graph() const override { return graph_of_units(domain_, natural_); }
  void draw(Stream random, Eigen::Ref<Batch> x) const override;

 private:
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override;
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override;
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override;

  Domain domain_;
  std::string block_;
  Index rows_;  ///< natural parameters of a unit
  Vector natural_;
};

}  // namespace gibbsite
