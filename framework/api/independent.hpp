// Independent units as a model: the base of annealing, and a reference measure.
#pragma once

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/api/dataset.hpp"

namespace gibbsite {

/// E(x) = -η·T(x): units that are independent under given natural parameters (domain.hpp).
class GIBBSITE_API Independent final : public EnergyModel,
                                       public Differentiable,
                                       public Conditional,
                                       public DiscreteGradient,
                                       public Pairwise,
                                       public Normalized,
                                       public Factorized,
                                       public Exact {
 public:
  /// `natural` has natural_rows(domain) entries; throws Error where a precision is not > 0.
  Independent(Domain domain, Vector natural);
  /// η = 0 on discrete coordinates (all states alike), N(0, 1) on real ones, |N(0, 1)| on rectified
  /// ones.
  static Independent uniform(const Domain& domain);
  /// The coordinates' own laws in `data`: rates smoothed as (count + 5 b)/(N + 5 b K) with b
  /// pseudo-observations of each of K states in five batches of `batch` (Salakhutdinov & Murray
  /// 2008), mean and variance of real ones, and the mean square (of a half-normal law)
  /// of rectified ones. Hidden coordinates that data leave open, which are binary, keep η = 0.
  static Independent from_data(const Domain& domain, const Dataset& data, double pseudo_count);

  const Domain& domain() const override { return domain_; }
  Vector natural_parameters() const override { return natural_; }
  PairwiseGraph graph() const override { return graph_of_units(domain_, natural_); }
  std::vector<std::vector<Index>> independent_sets() const override;
  std::optional<double> log_partition(double beta) const override;
  bool expected_parameter_gradient(double, Parameters&) const override { return true; }
  void draw(Stream random, Eigen::Ref<Batch> x) const override;
  bool offers(std::string_view capability) const override;

 private:
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override;
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override;
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override;

  Domain domain_;
  Vector natural_;
  std::vector<Index> first_row_;  ///< of each coordinate, and one past the end
};

}  // namespace gibbsite
