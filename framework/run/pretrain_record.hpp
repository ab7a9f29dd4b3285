// The record of training by parts.
#pragma once

#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/session.hpp"

namespace gibbsite {

/// Appends a row for the last update of the part under way.
void record_pretraining(Session& session, const GradientEstimate& estimate, double learning_rate);

/// Writes /pretraining, a row per recorded update of the parts in their order; nothing where the
/// spec has no such training.
void write_pretraining(Hdf5Writer& file, const Session& session);

}  // namespace gibbsite
