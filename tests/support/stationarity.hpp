// Kernels of specs under the tests of framework/conformance, and the walk through all outcomes of
// kernels that draw from conditionals alone.
#pragma once

#include <concepts>
#include <gibbsite/conformance/stationarity.hpp>
#include <gibbsite/plugin.hpp>
#include <memory>
#include <string>
#include <vector>

namespace gibbsite::test {

using gibbsite::chi_squared_p;
using gibbsite::invariance_defect;
using gibbsite::invariance_test;
using gibbsite::kolmogorov_smirnov_p;
using gibbsite::MakeSampler;
using gibbsite::normal_p;
using gibbsite::probabilities;
using gibbsite::reversibility_defect;
using gibbsite::sequential_test;
using gibbsite::Starts;
using gibbsite::step_all;
using gibbsite::transition_matrix;
using gibbsite::Verdict;

/// The registered sampler of one line of YAML.
MakeSampler sampler(const std::string& yaml);

/// One step of a kernel that draws from conditionals alone (Conditional, Latent), as a matrix.
struct Transitions {
  Eigen::MatrixXd probability;     ///< (from, to)
  std::vector<Index> sites;        ///< coordinates in the order in which they were asked for
  bool sites_depend_on_x = false;  ///< another start or outcome asked for others
};

/// Runs the real step() from every state through every outcome. The kernel is bound to a model
/// that forwards to `target`, notes the probability of each outcome from the natural parameters
/// it hands out, and replaces them by ones that force the outcome next in turn. So the matrix
/// holds what the kernel does, not what it should do. Two things it cannot do: walk real
/// coordinates, and see a kernel that rescales natural parameters before it draws (the
/// invariance test sees that).
Transitions transitions(const MakeSampler& make, EnergyModel& target, Stream random = Stream(1));

/// Of the matrix of `transitions`. (A template, as the compiler must not ask whether a matrix could
/// make samplers: Eigen answers with an error.)
template <class Make>
requires(!std::same_as<Make, Eigen::MatrixXd>) double invariance_defect(const Make& make,
                                                                        EnergyModel& target,
                                                                        Stream random = Stream(1)) {
  return invariance_defect(transitions(make, target, random).probability, target);
}
/// 1 - |λ_2| for K reversible under the law of the target.
double spectral_gap(const Eigen::MatrixXd& K, const EnergyModel& target);

/// The invariance test of a kernel that is built first, on the tests' two threads.
Verdict invariance_test(const MakeSampler& make, EnergyModel& target, const Starts& starts = {});

/// z of the variance of x on N(0, 1) under a Langevin kernel of step ε against 1 / (1 - ε/4),
/// which the unadjusted kernel has: 5e4 independent chains, 60 steps from N(0, 1).
double langevin_variance_z(const MakeSampler& make, double step_size);

/// Steps all chains in blocks on two threads, as step number `number` of stream `random`.
void step_all(const Sampler& sampler, Batch& x, Index steps, Stream random);

}  // namespace gibbsite::test
