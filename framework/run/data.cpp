#include "gibbsite/run/data.hpp"

#include <cmath>
#include <numeric>

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
  f.integer("limit", limit, "use only the first so many configurations",
            {.minimum = 1, .unset = "all"});
  f.choice("coding", coding, {"binary", "spin"},
           "values of data made binary by threshold or binarize: {0, 1}, or {-1, +1}");
  f.flag("with_labels", with_labels,
         "the class number is the last coordinate of each configuration: for models of p(x, y)");
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
  const auto [low, high] = whole_.range();
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
  if (how_.coding == "spin") out.array() = Real(2) * out.array() - Real(1);
}

std::vector<int> Prepared::labels() const {
  const std::vector<int> all = whole_.labels();
  std::vector<int> own;
  if (!all.empty())
    for (const Index i : rows_) own.push_back(all[std::size_t(i)]);
  return own;
}

Data prepare_data(std::unique_ptr<Dataset> whole, const Preparation& how) {
  if (!how.scale.empty() && (how.scale.size() != 2 || !(how.scale[0] < how.scale[1])))
    throw Error("data.scale: must be [a, b] with a < b");
  if (!how.scale.empty() && !(whole->range().second > whole->range().first))
    throw Error("data.scale: this dataset has no range of values to scale from");
  if (how.threshold && how.binarize != "none")
    throw Error("data: threshold and binarize exclude each other");
  if (how.coding == "spin" && !how.threshold && how.binarize == "none")
    throw Error("data.coding: spin needs data that are made binary (threshold or binarize)");
  if (how.with_labels && whole->labels().empty())
    throw Error("data.with_labels: this dataset has no labels");
  const Index size = how.limit ? std::min(*how.limit, whole->size()) : whole->size();
  if (size < 1) throw Error("data: the dataset is empty");
  std::vector<Index> order(static_cast<std::size_t>(size));
  std::iota(order.begin(), order.end(), Index{0});
  const Index held_out = Index(std::llround(how.test_fraction * double(size)));
  if (held_out > 0) {
    const Row u = Stream(std::uint64_t(how.split_seed)).split("split").uniform(size);
    for (Index i = size - 1; i > 0; --i)  // Fisher-Yates
      std::swap(order[std::size_t(i)], order[std::size_t(double(i + 1) * u(i))]);
  }
  if (held_out >= size) throw Error("data.test_fraction: leaves no training data");
  Data data;
  const auto cut = order.begin() + (size - held_out);
  data.train = std::make_unique<Prepared>(*whole, how, std::vector<Index>(order.begin(), cut));
  if (held_out > 0)
    data.test = std::make_unique<Prepared>(*whole, how, std::vector<Index>(cut, order.end()));
  data.whole = std::move(whole);
  return data;
}

}  // namespace gibbsite
