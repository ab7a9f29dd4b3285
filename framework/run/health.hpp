// The numbers that a diagnosis looks at, for programs.
#pragma once

#include <filesystem>

#include "gibbsite/core/node.hpp"

namespace gibbsite {

/// A map, as far as the results file has them:
/// - chains: per functional (energy, magnetisation, flip rate) and for the coordinate with the
///   fewest effective draws among the first 64: rhat, ess_bulk, ess_tail, mcse_mean
/// - kernel: divergences; per chain e_bfmi, acceptance_rate, step_size and round_trips; the deepest
///   tree; swap_rates per pair of neighbouring temperatures
/// - estimates: per label what its weights are worth: effective_sample_size, max_weight,
///   pareto_shape, gap
/// - training: gradient_norm, mean_chain_age and max_chain_age at the last update.
/// What is not finite is null in JSON. Throws StorageError where the file cannot be read.
Node health_of(const std::filesystem::path& result);

}  // namespace gibbsite
