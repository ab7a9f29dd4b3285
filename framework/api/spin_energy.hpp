// The energy of one configuration of spins with pair interactions.
#pragma once

#include "gibbsite/api/lattice.hpp"

namespace gibbsite {

/// -Σ_bonds J_b s_i s_j - Σ_i h_i s_i of the spins at `s`, one per site; the factors of the bonds
/// are part of `couplings`. Added up in double.
GIBBSITE_API double spin_energy(const std::vector<Bond>& bonds, const Vector& couplings,
                                const Vector& fields, const Real* s);

}  // namespace gibbsite
