// Models of (x, y), y a class in the last coordinate, seen from x alone.
#pragma once

#include "gibbsite/api/family_abilities.hpp"
#include "gibbsite/api/network.hpp"

namespace gibbsite {

/// All classes of E(x, y) = -f_θ(x)_y + λ|x|²/2, f a network with an output for each.
class GIBBSITE_API NetworkClasses : public AllClasses {
 protected:
  /// `network` outlives this object; `precision` is λ.
  NetworkClasses(const Network& network, double precision) : f_(network), precision_(precision) {}
  ~NetworkClasses() = default;

 private:
  void do_class_energies(const BatchView& x, Table& energy) const override;
  void do_class_gradient(const BatchView& x, const Table& weights, Batch& gradient) const override;
  void do_class_parameter_gradient(const BatchView& x, const Table& weights,
                                   Parameters& out) const override;

  const Network& f_;
  double precision_;
};

/// E(x) = -ln Σ_y e^{-E(x, y)}: the model with y summed out, of the same parameters. Its gradient
/// is offered where x is real and the model has AllClasses; conditional laws, of one coordinate
/// each, where x is discrete; ln Z and draws where the model has them. Evaluations are counted at
/// the model, which outlives this object.
class GIBBSITE_API ClassMarginal final : public EnergyModel,
                                         public Differentiable,
                                         public Conditional,
                                         public Parametric,
                                         public Normalized,
                                         public Exact {
 public:
  /// Throws Error where the last of at least two coordinates is no category, or there are no
  /// parameters.
  explicit ClassMarginal(EnergyModel& joint);

  Index classes() const { return classes_; }
  /// ln p(y|x) of every y (classes x columns).
  Table log_class_probabilities(const BatchView& x) const;
  /// out += Σ_n Σ_y w_yn ∂E(x_n, y)/∂θ, weights classes x columns.
  void class_parameter_gradient(const BatchView& x, const Table& weights, Parameters& out) const;

  const Domain& domain() const override { return domain_; }
  bool offers(std::string_view capability) const override;
  std::vector<ParameterBlock> blocks() const override { return parametric_.blocks(); }
  Parameters parameters() const override { return parametric_.parameters(); }
  void set_parameters(const Parameters& theta) override { parametric_.set_parameters(theta); }
  std::optional<double> log_partition(double beta) const override;
  bool expected_parameter_gradient(double beta, Parameters& out) const override;
  void draw(Stream random, Eigen::Ref<Batch> x) const override;

 private:
  Table class_energies(const BatchView& x) const;
  /// Every x with every y, the classes of one x next to each other.
  Batch with_classes(const BatchView& x) const;
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override;
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural_from_energies(sites, x, natural);
  }
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override;

  EnergyModel& joint_;
  Parametric& parametric_;
  const AllClasses* all_classes_;
  Domain domain_;
  Index classes_;
};

/// The rows of a data set without their last coordinate, which is their class.
class GIBBSITE_API WithoutClass final : public Dataset {
 public:
  /// `whole` outlives this object.
  explicit WithoutClass(const Dataset& whole) : whole_(whole) {}
  Index size() const override { return whole_.size(); }
  Index dim() const override { return whole_.dim() - 1; }
  void columns(std::span<const Index> indices, Stream random, Eigen::Ref<Batch> out) const override;

 private:
  const Dataset& whole_;
};

}  // namespace gibbsite
