// The second contract: a Markov kernel bound to a model.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "gibbsite/api/energy_model.hpp"

namespace gibbsite {

/// Everything that changes while chains run; plain data, one column per chain.
struct Chains {
  Batch x;           ///< dim x chains
  Row energy;        ///< E(x), where the kernel keeps it
  Batch gradient;    ///< ∇E(x) or local natural parameters (abilities.hpp), where kept
  Batch aux;         ///< the kernel's own state (momenta, hidden units ...)
  Table tuning;      ///< adapted numbers (step sizes ...), frozen after warm-up
  Table statistics;  ///< what the last step reported, a row per Sampler::statistics()
  /// States of kernels inside this one (replicas, particles ...), by their number; each has the
  /// same number of columns per chain, one chain after the other.
  std::vector<Chains> nested;
};

/// Chains first … first + count - 1 alone, nested ones included.
GIBBSITE_API Chains columns(const Chains& chains, Index first, Index count = 1);
/// Puts back what `columns` took out, changed or not: `part` becomes the chains from `first` on.
GIBBSITE_API void set_columns(Chains& chains, Index first, const Chains& part);
/// The chains with these numbers, in this order, nested ones included; one may come twice.
GIBBSITE_API Chains columns(const Chains& chains, std::span<const Index> chosen);
/// Puts back what `columns` chose; the numbers must differ.
GIBBSITE_API void set_columns(Chains& chains, std::span<const Index> chosen, const Chains& part);

/// One diagnostic that a kernel reports per step and chain, by ArviZ's names where it has one.
struct Statistic {
  enum class Type { real, integer, boolean };
  std::string name;
  Type type = Type::real;
};

/// Where in warm-up a chain is: step `done` of `total` has just been made.
struct Warmup {
  Index done = 0;
  Index total = 0;
};

/// A Markov kernel that leaves p(x) = e^{-E(x)}/Z of its model invariant. Immutable: all that
/// changes is in Chains. It knows nothing of files, seeds, threads or the loop over draws.
class GIBBSITE_API Sampler : public Plugin {
 public:
  /// Chains at `x`, ready to step.
  Chains init(Batch x) const;
  /// Recomputes what is cached of the model (energy, gradient) after x or the model changed.
  void refresh(Chains& now) const { do_refresh(now); }
  /// One transition of every chain, in place. A proposal whose energy is NaN is rejected.
  void step(Chains& now, Stream random) const { do_step(now, random); }
  /// Called after each warm-up step only; may change `now.tuning`.
  virtual void adapt(Chains&, Warmup) const {}
  /// Names and types of the rows of Chains::statistics.
  virtual std::vector<Statistic> statistics() const { return {}; }
  /// Whether the stationary law is exactly the model's (false for unadjusted kernels).
  virtual bool is_exact() const { return true; }
  /// T of the law e^{-E/T} that is kept as steps become small: not 1 where an unadjusted kernel has
  /// drift and noise of their own; NaN where an unadjusted kernel does not say.
  virtual double temperature() const {
    return is_exact() ? 1 : std::numeric_limits<double>::quiet_NaN();
  }
  /// Whether the law of x alone is kept from an exact start, whatever else Chains begins with.
  /// False where only that of x together with nested states (replicas) is: weights of annealing are
  /// not unbiased then.
  virtual bool keeps_x_alone() const { return is_exact(); }
  /// Whether p(x) K(x, y) = p(y) K(y, x): a path of x has the same law read backwards, which
  /// kernels over kernels may need. False where that does not hold or is not known.
  virtual bool is_reversible() const { return false; }

 private:
  virtual void do_init(Chains&) const {}
  virtual void do_refresh(Chains&) const {}
  virtual void do_step(Chains& now, Stream random) const = 0;
};

/// Accepts or rejects a proposal (Metropolis et al. 1953; Hastings 1970): chain c moves where
/// ln u_c < log_ratio(c), u_c uniform; NaN rejects. Columns of x, energy and (where both keep
/// it) gradient are taken over. Returns 1 for each accepted chain, else 0.
GIBBSITE_API Row metropolis(Chains& now, const Chains& proposal, const Row& log_ratio,
                            Stream& random);

}  // namespace gibbsite
