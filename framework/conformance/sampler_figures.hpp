// Figures of a kernel at work: how fast it forgets, how it tunes itself, what a draw costs.
#pragma once

#include <string>

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

/// Effective draws of the worst coordinate, 4 chains of 500 draws after 300 steps of warm-up.
struct Speed {
  double per_evaluation = 0;  ///< energies, gradients and site updates together
  double per_second = 0;      ///< of processor time
};
Speed speed_of(const Sampler& kernel, EnergyModel& model);

/// The built-in sampler that is nearest to this one on a model, by what it needs.
std::string rival_of(const Entry& entry, const EnergyModel& model);

/// Seconds of processor time that this process has used.
double processor_seconds();

}  // namespace gibbsite
