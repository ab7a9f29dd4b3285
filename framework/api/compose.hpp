// Energies made of energies: tempering, annealing, products and clamping, each a model that any
// sampler and estimator takes like any other.
#pragma once

#include <memory>

#include "gibbsite/api/independent.hpp"

namespace gibbsite {

/// E(x) = Σ_k w_k E_k(x) over models on one domain: a tempered model (one part), a point on a
/// geometric path (two), a product of experts or a reference measure (any number).
///
/// With one latent part among otherwise independent units, its hidden units discrete, the weights
/// act on the *joint* energy E(v, h), so block Gibbs stays exact and the energy is the free energy
/// of that joint law; this is the path of Salakhutdinov & Murray (2008). Such a sum offers no
/// gradient and no closed ln Z: those of the parts belong to their free energies, which do not add;
/// the conditionals of single discrete units come from its energies. (Real or rectified hidden
/// units have no law at weight 0, where annealing starts: there the weights act on the free
/// energy.) Parameters are those of the parts, in turn, each block named as in its part (suffixed
/// by the part's number from the second on). The parts outlive the sum. Evaluations are counted at
/// the parts.
class GIBBSITE_API WeightedSum : public EnergyModel,
                                 public Differentiable,
                                 public Conditional,
                                 public DiscreteGradient,
                                 public Pairwise,
                                 public Latent,
                                 public Parametric,
                                 public Normalized,
                                 public PartlyObserved {
 public:
  struct Part {
    double weight = 1;
    EnergyModel* model = nullptr;
  };
  /// Throws Error where the domains differ or there is no part.
  explicit WeightedSum(std::vector<Part> parts);
  /// β E.
  static WeightedSum tempered(double beta, EnergyModel& model) {
    return WeightedSum({{beta, &model}});
  }
  /// The path (1-β) E_base + β E_target at β.
  static WeightedSum path(EnergyModel& base, EnergyModel& target, double beta) {
    return WeightedSum({{1 - beta, &base}, {beta, &target}});
  }

  void set_weights(const std::vector<double>& weights);
  /// E under `weights_from` minus E under `weights_to` at the same x, as annealing needs it: what
  /// the parts have to compute is computed once, and differences are taken in double.
  Row energy_difference(const BatchView& x, const std::vector<double>& weights_from,
                        const std::vector<double>& weights_to) const;

  /// From now on the hidden layer's input that energy_difference has computed serves the next
  /// conditional law of hidden units at the same x as well. For an object that one thread uses
  /// while the parameters of its parts stay as they are.
  void share_inputs() { shared_ = std::make_shared<Shared>(); }

  const Domain& domain() const override { return parts_[0].model->domain(); }
  bool offers(std::string_view capability) const override;
  std::vector<std::vector<Index>> independent_sets() const override;
  const Domain& hidden() const override { return latent_->hidden(); }
  void visible_energy(const BatchView& v, Row& energy) const override;
  void gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural, const Row& weights,
                            Parameters& out) const override;
  void gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                             const Row& weights, Parameters& out) const override;
  std::vector<ParameterBlock> blocks() const override;
  Parameters parameters() const override;
  void set_parameters(const Parameters& theta) override;
  PairwiseGraph graph() const override;
  void count_site_updates(Index count) const override;
  std::optional<double> log_partition(double beta) const override;
  bool expected_parameter_gradient(double beta, Parameters& out) const override;
  Index observed() const override { return partly_observed().observed(); }
  Inference inference() const override { return partly_observed().inference(); }

 private:
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override;
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override;
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override;
  void do_hidden_natural(const BatchView& v, Batch& natural) const override;
  void do_visible_natural(const BatchView& h, Batch& natural) const override;
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override;
  /// Calls visit(part, its Parametric, first θ index) for each part with parameters.
  template <class Visit>
  void each_parametric(Visit visit) const;
  const PartlyObserved& partly_observed() const;

  std::vector<Part> parts_;
  const Latent* latent_ = nullptr;  ///< the latent part, where the sum is latent
  std::size_t latent_part_ = 0;
  /// What share_inputs keeps: x, and η(x) of the latent part at weight 1.
  struct Shared {
    Batch x, natural;
  };
  std::shared_ptr<Shared> shared_;
};

/// A model with some coordinates held fixed: conditional sampling and inpainting. Its
/// configurations are the free coordinates alone. Where these are all discrete, the conditionals
/// of a model that offers none come from its energies.
class GIBBSITE_API Clamped : public EnergyModel,
                             public Differentiable,
                             public Conditional,
                             public DiscreteGradient,
                             public Pairwise,
                             public Latent {
 public:
  /// `values(k)` is held at coordinate `sites[k]`. Throws Error for a coordinate or value outside
  /// the domain, a coordinate given twice, or when none is left free.
  Clamped(EnergyModel& model, std::vector<Index> sites, Vector values);

  /// The whole configurations of free ones: dim x chains.
  Batch embed(const BatchView& free) const;
  /// The free coordinates of whole configurations.
  Batch restrict(const BatchView& whole) const;

  const Domain& domain() const override { return domain_; }
  bool offers(std::string_view capability) const override;
  std::vector<std::vector<Index>> independent_sets() const override;
  const Domain& hidden() const override { return latent_->hidden(); }
  void visible_energy(const BatchView& v, Row& energy) const override;
  void gradient_over_hidden(const BatchView&, const BatchView&, const Row&,
                            Parameters&) const override {}
  void gradient_over_visible(const BatchView&, const BatchView&, const Row&,
                             Parameters&) const override {}
  PairwiseGraph graph() const override;
  void count_site_updates(Index count) const override;

 private:
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override;
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override;
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override;
  void do_hidden_natural(const BatchView& v, Batch& natural) const override;
  void do_visible_natural(const BatchView& h, Batch& natural) const override;

  /// The rows of the natural parameters of whole configurations that belong to free coordinates.
  Batch free_rows(const Batch& natural) const;

  EnergyModel& model_;
  const Latent* latent_;
  std::vector<Index> clamped_, free_;
  std::vector<Index> free_rows_;  ///< natural rows of the free coordinates
  Vector values_;
  Domain domain_;
};

}  // namespace gibbsite
