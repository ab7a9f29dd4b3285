// Chains that recover a configuration from a noisier one, for models with levels of noise.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "gibbsite/api/context.hpp"
#include "gibbsite/api/family_abilities.hpp"

namespace gibbsite {

/// The recovery law of Gao et al. 2021 (ICLR, equation 4), given x̃ = x_{t+1}:
///   p(y_t | x̃) ∝ exp(-E_t(y_t) - |x̃ - y_t|²/(2σ²)),  σ = σ_{t+1}.
/// Kernels move u = (y - x̃)/σ, whose reference law N(0, I) is the same at every level: step sizes
/// are in units of σ, as in the paper (b_t = b σ_t). Immutable, and safe from several threads at
/// once: a kernel and the law that it is bound to belong to one caller at a time.
class GIBBSITE_API Recovery {
 public:
  /// Throws Error where the context's model has no levels of noise, or the kernel does not suit.
  Recovery(const PluginSpec& sampler, const Context& context);
  ~Recovery();

  const NoiseLevels& levels() const { return levels_; }
  /// y of each column of `noisy` (x̃, dim x chains), column n at level `at[n]`: after `steps` kernel
  /// steps from y = x̃. Column n draws from chain n of `random`; columns do not feel each other.
  Batch recover(const BatchView& noisy, std::span<const Index> at, Index steps,
                const Stream& random) const;

 private:
  struct Station;
  class Borrowed;
  std::unique_ptr<Station> build() const;

  PluginSpec sampler_;
  Context context_;
  const NoiseLevels& levels_;
  mutable std::mutex lock_;
  mutable std::vector<std::unique_ptr<Station>> idle_;
};

}  // namespace gibbsite
