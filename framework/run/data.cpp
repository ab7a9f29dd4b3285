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
  f.integer("limit", limit,
            "use only the first so many configurations, of each part where the data come with a "
            "test part",
            {.minimum = 1, .unset = "all"});
  f.choice("coding", coding, {"binary", "spin"},
           "values of data made binary by threshold or binarize: {0, 1}, or {-1, +1}");
  f.flag("with_labels", with_labels,
         "the class number is the last coordinate of each configuration: for models of p(x, y)");
  f.flag("dequantize", dequantize,
         "image values that are whole numbers are spread over their cells: (x + u) / (levels), u "
         "uniform in [0, 1), drawn anew each time");
  f.real("noise", noise,
         "standard deviation of normal noise on prepared values, drawn anew each time",
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
  if (how_.noise > 0) {
    Batch z(out.rows(), out.cols());
    random.split("noise").at(random.step()).normal(z);
    out += Real(how_.noise) * z;
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

namespace {

// Throws Error where what is asked for contradicts itself or the data.
void check(const Dataset& whole, const Preparation& how) {
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
  if ((how.dequantize || how.noise > 0) && (how.threshold || how.binarize != "none"))
    throw Error("data: dequantize and noise are for data that are not made binary");
  if (how.dequantize && !(whole.range().second > whole.range().first))
    throw Error("data.dequantize: this dataset has no range of values");
  if (how.test_fraction > 0 && whole.held_out() > 0)
    throw Error("data.test_fraction: these data come with a test part of " +
                std::to_string(whole.held_out()) + ", got " + number_text(how.test_fraction));
}

// The configurations to train on, and those held out.
std::pair<std::vector<Index>, std::vector<Index>> split(const Dataset& whole,
                                                        const Preparation& how) {
  const Index own = whole.held_out(), rest = whole.size() - own;
  const auto limited = [&](Index size) { return how.limit ? std::min(*how.limit, size) : size; };
  std::vector<Index> train(std::size_t(std::max(limited(rest), Index{0})));
  if (train.empty()) throw Error("data: the dataset is empty");
  std::iota(train.begin(), train.end(), Index{0});
  if (own > 0) {
    std::vector<Index> test(std::size_t(limited(own)));
    std::iota(test.begin(), test.end(), rest);
    return {std::move(train), std::move(test)};
  }
  const Index size = Index(train.size());
  const Index held_out = Index(std::llround(how.test_fraction * double(size)));
  if (held_out >= size) throw Error("data.test_fraction: leaves no training data");
  if (held_out == 0) return {std::move(train), {}};
  const Row u = Stream(std::uint64_t(how.split_seed)).split("split").uniform(size);
  for (Index i = size - 1; i > 0; --i)  // Fisher-Yates
    std::swap(train[std::size_t(i)], train[std::size_t(double(i + 1) * u(i))]);
  std::vector<Index> test(train.end() - held_out, train.end());
  train.resize(std::size_t(size - held_out));
  return {std::move(train), std::move(test)};
}

}  // namespace

Data prepare_data(std::unique_ptr<Dataset> whole, const Preparation& how) {
  check(*whole, how);
  auto [train, test] = split(*whole, how);
  Data data;
  if (!test.empty()) data.test = std::make_unique<Prepared>(*whole, how, std::move(test));
  data.train = std::make_unique<Prepared>(*whole, how, std::move(train));
  data.whole = std::move(whole);
  return data;
}

}  // namespace gibbsite
