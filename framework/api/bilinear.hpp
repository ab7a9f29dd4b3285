// What restricted Boltzmann machines of all kinds of units share: weights between two layers.
#pragma once

#include <algorithm>
#include <utility>

#include "gibbsite/api/context.hpp"
#include "gibbsite/api/independent.hpp"

namespace gibbsite {

/// E(v, h) = -(v - μ)ᵀW(h - λ) - bᵀ(v - μ) - cᵀ(h - λ) on any real vectors v (D) and h (M): W, b
/// and c are learned, the offsets μ and λ are constants, 0 unless set. Sums of one column never
/// depend on other columns. What h and v may be, and terms of one layer alone, are the model's
/// business.
class GIBBSITE_API Bilinear {
 public:
  /// W_ij ~ N(0, weight_scale²); b, c, μ and λ are 0.
  Bilinear(Index visible, Index hidden, double weight_scale, Stream random);
  /// `b` has D entries.
  void set_visible_bias(const Vector& b);
  /// `visible` (μ) has D entries, `hidden` (λ) M.
  void set_offsets(Vector visible, Vector hidden);

  Index visible() const { return b_.size(); }
  Index hidden() const { return c_.size(); }
  const Vector& visible_bias() const { return b_; }
  /// -∂E/∂v at h = 0, b - W λ.
  const Vector& visible_constant() const { return visible_constant_; }
  /// Wᵀ, M x D: column i has the weights of v_i.
  const Batch& weights_by_visible() const { return weights_by_visible_; }

  /// W (visible, hidden), b (visible), c (hidden).
  std::vector<ParameterBlock> blocks() const;
  /// The number of θ, D M + D + M.
  Index size() const { return weights_by_visible_.size() + b_.size() + c_.size(); }
  /// W row by row, b, c.
  Parameters parameters() const;
  /// Takes `size()` numbers; throws Error starting with `subject` where one is not finite.
  void set_parameters(const Eigen::Ref<const Parameters>& theta, const std::string& subject);
  void set_parameters(const Eigen::Ref<const Parameters>& theta, const std::string& subject,
                      const Workers& workers);

  /// The part of E that does not involve h, per column of `v`; `energy` is resized.
  void visible_energy(const BatchView& v, Row& energy) const;
  /// -∂E/∂h = c + Wᵀ(v - μ) per column of `v`; `out` is resized to M x columns.
  void hidden_field(const BatchView& v, Batch& out) const;
  /// The same to the bit on several threads, each of which reads its part of W once.
  void hidden_field(const BatchView& v, const Workers& workers, Batch& out) const;
  /// -∂E/∂v = b + W(h - λ) per column of `h`; `out` is resized to D x columns.
  void visible_field(const BatchView& h, Batch& out) const;
  /// out += Σ_n w_n ∂E(v_n, h_n)/∂θ on the first `size()` entries; as E is linear in either layer,
  /// one of them may be a mean.
  void accumulate(const BatchView& v, const BatchView& h, const Row& weights,
                  Parameters& out) const;
  /// The same to the bit on several threads.
  void accumulate(const BatchView& v, const BatchView& h, const Row& weights,
                  const Workers& workers, Parameters& out) const;

 private:
  // Strips of visible units, the tasks of passes over W.
  static constexpr Index strip = 32;
  Index strip_count() const { return (visible() + strip - 1) / strip; }
  std::pair<Index, Index> strip_of(Index s) const {
    return {s * strip, std::min(strip, visible() - s * strip)};
  }
  void prepare();
  // Takes Wᵀ (M x D) first, unless that is null.
  void prepare(const Workers& workers, const double* W);

  Batch weights_by_visible_;
  Batch weights_by_hidden_;  ///< W
  Vector b_, c_, visible_offsets_, hidden_offsets_;
  Vector visible_constant_, hidden_constant_;  ///< b - W λ and c - Wᵀμ
  double constant_ = 0;                        ///< E at v = h = 0
  bool centred_ = false;                       ///< whether any offset is not 0
};

/// The fields of a model of two such layers.
struct GIBBSITE_API BilinearParams {
  Index hidden = 0;
  std::optional<Index> visible;
  double weight_scale = 0.01;
  std::string visible_bias = "data";

  void fields(Fields& f);
  /// The number of visible units; throws Error where neither the spec nor data have it.
  Index width(const Context& c) const { return visible ? *visible : c.require_train().dim(); }
  /// Natural parameters (domain.hpp) of each visible unit's own law in the data, where b is to
  /// start from it: nothing if b is to be zero, or without data of that width.
  std::optional<Vector> visible_law(const Domain& domain, const Context& c) const;
};

/// A model of two layers joined by a Bilinear. It writes the free energy and ∂F/∂θ in terms of the
/// conditionals, which the model supplies, and keeps θ = (W, b, c) unless the model has more.
class GIBBSITE_API BilinearModel : public EnergyModel, public Latent, public Parametric {
 public:
  const Domain& domain() const override { return visible_; }
  const Domain& hidden() const override { return hidden_; }
  std::vector<ParameterBlock> blocks() const override { return pairs_.blocks(); }
  Parameters parameters() const override { return pairs_.parameters(); }
  void set_parameters(const Parameters& theta) override { pairs_.set_parameters(theta, name_); }
  void visible_energy(const BatchView& v, Row& energy) const override {
    pairs_.visible_energy(v, energy);
  }
  void gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural, const Row& weights,
                            Parameters& out) const override {
    pairs_.accumulate(v, mean(hidden_, hidden_natural), weights, out);
  }
  void gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                             const Row& weights, Parameters& out) const override {
    pairs_.accumulate(mean(visible_, visible_natural), h, weights, out);
  }

 protected:
  /// `name` is that of the plugin, for messages.
  BilinearModel(std::string name, Domain visible, Domain hidden, Bilinear pairs);
  void do_energy(const BatchView& v, Row& energy) const override;
  void do_hidden_natural(const BatchView& v, Batch& natural) const override = 0;
  void do_visible_natural(const BatchView& h, Batch& natural) const override {
    pairs_.visible_field(h, natural);
  }
  void do_parameter_gradient(const BatchView& v, const Row& weights,
                             Parameters& out) const override;
  /// do_gradient_on_workers of a model whose hidden natural parameters are Bilinear's hidden_field
  /// and that leaves gradient_over_hidden as it is here.
  void gradient_by_layers(const BatchView& v, const Row& weights, const Workers& workers,
                          Parameters& out, Row* energy) const;

  std::string name_;
  Domain visible_, hidden_;
  Bilinear pairs_;
};

}  // namespace gibbsite
