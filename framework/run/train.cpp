#include <cmath>
#include <numeric>

#include "gibbsite/run/stages.hpp"

namespace gibbsite {
namespace {

// The order in which an epoch visits the data: the same for any batch, thread or restart.
std::vector<Index> epoch_order(const Stream& random, std::uint64_t epoch, Index size) {
  std::vector<Index> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), Index{0});
  Stream stream = random.at(epoch);
  const Row u = stream.uniform(size);
  for (Index i = size - 1; i > 0; --i)
    std::swap(order[std::size_t(i)], order[std::size_t(std::min(double(i), double(i + 1) * u(i)))]);
  return order;
}

void record(Session& session, const GradientEstimate& estimate, double rate, Index unconverged) {
  const Evaluations spent = session.evaluations();
  std::vector<double> row = {
      double(session.state.update), estimate.objective,         estimate.energy_gap,
      estimate.ascent.norm(),       session.state.theta.norm(), rate,
      estimate.mean_chain_age,      estimate.max_chain_age,     session.seconds(),
      double(spent.energy),         double(spent.gradient),     double(spent.parameter_gradient),
      double(spent.site_updates)};
  row.insert(row.end(), estimate.statistics.begin(), estimate.statistics.end());
  if (session.experiment.completed_train) row.push_back(double(unconverged));
  session.state.training_rows.insert(session.state.training_rows.end(), row.begin(), row.end());
}

}  // namespace

std::vector<std::string> training_columns(const Experiment& experiment) {
  std::vector<std::string> names = {"update",
                                    "objective",
                                    "energy_gap",
                                    "gradient_norm",
                                    "parameter_norm",
                                    "learning_rate",
                                    "mean_chain_age",
                                    "max_chain_age",
                                    "seconds",
                                    "energy_evaluations",
                                    "gradient_evaluations",
                                    "parameter_gradient_evaluations",
                                    "site_updates"};
  for (const std::string& name : experiment.train->gradient->statistics()) names.push_back(name);
  if (experiment.completed_train) names.emplace_back("unconverged");
  return names;
}

void train(Session& session) {
  const Experiment& experiment = session.experiment;
  if (!experiment.train) return;
  const TrainStage& stage = *experiment.train;
  const Dataset& data = experiment.training->observed();
  Parametric& parametric = *experiment.model->capability<Parametric>();
  const Stream random = Stream(experiment.seed).split("train");
  const Stream order_stream = random.split("order"), data_stream = random.split("data");
  Checkpoint& state = session.state;
  if (state.theta.size() == 0) {
    state.theta = parametric.parameters();
    state.gradient = stage.gradient->init(random.split("init"));
  } else {
    parametric.set_parameters(state.theta);
  }
  const Index per_epoch = (data.size() + stage.batch - 1) / stage.batch;
  std::vector<Index> order;
  std::uint64_t epoch_at_hand = ~std::uint64_t{0};
  while (Index(state.update) < stage.updates) {
    const std::uint64_t epoch = state.update / std::uint64_t(per_epoch);
    if (epoch != epoch_at_hand) order = epoch_order(order_stream, epoch, data.size());
    epoch_at_hand = epoch;
    const Index first = Index(state.update % std::uint64_t(per_epoch)) * stage.batch;
    const Index size = std::min(stage.batch, data.size() - first);
    Batch x(data.dim(), size);
    data.columns(std::span(order).subspan(std::size_t(first), std::size_t(size)),
                 data_stream.at(state.update), x);

    const Completion rows = rows_for(*stage.gradient, *experiment.model, std::move(x),
                                     session.workers, random.at(state.update));
    const GradientEstimate estimate =
        stage.gradient->estimate(rows.x, state.gradient, random.at(state.update));
    const std::string at = " at update " + std::to_string(state.update);
    if (estimate.statistics.size() != stage.gradient->statistics().size())
      throw Error("gradient: reports " + std::to_string(estimate.statistics.size()) +
                  " statistics, but names " + std::to_string(stage.gradient->statistics().size()));
    if (!estimate.ascent.allFinite()) throw Diverged("the gradient is not finite" + at);
    Parameters next = state.theta;
    stage.optimizer->update(next, estimate.ascent, state.slots, state.update);
    if (!next.allFinite()) throw Diverged("a parameter is not finite" + at);
    const double rate = stage.optimizer->learning_rate(state.update);
    try {
      parametric.set_parameters(next);
    } catch (const Error& fault) {
      throw Diverged(std::string(fault.what()) + at);
    }
    state.theta = std::move(next);
    ++state.update;
    if (state.update % std::uint64_t(stage.record_every) == 0)
      record(session, estimate, rate, rows.unconverged);
    char note[48];
    std::snprintf(note, sizeof note, "|gradient| %.3g", estimate.ascent.norm());
    session.report(double(state.update), double(stage.updates), note);
  }
}

}  // namespace gibbsite
