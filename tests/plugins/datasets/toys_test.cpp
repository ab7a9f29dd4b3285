#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

constexpr Index size = 20000;
const std::string sized = ", size: 20000, seed: 9";

}  // namespace

TEST_CASE("toy data are the same for the same seed, and others for another") {
  for (const std::string name : {"eight_gaussians", "pinwheel", "two_moons", "checkerboard"}) {
    CAPTURE(name);
    const auto make = [&](int seed) {
      return make_dataset("{name: " + name + ", size: 50, seed: " + std::to_string(seed) + "}")
          ->all(Stream(0));
    };
    CHECK(make(1).rows() == 2);
    CHECK(make(1).cols() == 50);
    CHECK(make(1) == make(1));
    CHECK(make(1) != make(2));
  }
}

TEST_CASE("eight_gaussians lie around the centres that their labels name, with that spread") {
  const auto data =
      make_dataset("{name: eight_gaussians, radius: 3, standard_deviation: 0.5" + sized + "}");
  const Batch x = data->all(Stream(0));
  const auto labels = data->labels();
  Moments squares;
  std::vector<int> counts(8, 0);
  for (Index n = 0; n < size; ++n) {
    const int k = labels[std::size_t(n)];
    ++counts[std::size_t(k)];
    const double angle = 3.14159265358979 / 4 * k;
    squares.add(std::pow(double(x(0, n)) - 3 * std::cos(angle), 2) +
                std::pow(double(x(1, n)) - 3 * std::sin(angle), 2));
  }
  CHECK(std::abs(squares.mean - .5) < 5 * std::sqrt(squares.variance() / double(size)));
  for (const int count : counts)
    CHECK(std::abs(count - size / 8) < 5 * std::sqrt(double(size) * 7 / 64));
}

TEST_CASE("two_moons without noise lie on their half circles") {
  const auto data = make_dataset("{name: two_moons, noise: 0" + sized + "}");
  const Batch x = data->all(Stream(0));
  const auto labels = data->labels();
  for (Index n = 0; n < size; ++n) {
    const bool inner = labels[std::size_t(n)] == 1;
    const double u = double(x(0, n)) - (inner ? 1 : 0), v = double(x(1, n)) - (inner ? .5 : 0);
    REQUIRE(std::abs(u * u + v * v - 1) < tolerance(1e-14, 1e-6));
    REQUIRE((inner ? -v : v) > -1e-6);
  }
}

TEST_CASE("pinwheel arms have the spread along and across that was asked for, before the bend") {
  const auto data = make_dataset("{name: pinwheel, rate: 0, arms: 3" + sized + "}");
  const Batch x = data->all(Stream(0));
  const auto labels = data->labels();
  Moments along, across;
  for (Index n = 0; n < size; ++n) {
    const double angle = 2 * 3.14159265358979 / 3 * labels[std::size_t(n)];
    along.add(std::cos(angle) * double(x(0, n)) + std::sin(angle) * double(x(1, n)));
    across.add(-std::sin(angle) * double(x(0, n)) + std::cos(angle) * double(x(1, n)));
  }
  const double n = double(size);
  CHECK(std::abs(along.mean - 1) < 5 * .3 / std::sqrt(n));
  CHECK(std::abs(across.mean) < 5 * .1 / std::sqrt(n));
  CHECK(std::abs(along.variance() / .09 - 1) < 5 * std::sqrt(2 / n));
  CHECK(std::abs(across.variance() / .01 - 1) < 5 * std::sqrt(2 / n));
}

TEST_CASE("checkerboard fills the eight black squares alike and leaves the white ones empty") {
  const Batch x = make_dataset("{name: checkerboard" + sized + "}")->all(Stream(0));
  Table counts = Table::Zero(4, 4);
  for (Index n = 0; n < size; ++n) {
    const Index row = Index(std::floor((double(x(1, n)) + 4) / 2));
    const Index column = Index(std::floor((double(x(0, n)) + 4) / 2));
    counts(row, column) += 1;
  }
  for (Index row = 0; row < 4; ++row)
    for (Index column = 0; column < 4; ++column) {
      const double expected = (row + column) % 2 == 0 ? double(size) / 8 : 0;
      CHECK(std::abs(counts(row, column) - expected) <= 5 * std::sqrt(expected * 7 / 8));
    }
}
