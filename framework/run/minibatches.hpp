// The order in which training visits the data.
#pragma once

#include <vector>

#include "gibbsite/api/dataset.hpp"

namespace gibbsite {

/// Batches without replacement within an epoch, the last one of an epoch with what is left: a
/// function of the update's number alone, whatever the thread or restart.
class Minibatches {
 public:
  /// `random` gives the order of each epoch; `data` outlives this object, and `batch` is at most
  /// its size.
  Minibatches(const Dataset& data, Index batch, const Stream& random);
  /// The batch of an update; `draws` is for data that are drawn anew each time.
  Batch at(std::uint64_t update, const Stream& draws);

 private:
  const Dataset& data_;
  Index batch_, per_epoch_;
  Stream random_;
  std::vector<Index> order_;
  std::uint64_t epoch_at_hand_ = ~std::uint64_t{0};
};

}  // namespace gibbsite
