// What every sampler must do besides keeping its law, as checks that tests and `plugin test` share.
// Each returns what is wrong, a sentence with figures per fault; nothing where all is well.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/registry.hpp"
#include "gibbsite/conformance/stationarity.hpp"

namespace gibbsite {

using Sentences = std::vector<std::string>;

/// A plugin of any kind says what it is, names a source, and documents every field once.
Sentences description_faults(const Entry& entry);

/// The same seed and starts give the same bits, from the same object a second time too; another
/// seed gives others.
Sentences repeat_faults(const Sampler& kernel, const EnergyModel& model);
/// A chain moves alike alone and in a batch of five.
Sentences batch_faults(const Sampler& kernel, const EnergyModel& model);
/// Blocks of chains that two threads step at once move as one after the other.
Sentences thread_faults(const Sampler& kernel, const EnergyModel& model, const Workers& workers);
/// A new object goes on from stored Chains as the old one would have.
Sentences resume_faults(const MakeSampler& make, EnergyModel& model);
/// x stays in the domain; statistics are those declared, in their ranges.
Sentences domain_faults(const Sampler& kernel, const EnergyModel& model);
/// Energies and gradients that Chains keep are those of x.
Sentences cache_faults(const Sampler& kernel, const EnergyModel& model);
/// The tuning changes in adapt() alone.
Sentences tuning_faults(const Sampler& kernel, const EnergyModel& model);
/// The model's counters tell what was evaluated; a kernel that moves coordinates by what it knows
/// of a graph counts them (`free_draws`: independent draws, which cost nothing).
Sentences count_faults(const MakeSampler& make, EnergyModel& model, bool free_draws);
/// A place where the energy is NaN is never entered. Nothing where the kernel cannot run on two
/// real coordinates with a gradient.
Sentences nan_faults(const MakeSampler& make);

/// Columns drawn uniformly (real coordinates: N(0, 1)), always the same.
Batch some_starts(const EnergyModel& model, Index count);

}  // namespace gibbsite
