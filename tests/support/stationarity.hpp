// Does a kernel leave its law invariant? Exactly, by walking every outcome of a small discrete
// chain; and statistically, from independent exact starts, with exact p-values.
#pragma once

#include <concepts>
#include <functional>
#include <gibbsite/plugin.hpp>
#include <memory>
#include <string>
#include <vector>

namespace gibbsite::test {

/// Builds the kernel under test on a given model.
using MakeSampler = std::function<std::unique_ptr<Sampler>(EnergyModel&)>;
/// The registered sampler of one line of YAML.
MakeSampler sampler(const std::string& yaml);

/// e^{-E}/Z of every state, in the order of `states`.
Eigen::VectorXd probabilities(const EnergyModel& model);

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

/// One step of a kernel whose random choices are all discrete (core/choice.hpp), as a matrix (from,
/// to): its own proposals and acceptances, walked through all their outcomes. Throws Error where
/// these are more than `most_outcomes` in all, or real numbers are drawn.
Eigen::MatrixXd transition_matrix(const Sampler& kernel, const EnergyModel& target,
                                  Index most_outcomes = 200000);

/// max |π K - π|, deterministic; also checks that the rows of K sum to 1 within the same.
double invariance_defect(const Eigen::MatrixXd& K, const EnergyModel& target);
/// Of the matrix of `transitions`. (A template, as the compiler must not ask whether a matrix could
/// make samplers: Eigen answers with an error.)
template <class Make>
requires(!std::same_as<Make, Eigen::MatrixXd>) double invariance_defect(const Make& make,
                                                                        EnergyModel& target,
                                                                        Stream random = Stream(1)) {
  return invariance_defect(transitions(make, target, random).probability, target);
}
/// max |π_x K(x, y) - π_y K(y, x)|.
double reversibility_defect(const Eigen::MatrixXd& K, const EnergyModel& target);
/// 1 - |λ_2| for K reversible under the law of the target.
double spectral_gap(const Eigen::MatrixXd& K, const EnergyModel& target);

/// P(χ² ≥ observed) for counts against probabilities; cells that expect fewer than 10 are pooled.
double chi_squared_p(const Eigen::VectorXd& counts, const Eigen::VectorXd& probability);
/// Two-sample Kolmogorov–Smirnov p-value (asymptotic).
double kolmogorov_smirnov_p(std::vector<double> a, std::vector<double> b);
/// Two-sided p-value of z ~ N(0, 1).
double normal_p(double z);

/// What a sequential test decided.
struct Verdict {
  bool passed = false;
  double smallest_p = 0;  ///< of the last round, times the number of p-values
  int rounds = 0;
  Index starts = 0;  ///< of the last round
};

/// Gandy & Scott 2020 (arXiv 2001.06465), algorithm 3: false-alarm rate 1e-5 in all, at most 7
/// rounds with 4 times the samples each, ended early by clear passes and clear failures.
/// `p_values(starts, random)` must be independent over rounds, each p uniform if all is well.
Verdict sequential_test(const std::function<std::vector<double>(Index, Stream)>& p_values,
                        Index starts, Stream random);

/// How an invariance test is run.
struct Starts {
  Index count = 100000;  ///< exact starts of the first round
  Index steps = 4;
  std::uint64_t seed = 1;
};

/// Invariance from exact starts: x_0 ~ π by exact_draws, then `steps` real steps. On at most 2^9
/// states χ² against the enumerated π; else the coordinates, their squares and the energy against
/// fresh exact draws, by mean (z) and by distribution (Kolmogorov–Smirnov).
Verdict invariance_test(const MakeSampler& make, EnergyModel& target, Starts starts = {});

/// z of the variance of x on N(0, 1) under a Langevin kernel of step ε against 1 / (1 - ε/4),
/// which the unadjusted kernel has: 5e4 independent chains, 60 steps from N(0, 1).
double langevin_variance_z(const MakeSampler& make, double step_size);

/// Steps all chains in blocks on two threads, as step number `number` of stream `random`.
void step_all(const Sampler& sampler, Batch& x, Index steps, Stream random);

}  // namespace gibbsite::test
