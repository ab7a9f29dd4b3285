// One or more small specs of every model, for the conformance tests.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace gibbsite::test {

// Small specs of each model, such that every way to ln Z is open: at most 2^12 states, or at most
// two real coordinates of size about 1.
inline const std::map<std::string, std::vector<std::string>> examples = {
    {"boltzmann_machine", {"{name: boltzmann_machine, units: 7, weight_scale: 0.5}"}},
    {"gaussian",
     {"{name: gaussian, mean: [0.5, -1], precision: [2, 0.6, 0.6, 1]}",
      "{name: gaussian, units: 1, precision: [0.5]}"}},
    {"gaussian_mixture",
     {"{name: gaussian_mixture, weights: [1, 2, 3], means: [-2, 0, 1, 1, 0.5, -1], "
      "standard_deviations: [0.7, 1, 1.3]}",
      "{name: gaussian_mixture, units: 1, means: [-2, 2]}"}},
    {"rbm",
     {"{name: rbm, visible: 7, hidden: 4, weight_scale: 1}",
      "{name: rbm, visible: 4, hidden: 6, weight_scale: 1}"}},
};

}  // namespace gibbsite::test
