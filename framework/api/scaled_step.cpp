#include "gibbsite/api/scaled_step.hpp"

namespace gibbsite {

void ScaledStepParams::fields(Fields& f, const std::string& scale) {
  f.positive("step_size", step_size,
             "learning rate ε before its schedule, the size of a parameter's usual move");
  f.positive("epsilon", epsilon, "δ, added to " + scale);
  f.real("weight_decay", weight_decay, "rate λ at which all parameters shrink, times ε per update",
         {.minimum = 0});
  schedule.fields(f);
}

void require_below_1(const std::string& subject, const std::string& name, double value) {
  if (value >= 1) throw Error(subject + ": " + name + ": must be < 1, got " + number_text(value));
}

}  // namespace gibbsite
