// One or more small specs of every model, for the conformance tests.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace gibbsite::test {

// Small specs of each model, such that every way to ln Z is open: at most 2^12 states, or at most
// two real coordinates of size about 1.
inline const std::map<std::string, std::vector<std::string>> examples = {
    {"bernoulli", {"{name: bernoulli, probabilities: [0.2, 0.5, 0.9, 0.6]}"}},
    {"boltzmann_machine", {"{name: boltzmann_machine, units: 7, weight_scale: 0.5}"}},
    {"categorical", {"{name: categorical, units: 3, levels: 4, weights: [1, 2, 3, 5]}"}},
    {"categorical_rbm",
     {"{name: categorical_rbm, visible: 3, levels: 4, hidden: 4, weight_scale: 1}",
      "{name: categorical_rbm, visible: 2, levels: 3, hidden: 6, weight_scale: 1}"}},
    {"clamped",
     {"{name: clamped, model: {name: rbm, visible: 8, hidden: 4, weight_scale: 1}, "
      "coordinates: [1, 6], values: [0, 1]}",
      "{name: clamped, model: {name: gaussian, mean: [0.5, -1, 0], "
      "precision: [2, 0.6, 0.1, 0.6, 1, 0.3, 0.1, 0.3, 1]}, coordinates: [2], values: [0.7]}",
      "{name: clamped, model: {name: ising, sides: [2, 3], coupling: 0.4, field: [0.2]}, "
      "coordinates: [1, 2], values: [1, -1]}"}},
    {"classification_rbm",
     {"{name: classification_rbm, visible: 6, hidden: 4, classes: 3, weight_scale: 1}",
      "{name: classification_rbm, visible: 2, hidden: 6, classes: 2, weight_scale: 1}"}},
    {"convnet",
     {"{name: convnet, shape: [1, 1, 2], layers: [conv 3 1x2 padding 0, swish, dense 4, tanh], "
      "weight_scale: 2}",
      "{name: convnet, shape: [1, 2, 2], coarse: [2], layers: ['residual (conv 2 1x1, swish, conv "
      "1 "
      "1x1)', average_pool 2x2, dense 4, tanh], weight_scale: 2}",
      "{name: convnet, shape: [2, 4, 3], layers: [conv 3 3x2 stride 2 padding 1, swish, 'residual "
      "(conv 3 1x1, swish)', average_pool 2x1 stride 1, dense 4, softplus], initialisation: "
      "glorot}"}},
    {"deep_boltzmann_machine",
     {"{name: deep_boltzmann_machine, visible: 5, hidden: [4, 3], weight_scale: 1}",
      "{name: deep_boltzmann_machine, visible: 3, hidden: [2, 4, 3], weight_scale: 1}",
      "{name: deep_boltzmann_machine, visible: 3, hidden: [3, 2, 3, 3], weight_scale: 1}"}},
    {"discrete_boltzmann",
     {"{name: discrete_boltzmann, units: 4, levels: 5, weight_scale: 1, diagonal: -0.5}",
      "{name: discrete_boltzmann, units: 4, levels: 4, interaction: potts, weight_scale: 1}"}},
    {"double_well", {"{name: double_well, units: 2, barrier: 1}"}},
    {"exponential_family",
     {"{name: exponential_family, units: 1, levels: 6, powers: [1], coefficients: [0.37]}",
      "{name: exponential_family, units: 3, levels: 4, powers: [1, 2], pairs: true, indicators: "
      "true}",
      "{name: exponential_family, units: 2, powers: [1, 2, 4], pairs: true, coefficients: [0.3, "
      "0.5, -0.5, 0, -1, 0, 0.4]}"}},
    {"exponential_tilting",
     {"{name: exponential_tilting, shape: [2], layers: [dense 5, swish]}",
      "{name: exponential_tilting, shape: [1, 1, 2], layers: [conv 3 1x2, tanh], reference: "
      "uniform, lower: -6, upper: 7}"}},
    {"factored_rbm",
     {"{name: factored_rbm, inputs: 4, outputs: 3, hidden: 5, factors: 3, weight_scale: 1}",
      "{name: factored_rbm, inputs: 2, outputs: 5, hidden: 3, factors: 6, weight_scale: 1}"}},
    {"funnel", {"{name: funnel, units: 2, scale: 0.2}"}},
    {"gaussian",
     {"{name: gaussian, mean: [0.5, -1], precision: [2, 0.6, 0.6, 1]}",
      "{name: gaussian, units: 1, precision: [0.5]}",
      "{name: gaussian, units: 2, condition: 5, rotated: true}"}},
    {"gaussian_boltzmann",
     {"{name: gaussian_boltzmann, bias: [0.5, -1], precision: [2, 0.6, 0.6, 1]}",
      "{name: gaussian_boltzmann, units: 1, bias: [0.3], precision: [0.7]}"}},
    {"gaussian_mixture",
     {"{name: gaussian_mixture, weights: [1, 2, 3], means: [-2, 0, 1, 1, 0.5, -1], "
      "standard_deviations: [0.7, 1, 1.3]}",
      "{name: gaussian_mixture, units: 1, means: [-2, 2]}"}},
    {"gaussian_rbm",
     {"{name: gaussian_rbm, visible: 2, hidden: 3, weight_scale: 0.5, standard_deviations: [0.7, "
      "1.2]}",
      "{name: gaussian_rbm, visible: 1, hidden: 2, weight_scale: 1, learn_variance: false}"}},
    {"hopfield",
     {"{name: hopfield, units: 6, patterns: [1, -1, 1, 1, -1, 1, 1, 1, 1, -1, -1, -1]}"}},
    {"ising",
     {"{name: ising, sides: [3], coupling: 0.3}", "{name: ising, sides: [2], coupling: -0.5}",
      "{name: ising, lattice: triangular, sides: [3, 4], boundary: open, coupling: 0.4, "
      "field: [0.2]}",
      "{name: ising, lattice: chain, sides: [7], coupling: -0.8}"}},
    {"joint_energy",
     {"{name: joint_energy, classes: 3, shape: [2]}",
      "{name: joint_energy, classes: 3, shape: [2], joint: true, reference_precision: 0.8}",
      "{name: joint_energy, classes: 4, shape: [2], layers: [dense 5, swish]}",
      "{name: joint_energy, classes: 3, shape: [1], layers: [dense 5, swish], joint: true}"}},
    {"link",
     {"{name: link, shape: [2], layers: [dense 5, swish]}",
      "{name: link, link: square, shape: [2], layers: [dense 5, tanh], weight_scale: 0.4}",
      "{name: link, link: absolute, shape: [1], layers: [dense 5, swish], weight_scale: 0.4}",
      "{name: link, link: exp, shape: [2], layers: [dense 5, softplus]}"}},
    {"logistic_regression",
     {"{name: logistic_regression, intercept: false, dataset: {name: two_moons, size: 9, seed: 3}}",
      "{name: logistic_regression, dataset: {name: two_moons, size: 9, seed: 3}}"}},
    {"mlp",
     {"{name: mlp, units: 2, hidden: [6, 5], weight_scale: 2}",
      "{name: mlp, units: 1, hidden: [6], activation: elu, initialisation: he}",
      "{name: mlp, units: 2, hidden: [4], activation: tanh, spectral_normalisation: true}",
      "{name: mlp, units: 6, hidden: [8], domain: binary, activation: softplus, weight_scale: 3}",
      "{name: mlp, units: 5, hidden: [8], domain: spin, activation: relu, weight_scale: 3}"}},
    {"noise_conditional",
     {"{name: noise_conditional, model: {name: mlp, units: 3, hidden: [6, 5], weight_scale: 2}}",
      "{name: noise_conditional, noise: [0.5], model: {name: gaussian, mean: [0.5, 0], precision: "
      "[1.5, 0.4, 0.4, 1]}}"}},
    {"potts",
     {"{name: potts, sides: [2, 3], levels: 3, coupling: 0.7, field: [0, 0.3, -0.2]}",
      "{name: potts, lattice: cubic, sides: [2, 2, 1], boundary: open, levels: 4, coupling: -1}"}},
    {"product",
     {"{name: product, models: [{name: rbm, visible: 7, hidden: 4, weight_scale: 1}, "
      "{name: boltzmann_machine, units: 7, weight_scale: 0.5}], weights: [0.5, 0.8]}",
      "{name: product, models: [{name: gaussian, mean: [0.5, -1]}, {name: gaussian_mixture, "
      "weights: [1, 2], means: [-2, 0, 1, 1]}]}",
      "{name: product, models: [{name: rbm, visible: 7, hidden: 4, weight_scale: 1}], "
      "weights: [0.7]}",
      "{name: product, models: [{name: deep_boltzmann_machine, visible: 4, hidden: [3, 2], "
      "weight_scale: 1}], weights: [0.7]}",
      "{name: product, models: [{name: gaussian, mean: [0.5, -1]}], weights: [2]}",
      "{name: product, models: [{name: potts, lattice: chain, sides: [4], levels: 3, coupling: "
      "0.8}, "
      "{name: discrete_boltzmann, units: 4, levels: 3, weight_scale: 1}], weights: [0.5, 0.8]}"}},
    {"rbm",
     {"{name: rbm, visible: 7, hidden: 4, weight_scale: 1}",
      "{name: rbm, visible: 4, hidden: 6, weight_scale: 1}",
      "{name: rbm, visible: 5, hidden: 4, weight_scale: 0.7, units: spin}",
      "{name: rbm, visible: 5, hidden: 4, weight_scale: 1, centred: true, hidden_offset: 0.4, "
      "visible_offsets: [0.2, 0.9, 0.5, 0.1, 0.3]}",
      "{name: rbm, visible: 4, hidden: 5, weight_scale: 0.7, units: spin, centred: true, "
      "hidden_offset: -0.2, visible_offsets: [0.2, 0.9, -0.5, 0]}"}},
    {"rectified_rbm",
     {"{name: rectified_rbm, visible: 6, hidden: 4, weight_scale: 1}",
      "{name: rectified_rbm, visible: 3, hidden: 5, weight_scale: 2}"}},
    {"rosenbrock", {"{name: rosenbrock, a: 3, b: 1, mu: 0.2}"}},
    {"semi_restricted",
     {"{name: semi_restricted, visible: 7, hidden: 4, weight_scale: 1, lateral_scale: 0.5}"}},
    {"sherrington_kirkpatrick", {"{name: sherrington_kirkpatrick, units: 8, field: [0.2]}"}},
    {"spike_slab_rbm",
     {"{name: spike_slab_rbm, visible: 2, hidden: 3, weight_scale: 0.4, precision: 2, spike_bias: "
      "-0.5}",
      "{name: spike_slab_rbm, visible: 1, hidden: 2, weight_scale: 0.3, slab_precision: 2}"}},
    {"subspace_rbm",
     {"{name: subspace_rbm, visible: 7, gates: 2, subspace: 2, weight_scale: 1}",
      "{name: subspace_rbm, visible: 4, gates: 2, subspace: 3, weight_scale: 1}",
      "{name: subspace_rbm, visible: 6, gates: 3, subspace: 1, weight_scale: 1}"}},
    {"table", {"{name: table, levels: [5, 5]}", "{name: table, levels: [2, 3, 4]}"}},
    {"tempered",
     {"{name: tempered, model: {name: rbm, visible: 7, hidden: 4, weight_scale: 1}, beta: 0.6}",
      "{name: tempered, model: {name: deep_boltzmann_machine, visible: 3, hidden: [3, 3], "
      "weight_scale: 1}, beta: 1.3}",
      "{name: tempered, model: {name: gaussian, mean: [0.5, -1]}, beta: 1.7}",
      "{name: tempered, model: {name: boltzmann_machine, units: 5, weight_scale: 1}, beta: 0.4}"}},
    {"temporal_rbm",
     {"{name: temporal_rbm, visible: 3, hidden: 4, order: 2, weight_scale: 1}",
      "{name: temporal_rbm, visible: 4, hidden: 3, weight_scale: 1}"}},
};

}  // namespace gibbsite::test
