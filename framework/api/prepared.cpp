#include "gibbsite/api/prepared.hpp"

#include <algorithm>

namespace gibbsite {

void Preparation::fields(Fields& f) {
  f.real("threshold", threshold, "makes values binary: 1 where the scaled value is at least this",
         {});
  f.choice("binarize", binarize, {"none", "stochastic"},
           "stochastic: a value in [0, 1] is a probability, drawn anew each time it is used");
  f.reals("scale", scale, "[a, b]: the range that image values are mapped to, instead of [0, 1]");
  f.real("test_fraction", test_fraction, "share of the configurations held out for testing",
         {.minimum = 0, .maximum = 0.99});
  f.integer("split_seed", split_seed, "seed of the random split into training and test data");
  f.flag("shuffle", shuffle, "split at random; else the last configurations are held out");
  f.integer("limit", limit,
            "use only the first so many configurations, of each part where the data come with a "
            "test part",
            {.minimum = 1, .unset = "all"});
  f.integers("classes", classes, "use only configurations of these classes",
             {.minimum = 0, .unset = "all"});
  f.choice("coding", coding, {"binary", "spin"},
           "values of data made binary by threshold or binarize: {0, 1}, or {-1, +1}");
  f.flag("with_labels", with_labels,
         "the class number is the last coordinate of each configuration: for models of p(x, y)");
  f.flag("dequantize", dequantize,
         "image values that are whole numbers are spread over their cells: (x + u) / (levels), u "
         "uniform in [0, 1), drawn anew each time");
  f.real("training_noise", training_noise,
         "standard deviation of normal noise on prepared training values, drawn anew each time",
         {.minimum = 0});
}

Prepared::Prepared(const Dataset& whole, const Preparation& how, std::vector<Index> rows)
    : whole_(whole),
      how_(how),
      rows_(std::move(rows)),
      all_labels_(how.with_labels ? whole.labels() : std::vector<int>{}) {}

void Prepared::columns(std::span<const Index> indices, Stream random, Eigen::Ref<Batch> out) const {
  std::vector<Index> chosen;
  for (const Index i : indices) chosen.push_back(rows_[std::size_t(i)]);
  if (how_.with_labels)
    for (Index k = 0; k < out.cols(); ++k)
      out(whole_.dim(), k) = Real(all_labels_[std::size_t(chosen[std::size_t(k)])]);
  values(chosen, random, out.topRows(whole_.dim()));
}

void Prepared::values(std::span<const Index> chosen, Stream random, Eigen::Ref<Batch> out) const {
  whole_.columns(chosen, random, out);
  auto [low, high] = whole_.range();
  if (how_.dequantize) {
    Batch u(out.rows(), out.cols());
    random.split("dequantize").at(random.step()).uniform(u);
    out += u;
    high += 1;
  }
  if (high > low) {
    const double a = how_.scale.empty() ? 0 : how_.scale[0],
                 b = how_.scale.empty() ? 1 : how_.scale[1];
    out.array() = Real(a) + (out.array() - Real(low)) * Real((b - a) / (high - low));
  }
  if (how_.binarize == "stochastic") {
    Batch u(out.rows(), out.cols());
    random.split("binarize").at(random.step()).uniform(u);
    out = (u.array() < out.array()).cast<Real>();
  } else if (how_.threshold) {
    out = (out.array() >= Real(*how_.threshold)).cast<Real>();
  }
  if (how_.training_noise > 0) {
    Batch z(out.rows(), out.cols());
    random.split("noise").at(random.step()).normal(z);
    out += Real(how_.training_noise) * z;
  }
  if (how_.coding == "spin") out.array() = Real(2) * out.array() - Real(1);
}

std::vector<int> Prepared::labels() const {
  const std::vector<int> all = whole_.labels();
  std::vector<int> own;
  if (!all.empty())
    for (const Index i : rows_) own.push_back(all[std::size_t(i)]);
  return own;
}

void check_preparation(const Dataset& whole, const Preparation& how) {
  if (!how.scale.empty() && (how.scale.size() != 2 || !(how.scale[0] < how.scale[1])))
    throw Error("data.scale: must be [a, b] with a < b");
  if (!how.scale.empty() && !(whole.range().second > whole.range().first))
    throw Error("data.scale: this dataset has no range of values to scale from");
  if (how.threshold && how.binarize != "none")
    throw Error("data: threshold and binarize exclude each other");
  if (how.coding == "spin" && !how.threshold && how.binarize == "none")
    throw Error("data.coding: spin needs data that are made binary (threshold or binarize)");
  if (how.with_labels && whole.labels().empty())
    throw Error("data.with_labels: this dataset has no labels");
  if (!how.classes.empty() && whole.labels().empty())
    throw Error("data.classes: this dataset has no labels");
  if ((how.dequantize || how.training_noise > 0) && (how.threshold || how.binarize != "none"))
    throw Error("data: dequantize and training_noise are for data that are not made binary");
  if (how.dequantize && !(whole.range().second > whole.range().first))
    throw Error("data.dequantize: this dataset has no range of values");
  if (!how.shuffle && how.split_seed != 0)
    throw Error("data.split_seed: has no effect without shuffle");
  if (how.test_fraction > 0 && whole.held_out() > 0)
    throw Error("data.test_fraction: these data come with a test part of " +
                std::to_string(whole.held_out()) + ", got " + number_text(how.test_fraction));
}

std::vector<Index> chosen_rows(const Dataset& whole, const Preparation& how, bool held_out) {
  const Index cut = whole.size() - whole.held_out();
  const std::vector<int> labels = how.classes.empty() ? std::vector<int>{} : whole.labels();
  std::vector<Index> rows;
  for (Index n = held_out ? cut : 0; n < (held_out ? whole.size() : cut); ++n) {
    if (how.limit && Index(rows.size()) == *how.limit) break;
    if (labels.empty() || std::find(how.classes.begin(), how.classes.end(),
                                    Index(labels[std::size_t(n)])) != how.classes.end())
      rows.push_back(n);
  }
  return rows;
}

std::unique_ptr<Prepared> prepared_like(const Dataset& like, const Dataset& whole,
                                        const std::vector<Index>& classes) {
  const auto* prepared = dynamic_cast<const Prepared*>(&like.observed());
  if (prepared == nullptr) throw Error("needs data that a spec has prepared");
  Preparation how = prepared->preparation();
  how.with_labels = false;
  how.limit.reset();
  how.training_noise = 0;
  how.test_fraction = 0;
  how.classes = classes;
  check_preparation(whole, how);
  std::vector<Index> rows = chosen_rows(whole, how, false);
  const std::vector<Index> held_out = chosen_rows(whole, how, true);
  rows.insert(rows.end(), held_out.begin(), held_out.end());
  if (rows.empty()) throw Error("the dataset has no configuration of these classes");
  return std::make_unique<Prepared>(whole, how, std::move(rows));
}

}  // namespace gibbsite
