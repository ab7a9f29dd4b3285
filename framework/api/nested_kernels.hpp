// Kernels inside a kernel, all bound to its own model.
#pragma once

#include <memory>

#include "gibbsite/api/context.hpp"

namespace gibbsite {

/// `statistics` named `<kernel>_<statistic>`, as a kernel reports those of one inside it.
GIBBSITE_API std::vector<Statistic> prefixed(const std::string& kernel,
                                             std::vector<Statistic> statistics);

/// Moves `inner` from `x` by one step. What the kernel caches is computed anew only where `x` is
/// not what it left there; after a change of the model the kernel has to be refreshed first.
GIBBSITE_API void step_from(const Sampler& kernel, Chains& inner, const BatchView& x,
                            const Stream& random);

/// A list of kernels on the model of a context. Number k keeps its state in Chains::nested[k],
/// with one column per chain.
class GIBBSITE_API NestedKernels {
 public:
  /// Throws Error where a kernel does not suit the model.
  NestedKernels(const std::vector<PluginSpec>& specs, const Context& context);

  Index size() const { return Index(kernels_.size()); }
  const Sampler& operator[](Index k) const { return *kernels_[std::size_t(k)]; }
  /// Statistics of all kernels in turn, prefixed by the kernel's name, with its number among its
  /// namesakes from the second on: `mala_step_size`, `mala_2_step_size`.
  std::vector<Statistic> statistics() const;
  /// The first of the rows of `statistics()` that belong to kernel k.
  Index first_statistic(Index k) const { return first_statistic_[std::size_t(k)]; }
  bool are_exact() const;
  bool keep_x_alone() const;
  bool are_reversible() const;
  /// Brings all nested states to `now.x`, made where there are none yet.
  void refresh(Chains& now) const;

 private:
  std::vector<std::unique_ptr<Sampler>> kernels_;
  std::vector<std::string> names_;
  std::vector<Index> first_statistic_;
};

}  // namespace gibbsite
