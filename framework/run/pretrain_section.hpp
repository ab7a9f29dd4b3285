// train.pretrain: the parts of a model that are trained before the whole.
#pragma once

#include "gibbsite/run/section_tools.hpp"

namespace gibbsite {

/// One part of a model (Parted), built, with what trains it.
struct PretrainStage {
  Parted::Part part;
  Parametric* parametric = nullptr;  ///< the part's
  std::unique_ptr<GradientEstimator> gradient;
  std::unique_ptr<Optimizer> optimizer;
  Index batch = 100;
  Index updates = 0;
  Index record_every = 1;
};

/// Reads and builds the list `train.pretrain` of the train section `train`, an entry for each part
/// of the context's model; empty where the section has none. `resolved` becomes the list with every
/// default.
std::vector<PretrainStage> read_pretraining(const Node& train, const SectionTools& tools,
                                            Node& resolved);

}  // namespace gibbsite
