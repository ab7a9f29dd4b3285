#include "gibbsite/run/scheduled.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/run/training_record.hpp"

namespace gibbsite {
namespace {

// A scheduled evaluation shows as the training that it interrupts.
class ScheduledDesk final : public Desk {
 public:
  ScheduledDesk(Session& session, std::string label)
      : session_(session), label_(std::move(label)) {}
  void report(double, double, const std::string& note) override {
    session_.report(double(session_.state.training.update),
                    double(session_.experiment.train->updates), label_ + " " + note);
  }

 private:
  Session& session_;
  std::string label_;
};

}  // namespace

void use_parameters(Parametric& model, const Parameters& theta, const Workers& workers,
                    const std::string& at) {
  try {
    model.set_parameters_on_workers(theta, workers);
  } catch (const Error& fault) {
    throw Diverged(fault.what() + at);
  }
}

bool ScheduledEvaluations::is_due(const EvaluateStage& evaluation) const {
  const std::uint64_t update = session_.state.training.update;
  return update > 0 && update % std::uint64_t(evaluation.every) == 0;
}

bool ScheduledEvaluations::any_due() const {
  return std::any_of(stage_.scheduled.begin(), stage_.scheduled.end(),
                     [&](const EvaluateStage& one) { return is_due(one); });
}

bool ScheduledEvaluations::is_made(const EvaluateStage& evaluation) const {
  const auto& made = session_.state.scheduled;
  return std::any_of(made.rbegin(), made.rend(), [&](const ScheduledResult& result) {
    return result.update == session_.state.training.update && result.label == evaluation.label;
  });
}

void ScheduledEvaluations::make_due() {
  for (const EvaluateStage& evaluation : stage_.scheduled) {
    if (!is_due(evaluation) || is_made(evaluation)) continue;
    make(evaluation);
    session_.report(double(session_.state.training.update), double(stage_.updates),
                    evaluation.label);
  }
}

void ScheduledEvaluations::make(const EvaluateStage& evaluation) {
  const Session::Charge charge(session_, Checkpoint::Stage::evaluate);
  Checkpoint& state = session_.state;
  Training& training = state.training;
  Parametric& model = *session_.experiment.model->capability<Parametric>();
  if (stage_.average) use_parameters(model, training.average, session_.workers);
  ScheduledDesk desk(session_, evaluation.label);
  const Result result =
      evaluation.evaluation->evaluate({.random = Stream(session_.experiment.seed)
                                                     .split("train.evaluate " + evaluation.label)
                                                     .split(training.update),
                                       .saved = state.evaluation,
                                       .desk = desk});
  if (stage_.average) model.set_parameters(training.theta);
  state.evaluation = {};
  state.scheduled.push_back({training.update, evaluation.label, result.headline});
  if (stage_.stop) compare(state.scheduled.back());
}

void ScheduledEvaluations::compare(const ScheduledResult& result) {
  const auto [label, number] = split_metric(stage_.stop->metric);
  if (label != result.label) return;
  std::vector<std::string> known;
  for (const auto& [name, value] : result.headline) known.push_back(name);
  const auto at = std::find(known.begin(), known.end(), number);
  if (at == known.end())
    throw Error("train.stop.metric: evaluation '" + label + "' has no number '" + number + "'" +
                known_names(number, known));
  const double value = result.headline[std::size_t(at - known.begin())].second;
  Training& training = session_.state.training;
  const bool better =
      stage_.stop->mode == "max" ? value > training.best_value : value < training.best_value;
  if (training.best.size() == 0 ? std::isnan(value) : !better) {
    ++training.not_better;
    return;
  }
  training.best = present_parameters(stage_, training);
  training.best_value = value;
  training.best_update = training.update;
  training.not_better = 0;
}

}  // namespace gibbsite
