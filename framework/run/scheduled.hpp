// Evaluations while training goes on, and the parameters that are kept by them.
#pragma once

#include "gibbsite/run/session.hpp"

namespace gibbsite {

/// Sets the parameters of a model; throws Diverged, ending with `at`, where they are refused.
void use_parameters(Parametric& model, const Parameters& theta, const Workers& workers,
                    const std::string& at = "");

/// The `evaluate` list of the train section. Evaluations see present_parameters(); each has random
/// numbers of its own at every update, and what it spends counts as cost of stage evaluate.
class ScheduledEvaluations {
 public:
  explicit ScheduledEvaluations(Session& session)
      : session_(session), stage_(*session.experiment.train) {}

  /// Whether one belongs to the update that was made last.
  bool any_due() const;
  /// Makes those of the last update that the session's state does not have yet, and keeps the
  /// parameters where they are the best so far by `stop`. Throws Error where an evaluation has no
  /// such number.
  void make_due();

 private:
  bool is_due(const EvaluateStage& evaluation) const;
  bool is_made(const EvaluateStage& evaluation) const;
  void make(const EvaluateStage& evaluation);
  void compare(const ScheduledResult& result);

  Session& session_;
  const TrainStage& stage_;
};

}  // namespace gibbsite
