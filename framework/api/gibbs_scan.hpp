// Gibbs sampling one chain at a time, with the probability of its transitions.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/energy_model.hpp"

namespace gibbsite {

/// The kernel T that draws h given v and then v given h where the model has a hidden layer, else
/// every coordinate (or set of independent ones) in turn, and T~, which is T read backwards:
/// p(x) T(y | x) = p(y) T~(x | y). Safe from several threads at once; the model outlives it.
class GIBBSITE_API GibbsScan {
 public:
  /// A configuration, one column, with its hidden units where there are some.
  struct State {
    Batch x, h;
  };
  /// Throws Error, beginning with `subject`, where the model has neither hidden units nor
  /// conditional laws.
  GibbsScan(const EnergyModel& model, const std::string& subject);

  /// `x` with hidden units drawn from their law.
  State at(Batch x, Stream random) const;
  /// -E(x), or -E(x, h).
  double log_weight(const State& at) const;
  /// One step of T, and of T~.
  void forwards(State& now, Stream random) const;
  void backwards(State& now, Stream random) const;
  /// ln T(to | from).
  double log_transition(const State& to, const State& from) const;

 private:
  void draw(State& now, const std::vector<Index>& sites, Stream& random) const;
  void draw_hidden(State& now, Stream& random) const;
  void draw_visible(State& now, Stream& random) const;

  const EnergyModel& model_;
  const Latent* latent_;
  const Conditional* conditional_;
  std::vector<std::vector<Index>> sets_;
};

}  // namespace gibbsite
