// The data stage: a dataset, prepared and split.
#pragma once

#include <memory>

#include "gibbsite/api/context.hpp"

namespace gibbsite {

/// What any dataset may be asked for in the `data` section, beside its own parameters.
struct Preparation {
  std::optional<double> threshold;
  std::string binarize = "none";
  std::vector<double> scale;
  double test_fraction = 0;
  Index split_seed = 0;
  std::optional<Index> limit;
  std::string coding = "binary";
  bool with_labels = false;
  bool dequantize = false;
  double noise = 0;

  void fields(Fields& f);
};

/// Part of a dataset, scaled, binarised and with noise as asked.
class Prepared final : public Dataset {
 public:
  /// `rows` of `whole`, which outlives this.
  Prepared(const Dataset& whole, const Preparation& how, std::vector<Index> rows);
  Index size() const override { return Index(rows_.size()); }
  Index dim() const override { return whole_.dim() + (how_.with_labels ? 1 : 0); }
  void columns(std::span<const Index> indices, Stream random, Eigen::Ref<Batch> out) const override;
  std::vector<int> labels() const override;

 private:
  /// The coordinates without the label.
  void values(std::span<const Index> chosen, Stream random, Eigen::Ref<Batch> out) const;

  const Dataset& whole_;
  const Preparation how_;
  std::vector<Index> rows_;
  std::vector<int> all_labels_;  ///< of `whole`, where they are coordinates
};

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
