// Sums and functions at the ends of the number range.
#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/core/numerics.hpp>
#include <gibbsite/core/random.hpp>
#include <limits>

using namespace gibbsite;

namespace {

const double infinity = std::numeric_limits<double>::infinity();
const double undefined = std::numeric_limits<double>::quiet_NaN();

Eigen::ArrayXd values(std::initializer_list<double> list) {
  Eigen::ArrayXd out(Index(list.size()));
  Index k = 0;
  for (const double value : list) out(k++) = value;
  return out;
}

// Equal up to a few units in the last place.
bool close(double a, long double b) {
  return a == double(b) || std::abs((long double)(a)-b) <= 4e-16L * std::abs(b);
}

}  // namespace

TEST_CASE("the log of a sum of exponentials neither overflows nor underflows") {
  CHECK(close(log_sum_exp(values({0, 0})), std::log(2.L)));
  CHECK(close(log_sum_exp(values({1000, 1000})), 1000 + std::log(2.L)));
  CHECK(close(log_sum_exp(values({-1000, -1000})), -1000 + std::log(2.L)));
  CHECK(close(log_sum_exp(values({1e308, -1e308})), 1e308L));
  CHECK(close(log_sum_exp(values({3, 1})), std::log(std::exp(3.L) + std::exp(1.L))));
  CHECK(log_sum_exp(values({5})) == 5);
}

TEST_CASE("infinite and undefined terms of a log-sum-exp stay visible") {
  CHECK(log_sum_exp(values({})) == -infinity);
  CHECK(log_sum_exp(values({-infinity, -infinity})) == -infinity);
  CHECK(log_sum_exp(values({-infinity, 3})) == 3);
  CHECK(log_sum_exp(values({1, infinity})) == infinity);
  CHECK(std::isnan(log_sum_exp(values({1, undefined, 2}))));
  CHECK(std::isnan(log_sum_exp(values({undefined, infinity}))));
}

TEST_CASE("the log of a mean of exponentials of equal terms is the term") {
  CHECK(log_mean_exp(values({700, 700, 700})) == doctest::Approx(700).epsilon(1e-15));
  CHECK(log_mean_exp(values({-infinity, 0})) == doctest::Approx(-std::log(2)).epsilon(1e-15));
}

TEST_CASE("softplus and sigmoid are accurate to the last digits everywhere") {
  for (const double x :
       {0., 1e-300, -1e-300, 1., -1., 40., -40., 700., -700., 800., -800., 1e308, -1e308}) {
    CAPTURE(x);
    const long double e = std::exp(-std::abs((long double)(x)));
    const long double plus = std::max(0.L, (long double)(x)) + std::log1p(e);
    CHECK(close(softplus(x), plus));
    CHECK(close(sigmoid(x), x >= 0 ? 1 / (1 + e) : e / (1 + e)));
  }
  CHECK(softplus(infinity) == infinity);
  CHECK(softplus(-infinity) == 0);
  CHECK(sigmoid(infinity) == 1);
  CHECK(sigmoid(-infinity) == 0);
  CHECK(std::isnan(softplus(undefined)));
  CHECK(std::isnan(sigmoid(undefined)));
}

TEST_CASE("logit inverts the sigmoid and is infinite at the ends") {
  for (const double p : {1e-12, .1, .5, .9})
    CHECK(sigmoid(logit(p)) == doctest::Approx(p).epsilon(1e-14));
  CHECK(logit(0) == -infinity);
  CHECK(logit(1) == infinity);
  CHECK(std::isnan(logit(2)));
}

TEST_CASE("the variance of numbers with a large mean does not cancel") {
  Moments moments;
  Stream random(1);
  for (int block = 0; block < 100; ++block) {
    Batch x(1000, 1);
    random.at(std::uint64_t(block)).normal(x);
    for (Index i = 0; i < x.rows(); ++i) moments.add(1e8 + double(x(i, 0)));
  }
  CHECK(moments.count == 1e5);
  CHECK(moments.mean == doctest::Approx(1e8).epsilon(1e-9));
  CHECK(std::abs(moments.variance() - 1) < .02);
  Moments one;
  one.add(3);
  CHECK(one.mean == 3);
  CHECK(std::isnan(one.variance()));
}
