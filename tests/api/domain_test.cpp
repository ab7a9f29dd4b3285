#include <algorithm>
#include <numbers>

#include "gibbsite/core/rectified.hpp"
#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const Domain mixed{{{Domain::Kind::binary, 2, 2},
                    {Domain::Kind::real, 1, 0},
                    {Domain::Kind::categorical, 1, 3},
                    {Domain::Kind::spin, 1, 2}}};

// Natural parameters of `mixed`: two logits, (precision · mean, precision), three log weights, half
// log odds.
Vector mixed_natural() {
  Vector eta(8);
  eta << Real(.7), Real(-1.3), Real(1.5), Real(2), Real(.2), Real(-.4), Real(1.1), Real(.6);
  return eta;
}

double log_partition_of(const Domain& domain, const Vector& eta, double scale = 1) {
  return log_partition(domain, eta, scale)(0);
}

// Laws of a rectified unit, (linear, precision), from far inside to far out in the tail.
const std::vector<std::pair<double, double>> rectified_laws = {
    {40, 2}, {3, .5},      {.25, 1}, {0, 1},   {-1, 1},     {-2.9375, 1},
    {-3, 1}, {-3.0625, 1}, {-12, 4}, {-45, 1}, {-2048, .25}};

Vector rectified_natural(std::pair<double, double> law) {
  Vector eta(2);
  eta << Real(law.first), Real(law.second);
  return eta;
}

// ∫ x^power exp(linear x - precision x²/2 - shift) over x >= from, by Simpson's rule up to where
// the exponent has fallen by 60; its relative error is near (60/40000)^4 / 180 < 1e-13.
double rectified_moment(std::pair<double, double> law, int power, double from = 0,
                        double shift = 0) {
  const auto [linear, precision] = law;
  const double peak = std::max(from, linear / precision);
  const double slope = precision * peak - linear;
  const double reach = 120 / (slope + std::sqrt(slope * slope + 120 * precision));
  const int steps = 40000;
  const double step = (peak + reach - from) / steps;
  double sum = 0;
  for (int k = 0; k <= steps; ++k) {
    const double x = from + k * step;
    sum += (k == 0 || k == steps ? 1
            : k % 2 == 1         ? 4
                                 : 2) *
           std::pow(x, power) * std::exp(x * (linear - precision * x / 2) - shift);
  }
  return sum * step / 3;
}

}  // namespace

TEST_CASE("a domain knows its coordinates, its number of states and its text") {
  CHECK(mixed.dim() == 5);
  CHECK(mixed.text() == "2 binary + 1 real + 1 categorical(3) + 1 spin");
  CHECK(!mixed.is_discrete());
  CHECK(std::isinf(mixed.log_states()));
  CHECK(natural_rows(mixed) == 8);
  const Index some[] = {4, 0, 1, 3};
  const Domain chosen = mixed.select(some);
  CHECK(chosen.text() == "1 spin + 2 binary + 1 categorical(3)");
  CHECK(chosen.log_states() == doctest::Approx(std::log(2. * 4 * 3)));
  CHECK(mixed.site(3) == Domain::Part{Domain::Kind::categorical, 1, 3});
  CHECK_THROWS_AS((void)mixed.site(5), Error);
  CHECK(Domain::binary(3).all(Domain::Kind::binary));
  CHECK(!mixed.all(Domain::Kind::binary));
  const Domain rectified = Domain::rectified(3);
  CHECK(rectified.text() == "3 rectified");
  CHECK(!rectified.is_discrete());
  CHECK(std::isinf(rectified.log_states()));
  CHECK(natural_rows(rectified) == 6);
}

TEST_CASE("ln Z of independent units is the sum over their states") {
  const Vector eta = mixed_natural();
  for (const double scale : {1.0, .3}) {
    const auto e = [&](Index row) { return scale * double(eta(row)); };
    double truth = std::log(1 + std::exp(e(0))) + std::log(1 + std::exp(e(1)));
    truth += .5 * std::log(2 * std::numbers::pi / e(3)) + e(2) * e(2) / (2 * e(3));
    truth += std::log(std::exp(e(4)) + std::exp(e(5)) + std::exp(e(6)));
    truth += std::log(std::exp(e(7)) + std::exp(-e(7)));
    CHECK(near(log_partition_of(mixed, eta, scale), truth, 1e-14));
  }
  const Domain discrete{{{Domain::Kind::spin, 2, 2}, {Domain::Kind::categorical, 2, 3}}};
  Vector rows(8);
  rows << Real(.4), Real(-.9), Real(1), Real(0), Real(-1), Real(.3), Real(2), Real(.1);
  const Batch x = all_states(discrete);
  const Row exponents = natural_energy(discrete, rows.replicate(1, x.cols()), x);
  CHECK(near(log_partition_of(discrete, rows), log_sum_exp(exponents.transpose()), 1e-14));
}

