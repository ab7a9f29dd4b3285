// The sixth contract: data.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gibbsite/api/plugin_base.hpp"
#include "gibbsite/core/random.hpp"

namespace gibbsite {

/// A finite collection of configurations of equal width. Const calls are thread-safe.
class GIBBSITE_API Dataset : public Plugin {
 public:
  virtual Index size() const = 0;
  virtual Index dim() const = 0;
  /// Fills column k of `out` (dim x indices) with configuration indices[k]. `random` serves
  /// data that are drawn anew each time (stochastic binarisation); others ignore it.
  virtual void columns(std::span<const Index> indices, Stream random,
                       Eigen::Ref<Batch> out) const = 0;
  /// A class number per configuration; empty where there is none.
  virtual std::vector<int> labels() const { return {}; }
  /// How many configurations, the last ones, are the data's own test part; 0 where they have none.
  virtual Index held_out() const { return 0; }
  /// The range that raw values span, mapped to [0, 1] (or `scale`) for images; {0, 0}: no image,
  /// values are taken as they are.
  virtual std::pair<double, double> range() const { return {0, 0}; }

  /// The data as they are, where a model fills in further coordinates (CompletedData); else these.
  virtual const Dataset& observed() const { return *this; }

  /// All configurations, dim x size.
  Batch all(Stream random) const;
};

/// Configurations held in memory, by derived classes filled when they are built.
class GIBBSITE_API StoredDataset : public Dataset {
 public:
  Index size() const override { return points_.cols(); }
  Index dim() const override { return points_.rows(); }
  void columns(std::span<const Index> indices, Stream random, Eigen::Ref<Batch> out) const override;
  std::vector<int> labels() const override { return labels_; }

 protected:
  Batch points_;             ///< dim x size
  std::vector<int> labels_;  ///< a class number per configuration, or empty
};

}  // namespace gibbsite
