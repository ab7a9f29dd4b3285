// The examination of one plugin: what its author is told.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gibbsite/api/registry.hpp"
#include "gibbsite/conformance/report.hpp"

namespace gibbsite {

/// How and by what a plugin is examined.
struct Examination {
  Context context;    ///< registry, workers, random numbers; model and data of `own`, if given
  bool quick = true;  ///< some seconds instead of some minutes
  PluginSpec own;     ///< the plugin as a spec of its author uses it; empty without one
};

/// Examines a registered plugin of any kind and writes what it finds into `report`.
void examine(const Entry& entry, const Examination& how, Report& report);

void examine_sampler(const Entry& entry, const Examination& how, Report& report);
void examine_model(const Entry& entry, const Examination& how, Report& report);
void examine_gradient(const Entry& entry, const Examination& how, Report& report);
void examine_evaluation(const Entry& entry, const Examination& how, Report& report);
void examine_optimizer(const Entry& entry, const Examination& how, Report& report);
void examine_dataset(const Entry& entry, const Examination& how, Report& report);

/// The plugin's specs that need no parameter from its author: the defaults alone and every other
/// choice or flag that a field offers, each as one line of YAML. Empty where a field is required.
std::vector<std::string> specs_by_default(const Entry& entry);

}  // namespace gibbsite
