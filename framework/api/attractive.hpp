// Models of two-state units that pull each other the same way, so that heat baths keep the order
// x <= y of configurations (Propp & Wilson 1996).
#pragma once

#include <string>

#include "gibbsite/api/energy_model.hpp"

namespace gibbsite {

/// Every unit of a domain of binary units and spins up (1), or every one down (0, or -1 of a spin).
GIBBSITE_API Vector extreme_configuration(const Domain& domain, bool up);

/// Why drawing units of `model` from their conditionals might not keep the order of configurations,
/// as a sentence without subject ("needs weights >= 0, got ..."); empty where it does. Latent
/// models are judged by their two layers, others by Pairwise, at the present parameters.
GIBBSITE_API std::string obstacle_to_order(const EnergyModel& model);

}  // namespace gibbsite
