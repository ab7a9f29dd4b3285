// Energies that are a function of a network's outputs.
#pragma once

#include "gibbsite/api/context.hpp"
#include "gibbsite/api/network.hpp"

namespace gibbsite {

/// E(x) = e(f_θ(x)) + λ|x|²/2 on real or discrete coordinates. A class that derives from this says
/// what e is. λ > 0 makes the law proper on R^d wherever e grows at most linearly, as all
/// activations have bounded slopes. The gradient is offered where every coordinate is real.
class GIBBSITE_API NetworkEnergy : public EnergyModel, public Differentiable, public Parametric {
 public:
  const Domain& domain() const override { return domain_; }
  bool offers(std::string_view capability) const override;
  std::vector<ParameterBlock> blocks() const override { return network_.blocks(); }
  Parameters parameters() const override { return network_.parameters(); }
  void set_parameters(const Parameters& theta) override { network_.set_parameters(theta); }

  /// Declares `shape`.
  static void shape_field(Fields& f, std::vector<Index>& sizes, bool required = false);
  /// Declares `reference_precision`, λ.
  static void precision_field(Fields& f, double& precision);

 protected:
  /// The network takes the first network.inputs() coordinates; λ = `precision` acts on these.
  NetworkEnergy(Domain domain, Network network, double precision);

  const Network& network() const { return network_; }
  double precision() const { return precision_; }

  /// The shape of x from the field `shape`: `sizes`, or else a vector of the data's width less
  /// `labels`. Throws Error as Shape::of does.
  static Shape input_shape(const std::vector<Index>& sizes, const Context& c, Index labels = 0);

  /// On any domain: discrete coordinates enter as the numbers they are.
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override;

 private:
  /// e at the outputs f(x) for a configuration x of dim() coordinates, and ∂e/∂f. Where e = +∞ the
  /// slope is 0.
  virtual double energy_of(const Vector& outputs, const Real* x, Vector& slope) const = 0;

  /// E of each column of `x`, leaving f(x) on the tape and ∂e/∂f in `slope` (outputs x columns).
  void evaluate(const BatchView& x, Network::Tape& tape, Batch& slope,
                Eigen::Ref<Row> energy) const;
  void do_energy(const BatchView& x, Row& energy) const override;
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override;

  Domain domain_;
  Network network_;
  double precision_;
};

}  // namespace gibbsite