TEST_CASE("ln Z of many binary units is right to 1e-15 per unit over the whole range of logits") {
  for (const Index n : {1, 3, 16, 31, 959, 960, 961, 2500}) {
    CAPTURE(n);
    Vector logits(n);
    for (Index i = 0; i < n; ++i) logits(i) = Real(800 * std::pow(std::sin(1.0 + double(i)), 7));
    long double truth = 0;
    for (Index i = 0; i < n; ++i) {
      const auto x = static_cast<long double>(logits(i));
      truth += (x > 0 ? x : 0) + std::log1p(std::exp(-std::abs(x)));
    }
    const double found = log_partition_of(Domain::binary(n), logits);
    CHECK(std::abs(found - double(truth)) < 1e-15 * double(n) + 4e-16 * double(truth));
  }
  CHECK(log_partition_of(Domain::binary(1), Vector::Constant(1, 0)) ==
        doctest::Approx(std::log(2.)).epsilon(1e-15));
  CHECK(std::isnan(log_partition_of(Domain::binary(2),
                                    Vector::Constant(2, std::numeric_limits<Real>::quiet_NaN()))));
  CHECK(log_partition_of(Domain::binary(3),
                         Vector::Constant(3, std::numeric_limits<Real>::infinity())) ==
        std::numeric_limits<double>::infinity());
  CHECK(log_partition_of(Domain::binary(3),
                         Vector::Constant(3, -std::numeric_limits<Real>::infinity())) == 0);
  CHECK(log_partition_of(Domain::binary(0), Vector()) == 0);
}

TEST_CASE("ln Z of a real unit without positive precision is NaN") {
  Vector eta(2);
  eta << 1, 0;
  CHECK(std::isnan(log_partition_of(Domain::real(1), eta)));
  eta << 1, -2;
  CHECK(std::isnan(log_partition_of(Domain::real(1), eta)));
}

TEST_CASE("ln Z, mean and energy of a rectified unit are those of its density, by quadrature") {
  for (const auto& law : rectified_laws) {
    CAPTURE(law.first);
    CAPTURE(law.second);
    const Vector eta = rectified_natural(law);
    const double peak = std::max(0., law.first / law.second);
    const double shift = peak * (law.first - law.second * peak / 2);
    const double Z = rectified_moment(law, 0, 0, shift);
    CHECK(near(log_partition_of(Domain::rectified(1), eta), shift + std::log(Z), 1e-12));
    const double truth = rectified_moment(law, 1, 0, shift) / Z;
    const double found = double(mean(Domain::rectified(1), eta)(0, 0));
    CHECK(std::abs(found - truth) < tolerance(1e-12, 1e-6) * truth);
    CHECK(near(log_partition_of(Domain::rectified(1), eta, .5),
               log_partition_of(Domain::rectified(1), Vector(Real(.5) * eta)), 1e-15));
  }
  const Domain three{{{Domain::Kind::binary, 1, 2}, {Domain::Kind::rectified, 2, 0}}};
  Vector eta(5);
  eta << Real(.5), Real(-1), Real(2), Real(.25), Real(1);
  Batch x(3, 1);
  x << 1, 2, Real(.5);
  CHECK(natural_energy(three, eta, x)(0) == .5 - 2 - 4 + .125 - .125);
}

TEST_CASE("ln Z of a rectified unit keeps its digits where the normal tail underflows") {
  // ∫ e^{-ax - x²/2} = 1/a - 1/a³ + 3/a⁵ - …, so ln Z + ln a = -1/a² + 5/(2a⁴) - ….
  for (const double a : {1e3, 1e6, 1e30}) {
    const Vector eta = rectified_natural({-a, 1});
    const double linear = double(eta(0));
    CHECK(near(log_partition_of(Domain::rectified(1), eta),
               -std::log(-linear) - 1 / (linear * linear), 1e-11));
    CHECK(double(mean(Domain::rectified(1), eta)(0, 0)) * -linear ==
          doctest::Approx(1 - 2 / (linear * linear)).epsilon(tolerance(1e-11, 1e-6)));
  }
  for (const double precision : {0., -1.})
    CHECK(std::isnan(log_partition_of(Domain::rectified(1), rectified_natural({-1, precision}))));
}

TEST_CASE("draws of a rectified unit follow its law: Kolmogorov's test, false alarm rate 3e-8") {
  const Index n = 20000;
  for (const auto& law : rectified_laws) {
    CAPTURE(law.first);
    Batch x(1, n);
    Stream random(21);
    sample(Domain::rectified(1), rectified_natural(law).replicate(1, n), random, x);
    CHECK_NOTHROW(require_inside(Domain::rectified(1), x));
    std::vector<double> sorted(std::size_t(n), 0.0);
    for (Index k = 0; k < n; ++k) sorted[std::size_t(k)] = double(x(0, k));
    std::sort(sorted.begin(), sorted.end());
    const double peak = std::max(0., law.first / law.second);
    const double shift = peak * (law.first - law.second * peak / 2);
    const double Z = rectified_moment(law, 0, 0, shift);
    // At every 200th draw; between them neither distribution moves by more than 200/n.
    double worst = 0;
    for (Index k = 100; k < n; k += 200) {
      const double above = rectified_moment(law, 0, sorted[std::size_t(k)], shift) / Z;
      worst = std::max(worst, std::abs(1 - above - (double(k) + .5) / double(n)));
    }
    CHECK(worst * std::sqrt(double(n)) < 3);  // P(√n D > 3) = 2 e^{-18}
  }
}

