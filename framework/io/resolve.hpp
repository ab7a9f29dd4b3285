// Nested plugins of a spec, resolved against the registry.
#pragma once

#include "gibbsite/api/registry.hpp"

namespace gibbsite {

/// Resolves plugin nodes by the registry: finds the entry, reads its parameters strictly and
/// echoes them with defaults. Common fields of a kind (a dataset's `threshold`) are read by the
/// caller: see `extra`.
class RegistryResolver final : public Resolver {
 public:
  explicit RegistryResolver(const Registry& registry) : registry_(registry) {}
  PluginSpec resolve(Kind kind, const Node& node, const std::string& path, Faults& faults) override;
  /// As resolve, with `extra` reading further keys of the same map.
  PluginSpec resolve_with(Kind kind, const Node& node, const std::string& path, Faults& faults,
                          const std::function<void(Fields&)>& extra);
  Node natural(Kind kind) const override;
  /// The sampler that suits `model`: block_gibbs, gibbs, hmc by capability; used where a spec
  /// names none.
  void set_natural(const EnergyModel& model);
  /// The gradient of the train section, for evaluations that name none.
  void set_training_gradient(const PluginSpec& spec) { training_gradient_ = spec.node; }

 private:
  const Registry& registry_;
  std::string natural_sampler_;
  Node training_gradient_;
};

}  // namespace gibbsite
