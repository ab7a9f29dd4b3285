#include <set>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("digits are 1797 images of 64 grey values from 0 to 16 with their labels") {
  const auto digits = make_dataset("digits");
  CHECK(digits->size() == 1797);
  CHECK(digits->dim() == 64);
  CHECK(digits->range() == std::pair<double, double>(0, 16));
  const Batch all = digits->all(Stream(0));
  CHECK(all.minCoeff() == 0);
  CHECK(all.maxCoeff() == 16);
  CHECK(all.sum() == 561718);  // of the published test set
  const auto labels = digits->labels();
  REQUIRE(labels.size() == 1797);
  std::vector<int> counts(10, 0);
  for (const int label : labels) ++counts[std::size_t(label)];
  CHECK(counts == std::vector<int>{178, 182, 177, 183, 181, 182, 181, 179, 174, 180});
  Vector first_row(8);
  first_row << 0, 0, 5, 13, 9, 1, 0, 0;
  CHECK(all.col(0).head(8) == first_row);
  CHECK(labels[0] == 0);
}

TEST_CASE("digits give the columns asked for, in that order and repeatedly") {
  const auto digits = make_dataset("digits");
  const Batch all = digits->all(Stream(0));
  const std::vector<Index> some = {1796, 3, 3, 0};
  Batch out(64, 4);
  digits->columns(some, Stream(0), out);
  for (Index k = 0; k < 4; ++k) CHECK(out.col(k) == all.col(some[std::size_t(k)]));
}

TEST_CASE("bars_and_stripes has 2^(side+1) binary images, the empty and the full one twice") {
  for (const Index side : {1, 2, 3, 4}) {
    const auto dataset =
        make_dataset("{name: bars_and_stripes, side: " + std::to_string(side) + "}");
    const Index size = Index{2} << side;
    CHECK(dataset->size() == size);
    CHECK(dataset->dim() == side * side);
    CHECK(dataset->labels().empty());
    CHECK(dataset->range() == std::pair<double, double>(0, 0));
    const Batch all = dataset->all(Stream(0));
    std::set<std::vector<Real>> distinct;
    for (Index n = 0; n < size; ++n) {
      const Batch image = all.col(n).reshaped(side, side);
      const bool columns = (image.rowwise() - image.row(0)).isZero();
      const bool rows = (image.colwise() - image.col(0)).isZero();
      CHECK((rows || columns));
      CHECK(image.unaryExpr([](Real v) { return v * (1 - v); }).isZero());
      distinct.emplace(all.col(n).begin(), all.col(n).end());
    }
    CHECK(Index(distinct.size()) == (side == 1 ? 2 : size - 2));
    CHECK((all.colwise().sum().array() == 0).count() == 2);
    CHECK((all.colwise().sum().array() == Real(side * side)).count() == 2);
  }
  CHECK(make_dataset("bars_and_stripes")->size() == 16);
  CHECK(error_of([] {
          make_dataset("{name: bars_and_stripes, side: 0}");
        }).find("side: must be in [1, 20], got 0") != std::string::npos);
}

TEST_CASE(
    "bars_and_stripes allow a mean log-likelihood of -2.599302 on 3 x 3, -3.379093 on 4 x 4") {
  for (const auto& [side, best] :
       {std::pair{3, -2.599302}, {4, -(28 * std::log(32.) + 4 * std::log(16.)) / 32}}) {
    const Batch all = make_dataset("{name: bars_and_stripes, side: " + std::to_string(side) + "}")
                          ->all(Stream(0));
    double sum = 0;
    for (Index n = 0; n < all.cols(); ++n) {
      Index copies = 0;
      for (Index m = 0; m < all.cols(); ++m) copies += all.col(m) == all.col(n);
      sum += std::log(double(copies) / double(all.cols()));
    }
    CHECK(std::abs(sum / double(all.cols()) - best) < 1e-6);
  }
}
