// A restricted Boltzmann machine with several copies of its layers: the modules by which deep
// Boltzmann machines are pre-trained.
#pragma once

#include "gibbsite/api/layers.hpp"

namespace gibbsite {

/// A copies v^1 … v^A of the visible layer and B copies h^1 … h^B of the hidden one that share W, b
/// and c, all units in {0,1}:
///   E = -Σ_a Σ_b (v^a)ᵀW h^b - Σ_a bᵀv^a - Σ_b cᵀh^b.
/// At equal copies v the input to every h^b is A Wᵀv + c, and from equal copies h that to every v^a
/// is B W h + b: weights are doubled bottom-up by A = 2, top-down by B = 2 (Salakhutdinov & Hinton
/// 2009, AISTATS 5, section 3.1; 2012, Neural Computation 24(8), section 3.2). θ = (W, b, c).
class GIBBSITE_API CopiedRbm final : public EnergyModel, public Latent, public Parametric {
 public:
  /// D visible and M hidden units in each copy; θ = 0.
  CopiedRbm(Index visible, Index hidden, Index visible_copies, Index hidden_copies);
  CopiedRbm(const CopiedRbm&) = delete;
  CopiedRbm& operator=(const CopiedRbm&) = delete;

  /// A D coordinates, one copy after the other.
  const Domain& domain() const override { return visible_; }
  /// B M units, likewise.
  const Domain& hidden() const override { return hidden_; }
  void visible_energy(const BatchView& v, Row& energy) const override;
  void gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural, const Row& weights,
                            Parameters& out) const override;
  void gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                             const Row& weights, Parameters& out) const override;
  std::vector<ParameterBlock> blocks() const override { return theta_.blocks(); }
  Parameters parameters() const override { return theta_.parameters(); }
  void set_parameters(const Parameters& theta) override { theta_.set(theta); }

 private:
  void do_energy(const BatchView& v, Row& energy) const override;
  void do_hidden_natural(const BatchView& v, Batch& natural) const override;
  void do_visible_natural(const BatchView& h, Batch& natural) const override;
  void do_parameter_gradient(const BatchView& v, const Row& weights,
                             Parameters& out) const override;
  void accumulate(const BatchView& v, const BatchView& h, const Row& weights,
                  Parameters& out) const;

  Index visible_copies_, hidden_copies_;
  Domain visible_, hidden_;
  Coupling weights_;
  Vector b_, c_;
  ParameterList theta_{"copied_rbm"};
};

}  // namespace gibbsite
