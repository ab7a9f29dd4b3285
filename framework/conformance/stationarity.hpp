// Does a kernel leave its law invariant? Exactly, by walking every outcome of a small discrete
// chain; and statistically, from independent exact starts, with exact p-values.
#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "gibbsite/api/sampler.hpp"
#include "gibbsite/core/parallel.hpp"

namespace gibbsite {

/// Builds the kernel under test on a given model.
using MakeSampler = std::function<std::unique_ptr<Sampler>(EnergyModel&)>;

/// The number of a discrete configuration in the order of `states` (api/enumerate.hpp).
std::uint64_t state_number(const Domain& domain, const BatchView& x, Index column);
/// How many states a small discrete model has.
Index state_count(const EnergyModel& model);
/// Whether exact_draws (api/enumerate.hpp) serves this model.
bool can_draw_exactly(const EnergyModel& model);
/// e^{-βE}/Z of every state, in the order of `states`.
Eigen::VectorXd probabilities(const EnergyModel& model, double beta = 1);

/// One step of a kernel whose random choices are all discrete (core/choice.hpp), as a matrix (from,
/// to): its own proposals and acceptances, walked through all their outcomes. Throws Error where
/// these are more than `most_outcomes` in all or take more than `most_seconds` of processor time,
/// or real numbers are drawn.
Eigen::MatrixXd transition_matrix(const Sampler& kernel, const EnergyModel& target,
                                  Index most_outcomes = 200000, double most_seconds = HUGE_VAL);

/// Seconds of processor time that this process has used.
double processor_seconds();
/// max |π K - π|, deterministic; also checks that the rows of K sum to 1 within the same.
double invariance_defect(const Eigen::MatrixXd& K, const EnergyModel& target);
/// max |π_x K(x, y) - π_y K(y, x)|.
double reversibility_defect(const Eigen::MatrixXd& K, const EnergyModel& target);

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

/// The false-alarm rate of a sequential test, all rounds together.
inline constexpr double false_alarm_rate = 1e-5;

/// Gandy & Scott 2020 (arXiv 2001.06465), algorithm 3: false-alarm rate 1e-5 in all, at most
/// `most_rounds` rounds with 4 times the samples each, ended early by clear passes and clear
/// failures. `p_values(starts, random)` must be independent over rounds, each p uniform if all is
/// well.
Verdict sequential_test(const std::function<std::vector<double>(Index, Stream)>& p_values,
                        Index starts, Stream random, int most_rounds = 7);

/// How an invariance test is run.
struct Starts {
  Index count = 100000;  ///< exact starts of the first round
  Index steps = 4;
  std::uint64_t seed = 1;
  int most_rounds = 7;
  Table tuning = {};  ///< one column that every chain starts with; empty: the kernel's own
};

/// Invariance from exact starts: x_0 ~ π by exact_draws, then `steps` real steps. On at most 2^9
/// states χ² against the enumerated π; else the coordinates, their squares and the energy against
/// fresh exact draws, by mean (z) and by distribution (Kolmogorov–Smirnov).
Verdict invariance_test(const Sampler& kernel, EnergyModel& target, const Workers& workers,
                        const Starts& starts);

/// The shift of a mean, in standard deviations, that the first round of such a test on real
/// coordinates finds with probability .99.
double detectable_shift(const EnergyModel& target, const Starts& starts);

/// Steps all chains in blocks on the workers, as step number 0, 1, … of stream `random`; `tuning`
/// as in Starts.
void step_all(const Sampler& kernel, Batch& x, Index steps, Stream random, const Workers& workers,
              const Table& tuning = {});

}  // namespace gibbsite
