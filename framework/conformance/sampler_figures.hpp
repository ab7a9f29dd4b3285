// Figures of a kernel at work: how fast it forgets, how it tunes itself, what a draw costs.
#pragma once

#include <string>

#include "gibbsite/api/context.hpp"
#include "gibbsite/api/registry.hpp"
#include "gibbsite/conformance/stationarity.hpp"

namespace gibbsite {

/// Steps (a power of 2, at most 64) after which no coordinate has correlation above 1/2 with where
/// it started. The model's law must be one that can be drawn from.
Index forgetting_steps(const Sampler& kernel, EnergyModel& model, const Table& tuning,
                       const Workers& workers);

/// The tuning of one chain after 200 steps of warm-up from an exact draw; empty where the kernel
/// has none.
Table warmed_up_tuning(const Sampler& kernel, EnergyModel& model);

/// Seconds of processor time that a step of so many chains takes, from 10 steps.
double seconds_per_step(const Sampler& kernel, EnergyModel& model, Index chains);

/// Effective draws of the worst coordinate, 4 chains of 500 draws after 300 steps of warm-up, down
/// to a tenth of both where these would take longer than a second.
struct Speed {
  double per_evaluation = 0;  ///< energies, gradients and site updates together
  double per_second = 0;      ///< of processor time
};
Speed speed_of(const Sampler& kernel, EnergyModel& model);

/// The same figures in words, beside those of the built-in sampler that is nearest to this one by
/// what it needs; empty where that one does not run on the model.
std::string efficiency_of(const Sampler& kernel, EnergyModel& model, const Entry& entry,
                          const Context& context);

/// How many starts of an invariance test fit into the time, by that of 100 chains.
struct Affordable {
  Index least = 0, most = 0;
  double seconds = 0;  ///< of processor time, of the test's first round
};
Index affordable_starts(const Sampler& kernel, EnergyModel& model, const Starts& starts,
                        const Workers& workers, const Affordable& limits);

}  // namespace gibbsite
