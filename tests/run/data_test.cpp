#include "gibbsite/run/data.hpp"

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("with_labels appends the class of each configuration, and scaling leaves it alone") {
  Preparation how;
  how.with_labels = true;
  how.threshold = 0.5;
  how.test_fraction = 0.1;
  const Data data = prepare_data(make_dataset("digits"), how);
  for (const Prepared* part : {data.train.get(), data.test.get()}) {
    CHECK(part->dim() == 65);
    const Batch x = part->all(Stream(0));
    const auto labels = part->labels();
    REQUIRE(x.cols() == Index(labels.size()));
    for (Index n = 0; n < x.cols(); ++n) REQUIRE(x(64, n) == Real(labels[std::size_t(n)]));
    CHECK(x.topRows(64).maxCoeff() == 1);
  }
}

TEST_CASE("spin coding maps binarised data to -1 and +1") {
  Preparation how, spin;
  how.threshold = spin.threshold = 0.5;
  spin.coding = "spin";
  const Batch bits = prepare_data(make_dataset("digits"), how).train->all(Stream(0));
  const Batch spins = prepare_data(make_dataset("digits"), spin).train->all(Stream(0));
  CHECK(spins == (2 * bits.array() - 1).matrix());
}

TEST_CASE("labels and codings that the data do not have are refused") {
  const auto refusal = [](const std::string& dataset, const Preparation& how) {
    return error_of([&] { prepare_data(make_dataset(dataset), how); });
  };
  Preparation labels, spin;
  labels.with_labels = true;
  spin.coding = "spin";
  CHECK(refusal("bars_and_stripes", labels) == "data.with_labels: this dataset has no labels");
  CHECK(refusal("digits", spin) ==
        "data.coding: spin needs data that are made binary (threshold or binarize)");
}
