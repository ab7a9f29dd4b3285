// The integrator of Hamiltonian kernels.
#pragma once

#include "gibbsite/api/mass_adaptation.hpp"

namespace gibbsite {

/// `steps(c)` leapfrog steps of size `size(c)` of each chain c, in place (Neal 2011, section 5.2):
///   p ← p - (ε/2) Lᵀ∇E(x),  x ← x + ε L p,  p ← p - (ε/2) Lᵀ∇E(x),  M⁻¹ = L Lᵀ (MassMatrix),
/// which keeps volume and goes back the same way when p is turned round. `at` holds x and its
/// gradient, and gets the energy at the end. One gradient per chain and step: neighbouring half
/// kicks merge, and a chain that has arrived is evaluated no more. p: dim x chains; size and steps,
/// integers >= 1: 1 x chains.
GIBBSITE_API void leapfrog(const Differentiable& model, const MassMatrix& mass, const Table& tuning,
                           const Row& size, const Row& steps, Chains& at, Batch& momentum);

/// |p|²/2 of each chain, in double.
GIBBSITE_API Row kinetic_energy(const BatchView& momentum);

}  // namespace gibbsite
