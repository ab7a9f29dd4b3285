// MMD against sums by hand, laws whose discrepancy is known, and laws that are equal.
#include <cmath>

#include "support/recorded.hpp"
#include "support/rows.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Chains in columns, all draws of coordinate 0.
Result compare(const Eigen::ArrayXXd& draws, const Batch& data, const std::string& more = "") {
  Flat model(Domain::real(1));
  const Rows rows(data);
  Context context = context_with(model, &rows);
  context.has_samples = true;
  const FixedDraws recorded({draws}, draws);
  return evaluate(*make_evaluation("{name: maximum_mean_discrepancy" + more + "}", context), 1,
                  &recorded);
}

Eigen::ArrayXXd normal(Index draws, Index chains, std::uint64_t seed, double shift = 0) {
  Batch x(draws, chains);
  Stream(seed).normal(x);
  return x.cast<double>().array() + shift;
}

double value(const Result& result, const std::string& name) { return values_of(result, name)[0]; }

}  // namespace

TEST_CASE("the discrepancy of three chains of two draws is the sum over pairs, by hand") {
  Eigen::ArrayXXd x(2, 3);
  x << 0, 1, 3, 0.5, -1, 2;
  const Batch y = (Batch(1, 2) << Real(0.25), Real(2)).finished();
  const auto k = [](double a, double b) { return std::exp(-(a - b) * (a - b) / 8); };
  double xx = 0, xy = 0;
  for (Index c = 0; c < 3; ++c)
    for (Index t = 0; t < 2; ++t) {
      xy += (k(x(t, c), 0.25) + k(x(t, c), 2)) / 12;
      for (Index d = 0; d < 3; ++d)
        for (Index u = 0; u < 2; ++u) xx += d == c ? 0 : k(x(t, c), x(u, d)) / 24;
    }
  const Result all = compare(x, y, ", bandwidth: 2");
  CHECK(value(all, "mmd_squared") == doctest::Approx(xx + k(0.25, 2) - 2 * xy).epsilon(1e-12));
  const Result first = compare(x, y, ", bandwidth: 2, draws: 1");
  const Result own = compare(x.topRows(1), y, ", bandwidth: 2");
  CHECK(value(first, "mmd_squared") == value(own, "mmd_squared"));
  CHECK(value(compare(x, y, ", bandwidth: 2, first: 1"), "mmd_squared") !=
        value(own, "mmd_squared"));
}

// With s = 1 between N(0, 1) and N(d, 1): E k = e^{-d²/6}/√3.
TEST_CASE("its mean and standard error are those of normal laws, equal or apart") {
  for (const double shift : {0.0, 1.0}) {
    const double truth = 2 / std::sqrt(3) * (1 - std::exp(-shift * shift / 6));
    double mean = 0, square = 0, error = 0;
    constexpr int runs = 200;
    for (int n = 0; n < runs; ++n) {
      const Result one = compare(
          normal(1, 40, 2 * std::uint64_t(n) + 1),
          normal(1, 60, 2 * std::uint64_t(n) + 2, shift).matrix().cast<Real>(), ", bandwidth: 1");
      const double apart = value(one, "mmd_squared") - truth;
      mean += apart / runs;
      square += apart * apart / runs;
      error += value(one, "standard_error") / runs;
    }
    CAPTURE(shift);
    const double deviation = std::sqrt(square);
    CHECK(std::abs(mean) < 5 * deviation / std::sqrt(double(runs)));
    // 200 runs know the deviation to 5 % where it is normal, 10 % where it is a sum of squares.
    CHECK(error > 0.7 * deviation);
    CHECK(error < 1.4 * deviation);
  }
}

TEST_CASE("draws of one chain count as one: their error is larger, and one chain has none") {
  const Batch data = normal(1, 100, 7).matrix().cast<Real>();
  const Eigen::ArrayXXd many = normal(1, 100, 8, 1);
  const Eigen::ArrayXXd stuck = many.leftCols(4).replicate(25, 1);
  CHECK(value(compare(stuck, data), "standard_error") >
        2 * value(compare(many, data), "standard_error"));
  const Result alone = compare(normal(50, 1, 9), data);
  CHECK(std::isnan(value(alone, "mmd_squared")));
  CHECK_FALSE(is_reliable(alone));
}

TEST_CASE("a first draw beyond the last and a missing sample section are refused") {
  const Batch data = normal(1, 10, 7).matrix().cast<Real>();
  CHECK_THROWS_WITH_AS(compare(normal(5, 4, 1), data, ", first: 5"),
                       doctest::Contains("first: must be below the 5 kept draws, got 5"), Error);
  Flat model(Domain::real(1));
  const Rows rows(data);
  CHECK_THROWS_WITH_AS(
      make_evaluation("{name: maximum_mean_discrepancy}", context_with(model, &rows)),
      doctest::Contains("needs a sample section"), Error);
}
