// The record of training: rows while it runs, groups of the results file at the end.
#pragma once

#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/session.hpp"

namespace gibbsite {

/// A column of /training.
struct TrainingColumn {
  std::string name;
  Stored type = Stored::float64;
};

/// The columns of a recorded row, in order: what every estimator has, what this one reports of its
/// own, then those of options: `penalty`, `clipped`, and where data cover a model's observed
/// coordinates alone `unconverged`, the observations of the batch without a converged mean field.
std::vector<TrainingColumn> training_columns(const Experiment& experiment);

/// What an update leaves for its row beside the session's state.
struct UpdateRecord {
  GradientEstimate estimate;
  double gradient_norm = 0;  ///< of the estimate, before centring, penalties and clipping
  double parameter_norm = 0;
  double learning_rate = 0;
  double penalty = 0;
  Index unconverged = 0;
};

/// Appends the row of the session's last update.
void record_update(Session& session, const UpdateRecord& update);

/// Forgets what was recorded after `update`.
void forget_after(Checkpoint& state, std::uint64_t update, std::size_t columns);

/// The parameters that later stages use: the best, where they are kept, else the running mean,
/// where there is one, else those of the last update.
const Parameters& trained_parameters(const TrainStage& stage, const Training& training);

/// The parameters that scheduled evaluations see: the running mean, where there is one, else θ.
const Parameters& present_parameters(const TrainStage& stage, const Training& training);

/// Writes /training, with a column for each number of a scheduled evaluation (NaN where there was
/// none), and /rollbacks, where training had to return to a snapshot.
void write_training(Hdf5Writer& file, const Session& session);

}  // namespace gibbsite
