// The one header a plugin includes.
#pragma once

#include "gibbsite/api/bilinear.hpp"
#include "gibbsite/api/compose.hpp"
#include "gibbsite/api/discrete_units.hpp"
#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/api/independent.hpp"
#include "gibbsite/api/layers.hpp"
#include "gibbsite/api/leapfrog.hpp"
#include "gibbsite/api/network_energy.hpp"
#include "gibbsite/api/pairwise_spins.hpp"
#include "gibbsite/api/quadratic_form.hpp"
#include "gibbsite/api/registry.hpp"
#include "gibbsite/api/spiked_normal.hpp"
#include "gibbsite/api/stamp.hpp"
#include "gibbsite/api/step_size.hpp"
#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/kernels.hpp"
#include "gibbsite/core/numerics.hpp"

/// The plugin's entry: `GIBBSITE_PLUGIN(registry) { registry.add<Mala>("mala", "..."); }`.
#define GIBBSITE_PLUGIN(registry)                                                       \
  static void gibbsite_register(gibbsite::Registry& registry);                          \
  extern "C" __attribute__((visibility("default"), used))                               \
  const gibbsite::PluginTable gibbsite_plugin = {gibbsite::api_version, GIBBSITE_STAMP, \
                                                 &gibbsite_register};                   \
  static void gibbsite_register(gibbsite::Registry& registry)
