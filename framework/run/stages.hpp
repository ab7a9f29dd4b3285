// The stages of a cell. Each goes on from where the session's state is.
#pragma once

#include "gibbsite/run/recording.hpp"
#include "gibbsite/run/session.hpp"

namespace gibbsite {

/// Columns of a row of /training, in order: what every estimator has, then what this one reports of
/// its own. The last, where data cover a model's observed coordinates alone, counts observations of
/// the batch whose mean field did not converge.
std::vector<std::string> training_columns(const Experiment& experiment);

/// Fits the parameters of the experiment's model. Throws Diverged at the first gradient or
/// parameter that is not finite; the state then keeps the last finite parameters.
void train(Session& session);

/// Warm-up and sampling of all chains into segments.
void sample(Session& session);

/// The evaluations in turn; each result joins the state when it is complete.
void evaluate(Session& session);

}  // namespace gibbsite
