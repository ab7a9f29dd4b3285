// The data stage: a dataset, prepared and split.
#pragma once

#include <memory>

#include "gibbsite/api/prepared.hpp"

namespace gibbsite {

/// A dataset with its training and held-out parts. `test` is null where nothing is held out.
struct Data {
  std::unique_ptr<Dataset> whole;
  std::unique_ptr<Prepared> train, test;
};

/// Takes the data's own test part, or splits at random by `split_seed`, not by the seed of the
/// spec: replicates share their test set. Throws Error where the preparation contradicts itself or
/// data.
Data prepare_data(std::unique_ptr<Dataset> whole, const Preparation& how);

}  // namespace gibbsite