TEST_CASE("a rectified unit's quantile is the inverse of its distribution, into both tails") {
  for (const auto& law : rectified_laws) {
    CAPTURE(law.first);
    const double peak = std::max(0., law.first / law.second);
    const double shift = peak * (law.first - law.second * peak / 2);
    const double Z = rectified_moment(law, 0, 0, shift);
    for (const double survival : {1e-16, 1e-5, .01, .5, .99}) {
      CAPTURE(survival);
      const double x = rectified_quantile(law.first, law.second, survival);
      const double above = std::log(rectified_moment(law, 0, x, shift) / Z);
      // x carries a rounding of 1e-16 x, which the slope of ln P turns into 1e-16 x (slope).
      const double slope = law.second * x - law.first + std::sqrt(law.second);
      CHECK(std::abs(above - std::log(survival)) < 1e-12 + 4e-16 * x * std::abs(slope));
    }
  }
  CHECK(rectified_quantile(-1, 1, 1) == 0);
  CHECK(std::isnan(rectified_quantile(-1, 0, .5)));
}

TEST_CASE("the mean of independent units is the derivative of ln Z") {
  const Vector eta = mixed_natural();
  const Batch means = mean(mixed, eta);
  const auto sigma = [](double x) { return 1 / (1 + std::exp(-x)); };
  const double tiny = tolerance(1e-14, 1e-6);
  CHECK(near(double(means(0, 0)), sigma(.7), tiny));
  CHECK(near(double(means(1, 0)), sigma(-1.3), tiny));
  CHECK(near(double(means(2, 0)), .75, tiny));
  const double a = std::exp(.2), b = std::exp(-.4), c = std::exp(1.1);
  CHECK(near(double(means(3, 0)), (b + 2 * c) / (a + b + c), tiny));
  CHECK(near(double(means(4, 0)), std::tanh(.6), tiny));
}

TEST_CASE(
    "draws of independent units lie in the domain and have its means to five standard errors") {
  const Index n = 20000;
  const Batch eta = mixed_natural().replicate(1, n);
  Batch x(5, n);
  Stream random(5);
  sample(mixed, eta, random, x);
  CHECK_NOTHROW(require_inside(mixed, x));
  const Batch means = mean(mixed, mixed_natural());
  for (Index i = 0; i < 5; ++i) {
    const Eigen::ArrayXd row = x.row(i).cast<double>().transpose();
    const double deviation = std::sqrt((row - row.mean()).square().mean());
    CHECK(std::abs(row.mean() - double(means(i, 0))) < 5 * deviation / std::sqrt(double(n)));
  }
}

TEST_CASE("a column's draws do not depend on the other columns, and calls move the stream on") {
  const Batch eta = mixed_natural().replicate(1, 10);
  Batch all(5, 10), part(5, 4), again(5, 10);
  Stream random(6);
  sample(mixed, eta, random, all);
  Stream later = Stream(6).chains_from(3);
  sample(mixed, eta.leftCols(4), later, part);
  CHECK(part == all.middleCols(3, 4));
  sample(mixed, eta, random, again);
  CHECK(again != all);
}

TEST_CASE("a configuration outside the domain is refused by coordinate and value") {
  Batch x(5, 2);
  x << 0, 1, 1, 1, Real(.5), -3, 2, 0, -1, 1;
  CHECK_NOTHROW(require_inside(mixed, x));
  const auto refusal = [&](Index row, Real value) {
    Batch other = x;
    other(row, 1) = value;
    return error_of([&] { require_inside(mixed, other); });
  };
  CHECK(refusal(0, Real(.5)) ==
        "value 0.5 at coordinate 0 of configuration 1 is outside the model's domain "
        "(2 binary + 1 real + 1 categorical(3) + 1 spin)");
  CHECK(refusal(3, 3).starts_with("value 3 at coordinate 3 "));
  CHECK(refusal(4, 0).starts_with("value 0 at coordinate 4 "));
  CHECK(refusal(2, std::numeric_limits<Real>::infinity()) != "");
  CHECK(refusal(0, std::numeric_limits<Real>::quiet_NaN()) != "");
  Batch below_zero(2, 1);
  below_zero << 0, Real(-.5);
  CHECK(error_of([&] { require_inside(Domain::rectified(2), below_zero); }) ==
        "value -0.5 at coordinate 1 of configuration 0 is outside the model's domain "
        "(2 rectified)");
  CHECK(error_of([&] { require_inside(Domain::real(3), x); }) ==
        "needs 3 values per configuration, got 5");
}
