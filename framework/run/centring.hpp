// Gradients of a Boltzmann machine, restricted or fully visible, as if its units were centred.
#pragma once

#include "gibbsite/api/context.hpp"
#include "gibbsite/run/sections.hpp"

namespace gibbsite {

/// The mean of E[h | v] over the columns of `v`.
Parameters mean_hidden(const Latent& latent, const BatchView& v, const Workers& workers);

/// For E(v, h) = -vᵀWh - bᵀv - cᵀh, the direction in which the centred machine
/// -(v - μ)ᵀW(h - λ) - b'ᵀ(v - μ) - c'ᵀ(h - λ) climbs, in terms of W, b and c (Melchior, Fischer &
/// Wiskott 2016, JMLR 17(99), equations 12-14):
///   ΔW = g_W - g_b λᵀ - μ g_cᵀ,   Δb = g_b - ΔW λ,   Δc = g_c - ΔWᵀμ;
/// likewise for E(x) = -xᵀWx - bᵀx, W symmetric without a diagonal, and -(x - μ)ᵀW(x - μ) -
/// b'ᵀ(x - μ):
///   ΔW = g_W - g_b μᵀ - μ g_bᵀ off the diagonal,   Δb = g_b - 2 ΔW μ.
/// Offsets are running means of v and h under the data (Montavon & Müller 2012), the model, or half
/// of each, which without running means is the enhanced gradient (Cho, Raiko & Ilin 2013, Neural
/// Computation 25(3)); then training does not feel which value of a unit is called 0. The model's
/// means are those of the gradient, ⟨v⟩_data - g_b and ⟨h⟩_data - g_c.
class Centring {
 public:
  /// Binds to the context's model; throws Error where it is no such machine.
  Centring(const CentringParams& params, const Context& context);

  /// Turns the gradient `ascent` into that direction. `v` (dim x observations) is the batch,
  /// `means` (D + M) the running means, which are moved on.
  void apply(const BatchView& v, Parameters& means, Parameters& ascent) const;

 private:
  CentringParams params_;
  const Latent* latent_;  ///< null where all units are visible
  const Workers& workers_;
  Index visible_, hidden_;
};

}  // namespace gibbsite
