// Step sizes of kernels on real coordinates: adapted to an acceptance rate, or decreasing.
#pragma once

#include <memory>
#include <string>

#include "gibbsite/api/context.hpp"
#include "gibbsite/api/mass_adaptation.hpp"

namespace gibbsite {

/// Throws Error where the model of `c` has a coordinate that is not real.
GIBBSITE_API void require_real(const Context& c);

/// Step-size adaptation by dual averaging (Hoffman & Gelman 2014, section 3.2) of ln ε, one per
/// chain, towards a target acceptance; |ln ε| stays within 80. It owns five rows of Chains::tuning
/// from `first_row`: ε in use, averaged ln ε, running error, μ, step count.
class GIBBSITE_API DualAveraging {
 public:
  static constexpr Index rows = 5;
  DualAveraging(Index first_row, double target) : row_(first_row), target_(target) {}
  void init(Table& tuning, double step_size) const;
  /// Step sizes in use, 1 x chains.
  auto step_size(const Table& tuning) const { return tuning.row(row_); }
  /// One update; at the last warm-up step the averaged step size is taken and kept.
  void adapt(Table& tuning, const Row& acceptance, Warmup at) const;
  /// Begins anew from the step sizes in use, after what they are relative to has changed.
  void restart(Table& tuning) const;

 private:
  Index row_;
  double target_;
};

/// What every kernel with a StepSizeSampler as its base takes beside its step size.
struct GIBBSITE_API StepAdaptation {
  double target_acceptance = 0.5;
  bool adapt = true;
  /// `hint` goes on where the documentation of the target ends.
  void fields(Fields& f, const std::string& hint = "");
};

/// A reversible kernel on real coordinates that proposes, accepts or rejects, and in warm-up adapts
/// the step size ε and perhaps a mass matrix of each chain.
class GIBBSITE_API StepSizeSampler : public Sampler {
 public:
  void adapt(Chains& now, Warmup at) const override;
  /// acceptance_rate and step_size; a kernel's own follow.
  std::vector<Statistic> statistics() const override;
  bool is_reversible() const override { return true; }

 protected:
  /// `mass` is a form of mass_matrix(). Throws Error where a coordinate is not real.
  StepSizeSampler(const Context& c, double step_size, const StepAdaptation& how,
                  const std::string& mass = "identity");
  /// ε in use, 1 x chains.
  auto step_size(const Chains& now) const { return averaging_.step_size(now.tuning); }
  const MassMatrix& mass() const { return *mass_; }
  /// metropolis(), and what it reports: min(1, e^log_ratio) and the steps `step`.
  static void decide(Chains& now, const Chains& proposal, const Row& log_ratio, const Row& step,
                     Stream& random);

 private:
  void do_init(Chains& now) const override;

  double step_size_;
  bool adapts_;
  DualAveraging averaging_;
  std::unique_ptr<MassMatrix> mass_;
};

/// Step sizes ε_t = a (b + t)^-γ of unadjusted kernels with Σ ε_t = ∞, so that averages weighted by
/// ε_t converge (Welling & Teh 2011, ICML; Teh, Thiéry & Vollmer 2016, JMLR 17(7)); or fixed ones.
/// Steps are counted in the two rows of Chains::aux, from the chain's start, warm-up included.
struct GIBBSITE_API StepSchedule {
  std::string schedule = "fixed";
  double offset = 1, exponent = 0.55;
  void fields(Fields& f);
  void init(Chains& now) const;
  /// ε_t / a of each chain (1 where steps are fixed), and counts the step.
  Row next(Chains& now) const;
};

}  // namespace gibbsite
