#include "gibbsite/run/training_record.hpp"

#include <algorithm>
#include <cmath>

namespace gibbsite {
namespace {

std::vector<double> column(const Checkpoint& state, std::size_t width, std::size_t k) {
  std::vector<double> values;
  for (std::size_t at = k; at < state.training_rows.size(); at += width)
    values.push_back(state.training_rows[at]);
  return values;
}

// Every evaluation has made a row for its update.
void write_scheduled(Hdf5Writer& file, const Checkpoint& state,
                     const std::vector<double>& updates) {
  std::vector<std::pair<std::string, std::vector<double>>> columns;
  for (const ScheduledResult& result : state.scheduled) {
    const auto row = std::lower_bound(updates.begin(), updates.end(), double(result.update));
    for (const auto& [number, value] : result.headline) {
      const std::string name = result.label + "." + number;
      auto at = std::find_if(columns.begin(), columns.end(),
                             [&](const auto& known) { return known.first == name; });
      if (at == columns.end())
        at = columns.insert(at, {name, std::vector<double>(updates.size(), std::nan(""))});
      at->second[std::size_t(row - updates.begin())] = value;
    }
  }
  for (const auto& [name, values] : columns)
    file.put("/training", name, Stored::float64, {"update"}, values);
}

void write_rollbacks(Hdf5Writer& file, const std::vector<Rollback>& rollbacks) {
  if (rollbacks.empty()) return;
  std::vector<double> number, update, restart, rate;
  std::vector<std::string> reason;
  for (const Rollback& one : rollbacks) {
    number.push_back(double(number.size()));
    update.push_back(double(one.update));
    restart.push_back(double(one.restart));
    rate.push_back(one.learning_rate);
    reason.push_back(one.reason);
  }
  const std::string group = "/rollbacks";
  file.dimension(group, "rollback", number);
  file.put(group, "update", Stored::int64, {"rollback"}, update);
  file.put(group, "restart", Stored::int64, {"rollback"}, restart);
  file.put(group, "learning_rate", Stored::float64, {"rollback"}, rate);
  file.put_texts(group, "reason", "rollback", reason);
}

void write_attributes(Hdf5Writer& file, const Experiment& experiment, const Checkpoint& state) {
  const auto set = [&](const char* name, const AttributeValue& value) {
    file.attribute("/training", name, value);
  };
  const TrainStage& stage = *experiment.train;
  const Training& training = state.training;
  if (!state.divergence.empty()) set("divergence", state.divergence);
  if (!stage.stop) return;
  set("stopped_early", stage.stop->patience && training.not_better >= *stage.stop->patience);
  set("metric", stage.stop->metric);
  if (training.best.size() == 0) return;
  set("best_update", std::int64_t(training.best_update));
  set("best_value", training.best_value);
}

}  // namespace

std::vector<TrainingColumn> training_columns(const Experiment& experiment) {
  const TrainStage& stage = *experiment.train;
  std::vector<TrainingColumn> columns;
  for (const char* name : {"update", "objective", "energy_gap", "gradient_norm", "parameter_norm",
                           "learning_rate", "mean_chain_age", "max_chain_age", "seconds"})
    columns.push_back({name});
  for (const char* name : {"energy_evaluations", "gradient_evaluations",
                           "parameter_gradient_evaluations", "site_updates"})
    columns.push_back({name, Stored::int64});
  for (const std::string& name : stage.gradient->statistics()) columns.push_back({name});
  if (stage.regularizer) columns.push_back({"penalty"});
  if (stage.clip.norm || stage.clip.value) columns.push_back({"clipped", Stored::int64});
  if (experiment.completed_train) columns.push_back({"unconverged", Stored::int64});
  return columns;
}

void record_update(Session& session, const UpdateRecord& update) {
  const GradientEstimate& estimate = update.estimate;
  const Training& training = session.state.training;
  const TrainStage& stage = *session.experiment.train;
  const Evaluations spent = session.evaluations();
  std::vector<double> row = {
      double(training.update),   estimate.objective,     estimate.energy_gap,
      update.gradient_norm,      update.parameter_norm,  update.learning_rate,
      estimate.mean_chain_age,   estimate.max_chain_age, session.seconds(),
      double(spent.energy),      double(spent.gradient), double(spent.parameter_gradient),
      double(spent.site_updates)};
  row.insert(row.end(), estimate.statistics.begin(), estimate.statistics.end());
  if (stage.regularizer) row.push_back(update.penalty);
  if (stage.clip.norm || stage.clip.value) row.push_back(double(training.clipped));
  if (session.experiment.completed_train) row.push_back(double(update.unconverged));
  auto& rows = session.state.training_rows;
  rows.insert(rows.end(), row.begin(), row.end());
}

void forget_after(Checkpoint& state, std::uint64_t update, std::size_t columns) {
  auto& rows = state.training_rows;
  while (!rows.empty() && rows[rows.size() - columns] > double(update))
    rows.resize(rows.size() - columns);
  std::erase_if(state.scheduled,
                [&](const ScheduledResult& result) { return result.update > update; });
}

const Parameters& present_parameters(const TrainStage& stage, const Training& training) {
  return stage.average && training.average.size() > 0 ? training.average : training.theta;
}

const Parameters& trained_parameters(const TrainStage& stage, const Training& training) {
  return training.best.size() > 0 ? training.best : present_parameters(stage, training);
}

void write_training(Hdf5Writer& file, const Session& session) {
  const Checkpoint& state = session.state;
  const auto columns = training_columns(session.experiment);
  const auto values = [&](std::size_t k) { return column(state, columns.size(), k); };
  file.dimension("/training", "update", values(0));
  for (std::size_t k = 1; k < columns.size(); ++k)
    file.put("/training", columns[k].name, columns[k].type, {"update"}, values(k));
  write_scheduled(file, state, values(0));
  write_attributes(file, session.experiment, state);
  write_rollbacks(file, state.rollbacks);
  if (!session.experiment.completed_train) return;
  double total = 0;
  for (const double count : values(columns.size() - 1)) total += count;
  if (total == 0) return;
  const std::string text = " observations of the recorded updates have no converged mean field";
  file.attribute("/training", "warning", number_text(total) + text);
}

}  // namespace gibbsite
