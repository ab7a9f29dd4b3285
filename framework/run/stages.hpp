// The stages of a cell. Each goes on from where the session's state is.
#pragma once

#include "gibbsite/run/recording.hpp"
#include "gibbsite/run/session.hpp"

namespace gibbsite {

/// Fits the parameters of the experiment's model and leaves it with those that later stages use
/// (trained_parameters). Throws Diverged at a gradient or parameter that is not finite, where the
/// spec has no retries left; the state then keeps the last finite parameters.
void train(Session& session);

/// Trains the parts of the experiment's model one after the other, where its train section asks for
/// that, and leaves the model with what they have learnt. Throws Diverged at a gradient or
/// parameter that is not finite.
void pretrain(Session& session);

/// Warm-up and sampling of all chains into segments.
void sample(Session& session);

/// The evaluations in turn; each result joins the state when it is complete.
void evaluate(Session& session);

}  // namespace gibbsite
