#include "gibbsite/run/stages.hpp"

namespace gibbsite {

void evaluate(Session& session) {
  const Experiment& experiment = session.experiment;
  Checkpoint& state = session.state;
  std::unique_ptr<SegmentDraws> draws;
  if (experiment.sample)
    draws = std::make_unique<SegmentDraws>(session.folder, record_layout(experiment),
                                           state.segments, "posterior", "sample_stats");
  while (state.results.size() < experiment.evaluate.size()) {
    const EvaluateStage& stage = experiment.evaluate[state.results.size()];
    Result result = stage.evaluation->evaluate(
        {.draws = draws.get(),
         .random = Stream(experiment.seed).split("evaluate " + stage.label),
         .saved = state.evaluation,
         .desk = session});
    state.results.push_back(std::move(result));
    state.evaluation = {};
    session.report(double(state.results.size()), double(experiment.evaluate.size()), stage.label);
  }
}

}  // namespace gibbsite
