// What a plugin is given when it is built.
#pragma once

#include <memory>

#include "gibbsite/api/dataset.hpp"
#include "gibbsite/api/evaluation.hpp"
#include "gibbsite/api/fields.hpp"
#include "gibbsite/api/gradient.hpp"
#include "gibbsite/api/optimizer.hpp"
#include "gibbsite/api/sampler.hpp"
#include "gibbsite/core/parallel.hpp"

namespace gibbsite {

class Registry;

/// The surroundings of a plugin; everything pointed to outlives it. Members may be null where a
/// spec has no such part, or where it comes later in data -> model -> train -> sample -> evaluate.
class GIBBSITE_API Context {
 public:
  EnergyModel* model = nullptr;
  const Dataset* train = nullptr;  ///< prepared (scaled, binarised) training data
  const Dataset* test = nullptr;   ///< prepared held-out data
  const Workers* workers = nullptr;
  const Registry* registry = nullptr;
  /// Random numbers of this plugin's own (initial parameters, synthetic data).
  Stream random{0};
  bool has_samples = false;  ///< the spec has a sample section
  std::string subject;       ///< "sampler mala", for messages

  /// The ability C of the model. Throws Error naming what the model offers where it lacks it.
  template <class C>
  C& require() const {
    C* ability = model == nullptr ? nullptr : model->capability<C>();
    if (ability == nullptr) throw_missing(C::name);
    return *ability;
  }
  /// The training data; throws Error where the spec has no data section.
  const Dataset& require_train() const;

  /// Builds a nested plugin, bound to `other` (default: this context's model).
  std::unique_ptr<Sampler> sampler(const PluginSpec& spec, EnergyModel* other = nullptr) const;
  std::unique_ptr<GradientEstimator> gradient(const PluginSpec& spec) const;
  std::unique_ptr<Evaluation> evaluation(const PluginSpec& spec) const;
  std::unique_ptr<EnergyModel> energy_model(const PluginSpec& spec) const;
  std::unique_ptr<Dataset> dataset(const PluginSpec& spec) const;

 private:
  [[noreturn]] void throw_missing(std::string_view capability) const;
};

}  // namespace gibbsite
