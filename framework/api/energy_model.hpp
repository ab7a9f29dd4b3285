// The first contract: an energy E_θ(x), and the further abilities a model may have.
#pragma once

#include <atomic>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gibbsite/api/domain.hpp"
#include "gibbsite/api/plugin_base.hpp"

namespace gibbsite {

class Workers;

/// How often a model was evaluated, in configurations (site updates: in coordinates).
struct Evaluations {
  std::uint64_t energy = 0;
  std::uint64_t gradient = 0;            ///< ∇ₓE, which brings E with it
  std::uint64_t parameter_gradient = 0;  ///< ∂E/∂θ
  std::uint64_t site_updates = 0;        ///< coordinates given a conditional law

  Evaluations operator-(const Evaluations& other) const {
    return {energy - other.energy, gradient - other.gradient,
            parameter_gradient - other.parameter_gradient, site_updates - other.site_updates};
  }
  Evaluations operator+(const Evaluations& other) const {
    return {energy + other.energy, gradient + other.gradient,
            parameter_gradient + other.parameter_gradient, site_updates + other.site_updates};
  }
  bool operator==(const Evaluations&) const = default;
};

/// The evaluation counters that a model and its abilities share. Counting is the wrappers'
/// business: no author counts by hand.
class GIBBSITE_API Counted {
 public:
  Evaluations evaluations() const;

 protected:
  Counted() = default;
  ~Counted() = default;
  struct Counters {
    std::atomic<std::uint64_t> energy{0}, gradient{0}, parameter_gradient{0}, site_updates{0};
  };
  mutable Counters counters_;
};

/// An energy function; p(x) = e^{-E(x)} / Z on its domain (counting measure on discrete
/// coordinates, Lebesgue on real ones). Const calls are safe from several threads at once.
class GIBBSITE_API EnergyModel : public Plugin, public virtual Counted {
 public:
  virtual const Domain& domain() const = 0;
  Index dim() const { return domain().dim(); }

  /// E of each column of `x` (dim x chains); energy is resized to 1 x chains. +∞ marks a
  /// configuration of probability 0; NaN is never a valid energy.
  void energy(const BatchView& x, Row& energy) const;

  /// The ability C, or null where this object lacks it. A model has every ability its class
  /// inherits; a wrapper decides by its parts (see `offers`).
  template <class C>
  const C* capability() const {
    return offers(C::name) ? dynamic_cast<const C*>(this) : nullptr;
  }
  template <class C>
  C* capability() {
    return offers(C::name) ? dynamic_cast<C*>(this) : nullptr;
  }
  /// Whether this object really has the named ability, of those its class inherits.
  virtual bool offers(std::string_view) const { return true; }

 protected:
  /// Natural parameters (domain.hpp) of the one discrete coordinate in `sites` given all others,
  /// from the energies of its states, uncounted: for models whose Conditional has no shorter way.
  /// `natural` is resized. Throws Error where `sites` has more than one coordinate.
  void natural_from_energies(std::span<const Index> sites, const BatchView& x,
                             Batch& natural) const;

 private:
  virtual void do_energy(const BatchView& x, Row& energy) const = 0;
};

/// The names of the abilities that `model` offers.
GIBBSITE_API std::vector<std::string> capabilities_of(const EnergyModel& model);

/// E and ∇ₓE together.
class GIBBSITE_API Differentiable : public virtual Counted {
 public:
  static constexpr std::string_view name = "gradient";
  /// energy: 1 x chains, gradient: dim x chains; both are resized.
  void energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const;

 protected:
  ~Differentiable() = default;

 private:
  virtual void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const = 0;
};

/// The law of some coordinates given all others.
class GIBBSITE_API Conditional : public virtual Counted {
 public:
  static constexpr std::string_view name = "conditional";
  /// A partition of the coordinates into sets that are independent given the rest (a
  /// checkerboard, say). Empty, the default: every coordinate on its own.
  virtual std::vector<std::vector<Index>> independent_sets() const { return {}; }
  /// Natural parameters (see domain.hpp) of the coordinates `sites`, which must be independent
  /// given the rest, one column per chain; `natural` is resized.
  void natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const;

 protected:
  ~Conditional() = default;

