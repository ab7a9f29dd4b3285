// What every model must do, as checks that tests and `plugin test` share. Each looks at a model at
// some configurations `x` and returns what is wrong, a sentence with figures per fault; nothing
// where all is well or where the model lacks the ability.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/registry.hpp"
#include "gibbsite/conformance/sampler_checks.hpp"

namespace gibbsite {

/// Everything that a model computes from configurations: a column of numbers per column of x.
Table everything(const EnergyModel& model, const Batch& x);

/// A configuration's numbers are finite and, to the last bit, the same in any batch.
Sentences model_batch_faults(const EnergyModel& model, const Batch& x);
/// Const calls from two threads give what calls from one give.
Sentences model_thread_faults(const EnergyModel& model, const Batch& x, const Workers& workers);
/// ∇E is that of central differences of E; where it is so but for a factor, that is said.
Sentences gradient_faults(const EnergyModel& model, const Batch& x);
/// ∂E/∂θ likewise, along directions in which parameters may move, and linear in the weights.
Sentences parameter_gradient_faults(EnergyModel& model, const Batch& x);
/// Parameters come back as set, change the energy, are refused where NaN; blocks are complete.
Sentences parameter_faults(EnergyModel& model, const Batch& x);
/// Conditionals are those that differences of the energy imply (but for a factor: said), and
/// independent sets partition the coordinates and are independent.
Sentences conditional_faults(const EnergyModel& model, const Batch& x);
/// The two layers have one joint energy, whose free energy is the model's.
Sentences latent_faults(const EnergyModel& model, const Batch& x);
/// Evaluations are counted in configurations and coordinates, once.
Sentences model_count_faults(const EnergyModel& model, const Batch& x);
/// ln Z in closed form is that of a sum over states or of quadrature, where there is one.
Sentences partition_faults(const EnergyModel& model, const Workers& workers);

/// Parameters away from the initial ones, within the allowed set: along gradients of the energy.
void move_parameters(EnergyModel& model, const Batch& x);

}  // namespace gibbsite
