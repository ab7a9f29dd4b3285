// The ladder of an annealing estimator in its checkpoints, so that a resumed one has no pilot.
#pragma once

#include "gibbsite/api/annealing.hpp"

namespace gibbsite {

/// The ladder that one evaluation anneals along. A pilot's is found once, reported when it is, and
/// stands at the end of Saved::chains (in `tuning`) whenever the estimator reports; between reports
/// Saved is the estimator's own.
class GIBBSITE_API KeptLadder final : public Desk {
 public:
  /// Takes the ladder out of `input.saved`, or finds it with the stream `pilot` of `input.random`.
  /// Both arguments outlive this.
  KeptLadder(const Annealing& annealing, const Evaluation::Input& input);

  /// β_0 = 0 … β_T = 1.
  const std::vector<double>& betas() const { return betas_; }
  /// What the estimator goes on with: reports by it keep the ladder. Not to outlive this.
  Evaluation::Input input() {
    return {.draws = outer_.draws, .random = outer_.random, .saved = outer_.saved, .desk = *this};
  }
  void report(double done, double total, const std::string& note) override;

 private:
  const Evaluation::Input& outer_;
  bool has_pilot_;
  std::vector<double> betas_;
};

}  // namespace gibbsite
