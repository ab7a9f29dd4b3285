// What optimizers share that scale each parameter's step by the gradients it has had.
#pragma once

#include "gibbsite/api/schedule.hpp"

namespace gibbsite {

/// The fields of such an optimizer: learning rate ε with its schedule, δ and decoupled weight decay
/// λ, which takes ε λ θ off at every update (Loshchilov & Hutter 2019, ICLR).
struct GIBBSITE_API ScaledStepParams {
  double step_size = 0.001;
  double epsilon = 1e-8;
  double weight_decay = 0;
  ScheduleParams schedule;

  /// `scale` is what δ is added to, in words.
  void fields(Fields& f, const std::string& scale);
  /// Throws Error as ScheduleParams::check does.
  void check(const std::string& subject) const { schedule.check(subject); }
  /// Of step number `update`.
  double learning_rate(std::uint64_t update) const { return step_size * schedule.factor(update); }
};

/// Throws Error unless the share `value` of a running mean that is kept, the field `name`, is < 1.
GIBBSITE_API void require_below_1(const std::string& subject, const std::string& name,
                                  double value);

}  // namespace gibbsite
