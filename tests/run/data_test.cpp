#include "gibbsite/run/data.hpp"

#include <cmath>

#include "support/make.hpp"
#include "support/program.hpp"
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

TEST_CASE("dequantised values are uniform in the cell of their grey level, and new each time") {
  Preparation how;
  how.dequantize = true;
  const Data data = prepare_data(make_dataset("digits"), how);
  const Batch raw = data.whole->all(Stream(0));
  const Batch x = data.train->all(Stream(1)) * Real(17);
  CHECK((x - raw).minCoeff() >= 0);
  CHECK((x - raw).maxCoeff() < 1);
  // 115008 uniform offsets: their mean is .5 within 5 standard errors.
  const double mean = (x - raw).cast<double>().mean();
  CHECK(std::abs(mean - .5) < 5 * std::sqrt(1 / 12. / double(raw.size())));
  CHECK(data.train->all(Stream(1)) * Real(17) == x);
  CHECK(data.train->all(Stream(2)) * Real(17) != x);
}

TEST_CASE("noise has the standard deviation asked for, on training data of the prepared scale") {
  Preparation plain, noisy;
  plain.scale = noisy.scale = {-1, 1};
  noisy.training_noise = .3;
  const Batch clean = prepare_data(make_dataset("digits"), plain).train->all(Stream(1));
  const Batch noise = prepare_data(make_dataset("digits"), noisy).train->all(Stream(1)) - clean;
  noisy.test_fraction = plain.test_fraction = .5;
  CHECK(prepare_data(make_dataset("digits"), noisy).test->all(Stream(1)) ==
        prepare_data(make_dataset("digits"), plain).test->all(Stream(1)));
  const double variance = noise.cast<double>().array().square().mean();
  CHECK(std::abs(variance - .09) < 5 * .09 * std::sqrt(2 / double(noise.size())));
}

TEST_CASE("data that come with a test part keep it, whatever the limit and split seed") {
  const TemporaryFolder folder;
  const auto idx = [&](const std::string& name, char images, const std::string& pixels) {
    const std::string header = {0, 0, 8, 2, 0, 0, 0, images, 0, 0, 0, 1};
    return folder.write(name, header + pixels).string();
  };
  const std::string spec = "{name: idx, images: '" + idx("a", 4, "abcd") + "', test_images: '" +
                           idx("b", 3, "xyz") + "'}";
  Preparation how;
  how.split_seed = 5;
  const Data data = prepare_data(make_dataset(spec), how);
  CHECK(data.train->size() == 4);
  REQUIRE(data.test != nullptr);
  CHECK(data.test->size() == 3);
  CHECK(data.test->all(Stream(0))(0, 0) == Real('x') / Real(255));
  how.limit = 2;
  const Data few = prepare_data(make_dataset(spec), how);
  CHECK(few.train->size() == 2);
  CHECK(few.test->size() == 2);
  CHECK(few.test->all(Stream(0))(0, 1) == Real('y') / Real(255));
  how.test_fraction = .5;
  CHECK(error_of([&] { prepare_data(make_dataset(spec), how); }) ==
        "data.test_fraction: these data come with a test part of 3, got 0.5");
}

TEST_CASE("noise and dequantisation are refused for binary data and values without a range") {
  Preparation binary, ranged;
  binary.threshold = .5;
  binary.training_noise = .1;
  ranged.dequantize = true;
  CHECK(error_of([&] { prepare_data(make_dataset("digits"), binary); }) ==
        "data: dequantize and training_noise are for data that are not made binary");
  CHECK(error_of([&] { prepare_data(make_dataset("two_moons"), ranged); }) ==
        "data.dequantize: this dataset has no range of values");
}

TEST_CASE("without shuffle the last configurations are held out") {
  Preparation how;
  how.shuffle = false;
  how.test_fraction = 350 / 1350.;
  how.limit = 1350;
  const Data data = prepare_data(make_dataset("digits"), how);
  const std::vector<int> all = data.whole->labels();
  CHECK(data.train->labels() == std::vector<int>(all.begin(), all.begin() + 1000));
  CHECK(data.test->labels() == std::vector<int>(all.begin() + 1000, all.begin() + 1350));
  how.split_seed = 1;
  CHECK(error_of([&] { prepare_data(make_dataset("digits"), how); }) ==
        "data.split_seed: has no effect without shuffle");
}

TEST_CASE("classes keep the configurations of these classes, before limit and split") {
  Preparation how;
  how.classes = {3, 5};
  how.limit = 100;
  how.test_fraction = .25;
  const Data data = prepare_data(make_dataset("digits"), how);
  CHECK(data.train->size() == 75);
  CHECK(data.test->size() == 25);
  for (const Prepared* part : {data.train.get(), data.test.get()})
    for (const int label : part->labels()) CHECK((label == 3 || label == 5));
  CHECK(error_of([&] { prepare_data(make_dataset("bars_and_stripes"), how); }) ==
        "data.classes: this dataset has no labels");
  how.classes = {11};
  CHECK(error_of([&] { prepare_data(make_dataset("digits"), how); }) ==
        "data: no configuration is left");
}
