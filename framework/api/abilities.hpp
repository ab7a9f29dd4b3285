// Abilities that some kernels and estimators ask of a model, beyond those of energy_model.hpp and
// family_abilities.hpp, and the list of all.
#pragma once

#include "gibbsite/api/energy_model.hpp"
#include "gibbsite/api/family_abilities.hpp"

namespace gibbsite {

/// The conditional laws of all discrete coordinates at once, to first order: the linear expansion
/// of E at x in the sufficient statistics T of each unit (domain.hpp; x_i itself for two states,
/// indicators for categories). Exact where coordinates interact in pairs, else an approximation,
/// good for proposals only (Grathwohl et al. 2021, ICML; Zhang, Liu & Liu 2022, ICML).
class GIBBSITE_API DiscreteGradient : public virtual Counted {
 public:
  static constexpr std::string_view name = "discrete_gradient";
  /// E (1 x chains) and -∂E/∂T (natural_rows(domain) x chains) of each column of `x`; both are
  /// resized. Counts as one gradient.
  void energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const;

 protected:
  ~DiscreteGradient() = default;

 private:
  virtual void do_energy_and_local_natural(const BatchView& x, Row& energy,
                                           Batch& natural) const = 0;
};

/// E(x) = constant + Σ_i a_i(x_i) + Σ_e b_e(x_i, x_j) over discrete coordinates, states numbered
/// from 0 (a spin -1 is state 0).
struct PairwiseGraph {
  struct Edge {
    Index first = 0, second = 0;
    Eigen::MatrixXd energy;  ///< b_e, states of `first` x states of `second`
  };
  double constant = 0;
  std::vector<Eigen::VectorXd> sites;  ///< a_i, one entry per state
  std::vector<Edge> edges;             ///< several may join the same two sites
};

/// 0 … dim - 1: every coordinate.
GIBBSITE_API std::vector<Index> all_sites(Index dim);

/// Pair interactions that can be written down: what cluster kernels, message passing and graph cuts
/// work on.
class GIBBSITE_API Pairwise : public virtual Counted {
 public:
  static constexpr std::string_view name = "pairwise";
  /// The energy at the present parameters.
  virtual PairwiseGraph graph() const = 0;
  /// Counts coordinates that a kernel has given a new law by the graph as site updates; wrappers
  /// count them at their parts as well.
  virtual void count_site_updates(Index count) const {
    counters_.site_updates.fetch_add(std::uint64_t(count), std::memory_order_relaxed);
  }

 protected:
  ~Pairwise() = default;
};

/// The graph without edges of independent discrete units with natural parameters η (domain.hpp).
GIBBSITE_API PairwiseGraph graph_of_units(const Domain& domain, const Vector& natural);

/// An energy that is a sum over observations, E(x) = E_0(x) + Σ_n E_n(x), such as a posterior.
class GIBBSITE_API Minibatch : public virtual Counted {
 public:
  static constexpr std::string_view name = "minibatch";
  virtual Index observations() const = 0;
  /// An unbiased estimate of ∇ₓE (dim x chains; resized) from `count` of the N observations, drawn
  /// anew for each chain with replacement: ∇E_0 + (N / count) Σ ∇E_n. Counts as count / N of a
  /// gradient. Chain c draws from `random.chains_from(c)`.
  void minibatch_gradient(const BatchView& x, Index count, const Stream& random,
                          Batch& gradient) const;

 protected:
  ~Minibatch() = default;

 private:
  virtual void do_minibatch_gradient(const BatchView& x, Index count, const Stream& random,
                                     Batch& gradient) const = 0;
  mutable std::atomic<std::uint64_t> terms_{0};
};

/// Data may cover the first coordinates alone (the visible layer of a deep machine): the others are
/// hidden coordinates, which completion.hpp fills in or sums out. The model offers Latent as well;
/// hidden coordinates and the units of h are binary, and E(v, h) is linear in each of them, so that
/// energies at means are means of energies.
class GIBBSITE_API PartlyObserved {
 public:
  static constexpr std::string_view name = "partly_observed";
  /// How hidden coordinates are filled in.
  struct Inference {
    bool mean_field = true;  ///< the means of a factorised law; else states by block Gibbs sampling
    Index sweeps = 50;       ///< the most updates of the means, or the sweeps of block Gibbs
    double tolerance = 1e-5;  ///< the means of an observation are final when none moves by more
  };
  /// Number of leading coordinates that data cover, below dim.
  virtual Index observed() const = 0;
  virtual Inference inference() const = 0;

 protected:
  ~PartlyObserved() = default;
};

/// A list of abilities, for `using Needs = Abilities<Differentiable>` in a plugin class: shown
/// by `list` and checked before the plugin is built.
template <class... C>
struct Abilities {
  static std::vector<std::string> names() { return {std::string(C::name)...}; }
  /// Those that `model` offers.
  static std::vector<std::string> of(const EnergyModel& model) {
    return chosen(model.capability<C>() != nullptr...);
  }
  /// Those that the class T inherits.
  template <class T>
  static std::vector<std::string> inherited() {
    return chosen(std::is_base_of_v<C, T>...);
  }

 private:
  static std::vector<std::string> chosen(std::same_as<bool> auto... has) {
    std::vector<std::string> out;
    ((has ? void(out.emplace_back(C::name)) : void()), ...);
    return out;
  }
};

/// Every ability there is; a new one is added here.
using AllAbilities = Abilities<Differentiable, Conditional, Latent, Parametric, Normalized,
                               Factorized, Exact, DiscreteGradient, Pairwise, Minibatch,
                               PartlyObserved, AllClasses, NoiseLevels, Parted>;

}  // namespace gibbsite
