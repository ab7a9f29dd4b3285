// Data seen through a function.
#pragma once

#include <functional>

#include "gibbsite/api/dataset.hpp"

namespace gibbsite {

/// f(x) of every configuration x of a data set, anew whenever columns are asked for.
class GIBBSITE_API MappedData final : public Dataset {
 public:
  /// From configurations, one per column, to as many columns of `dim` numbers each; `random` is
  /// that of the columns asked for.
  using Map = std::function<Batch(const Batch& x, const Stream& random)>;

  /// `whole` outlives this object.
  MappedData(const Dataset& whole, Index dim, Map map)
      : whole_(whole), dim_(dim), map_(std::move(map)) {}
  Index size() const override { return whole_.size(); }
  Index dim() const override { return dim_; }
  std::vector<int> labels() const override { return whole_.labels(); }
  void columns(std::span<const Index> indices, Stream random,
               Eigen::Ref<Batch> out) const override {
    Batch x(whole_.dim(), Index(indices.size()));
    whole_.columns(indices, random, x);
    out = map_(x, random.split("map"));
  }

 private:
  const Dataset& whole_;
  Index dim_;
  Map map_;
};

}  // namespace gibbsite
