// Data as experiments see them: scaled, made binary, with labels or noise, as a spec asks.
#pragma once

#include <memory>
#include <optional>

#include "gibbsite/api/dataset.hpp"
#include "gibbsite/api/fields.hpp"

namespace gibbsite {

/// What any dataset may be asked for in the `data` section, beside its own parameters.
struct GIBBSITE_API Preparation {
  std::optional<double> threshold;
  std::string binarize = "none";
  std::vector<double> scale;
  double test_fraction = 0;
  Index split_seed = 0;
  bool shuffle = true;
  std::optional<Index> limit;
  std::vector<Index> classes;
  std::string coding = "binary";
  bool with_labels = false;
  bool dequantize = false;
  double training_noise = 0;

  void fields(Fields& f);
};

/// Part of a dataset, scaled, binarised and with noise as asked.
class GIBBSITE_API Prepared final : public Dataset {
 public:
  /// `rows` of `whole`, which outlives this.
  Prepared(const Dataset& whole, const Preparation& how, std::vector<Index> rows);
  Index size() const override { return Index(rows_.size()); }
  Index dim() const override { return whole_.dim() + (how_.with_labels ? 1 : 0); }
  const Preparation& preparation() const { return how_; }
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

/// Throws Error where a preparation contradicts itself or the data.
GIBBSITE_API void check_preparation(const Dataset& whole, const Preparation& how);

/// The configurations that `classes` and `limit` leave, by number, without the data's own test part
/// or of it alone.
GIBBSITE_API std::vector<Index> chosen_rows(const Dataset& whole, const Preparation& how,
                                            bool held_out);

/// All of `whole`, which outlives this, prepared as `like` is, but without labels and of the given
/// classes alone (all, where none are given). Throws Error where `like` is no prepared data or the
/// preparation does not suit.
GIBBSITE_API std::unique_ptr<Prepared> prepared_like(const Dataset& like, const Dataset& whole,
                                                     const std::vector<Index>& classes);

}  // namespace gibbsite