 private:
  virtual void do_natural(std::span<const Index> sites, const BatchView& x,
                          Batch& natural) const = 0;
};

/// A second layer h that is summed out: E(v, h) = A(v) - η(v)·T(h) = B(h) - ξ(h)·T(v), where the
/// units of each layer are independent given the other. The model's own energy is the free
/// energy F(v) = A(v) - ln Z(η(v)); block Gibbs and annealing need no more than this.
class GIBBSITE_API Latent : public virtual Counted {
 public:
  static constexpr std::string_view name = "latent";
  virtual const Domain& hidden() const = 0;
  /// A(v): the part of E(v, h) that does not involve h.
  virtual void visible_energy(const BatchView& v, Row& energy) const = 0;
  /// η(v): natural parameters of the hidden units; counts the hidden units as site updates.
  void hidden_natural(const BatchView& v, Batch& natural) const;
  /// ξ(h): natural parameters of the visible units; counts the visible units as site updates.
  void visible_natural(const BatchView& h, Batch& natural) const;
  /// out += Σ_n w_n E[∂E(v_n, h)/∂θ] over h with the given natural parameters (which a wrapper
  /// may have scaled). Models without parameters leave `out` alone.
  virtual void gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural,
                                    const Row& weights, Parameters& out) const = 0;
  /// out += Σ_n w_n E[∂E(v, h_n)/∂θ] over v with the given natural parameters.
  virtual void gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                                     const Row& weights, Parameters& out) const = 0;

 protected:
  ~Latent() = default;
  /// F(v) and -∂F/∂T(v) = E[ξ(h) | v] of discrete visible units (what abilities.hpp calls their
  /// local natural parameters), uncounted; both are resized. Needs two-state hidden units: there
  /// ξ is affine in h, so that a mean takes h's place.
  void free_energy_and_local_natural(const BatchView& v, Row& energy, Batch& natural) const;

 private:
  virtual void do_hidden_natural(const BatchView& v, Batch& natural) const = 0;
  virtual void do_visible_natural(const BatchView& h, Batch& natural) const = 0;
};

/// One named array of parameters, e.g. W (visible, hidden).
struct ParameterBlock {
  std::string name;
  std::vector<std::string> dimensions;
  std::vector<Index> shape;
  Index size() const {
    Index n = 1;
    for (const Index s : shape) n *= s;
    return n;
  }
};

/// Parameters θ to learn, as named blocks in one flat vector.
class GIBBSITE_API Parametric : public virtual Counted {
 public:
  static constexpr std::string_view name = "parameters";
  virtual std::vector<ParameterBlock> blocks() const = 0;
  virtual Parameters parameters() const = 0;
  /// Throws Error where `theta` is no valid parameter vector (an indefinite precision, say).
  virtual void set_parameters(const Parameters& theta) = 0;
  /// The same on several threads, where the model has a way to.
  virtual void set_parameters_on_workers(const Parameters& theta, const Workers&) {
    set_parameters(theta);
  }
  /// out += Σ_n w_n ∂E(x_n)/∂θ, hidden units summed out.
  void parameter_gradient(const BatchView& x, const Row& weights, Parameters& out) const;
  /// The same on several threads, and E(x_n) in `energy` (resized) unless that is null: both
  /// together cost less where they have terms in common. Results do not depend on the number of
  /// threads.
  void parameter_gradient(const BatchView& x, const Row& weights, const Workers& workers,
                          Parameters& out, Row* energy = nullptr) const;

 protected:
  ~Parametric() = default;

 private:
  /// Whether the model has done what the second form asks, `energy` (which may be null) included.
  /// The default has not, and blocks of columns are added up.
  virtual bool do_gradient_on_workers(const BatchView& x, const Row& weights,
                                      const Workers& workers, Parameters& out, Row* energy) const;
  virtual void do_parameter_gradient(const BatchView& x, const Row& weights,
                                     Parameters& out) const = 0;
};

/// ln Z in closed form.
class GIBBSITE_API Normalized {
 public:
  static constexpr std::string_view name = "log_partition";
  /// ln ∫ e^{-βE}, or nothing where only β = 1 (or none) has a closed form.
  virtual std::optional<double> log_partition(double beta) const = 0;
  /// out += E_β[∂E/∂θ], the mean under e^{-βE}/Z; false where it has no closed form.
  virtual bool expected_parameter_gradient(double beta, Parameters& out) const = 0;

 protected:
  ~Normalized() = default;
};

/// Units that do not interact: E(x) = -η·T(x), the law that annealing starts from.
class GIBBSITE_API Factorized {
 public:
  static constexpr std::string_view name = "factorized";
  /// η, natural_rows(domain) entries (domain.hpp).
  virtual Vector natural_parameters() const = 0;

 protected:
  ~Factorized() = default;
};

/// Independent draws from the model itself.
class GIBBSITE_API Exact {
 public:
  static constexpr std::string_view name = "exact_draws";
  /// Fills every column of `x` (dim x chains).
  virtual void draw(Stream random, Eigen::Ref<Batch> x) const = 0;

 protected:
  ~Exact() = default;
};

}  // namespace gibbsite
