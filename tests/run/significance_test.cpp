// The statistics of tables against values computed by hand.
#include <doctest/doctest.h>

#include <cmath>
#include <gibbsite/run/significance.hpp>
#include <numbers>

using namespace gibbsite;
using doctest::Approx;

// t(.975, 3) = 3.182446305284263 from tables; one degree of freedom is Cauchy's law.
TEST_CASE("means have Student's interval") {
  const Mean four = mean_of({1, 2, 3, 4});
  CHECK(four.count == 4);
  CHECK(four.value == 2.5);
  CHECK(four.standard_error == Approx(std::sqrt(5. / 12)).epsilon(1e-14));
  CHECK(four.high - 2.5 == Approx(3.182446305284263 * std::sqrt(5. / 12)).epsilon(1e-12));
  CHECK(2.5 - four.low == Approx(four.high - 2.5).epsilon(1e-12));
  CHECK(mean_of({0, 1}).high == Approx(.5 + std::tan(.475 * std::numbers::pi) / 2).epsilon(1e-12));
  CHECK(std::isnan(mean_of({7}).low));
  CHECK(mean_of({7}).value == 7);
  CHECK(std::isnan(mean_of({}).value));
}

// Of 1, 2 and 3 degrees of freedom the law is elementary.
TEST_CASE("p-values are those of Student's law") {
  CHECK(student_p(mean_of({0, 1})) == Approx(.5).epsilon(1e-12));
  CHECK(student_p(mean_of({.1, .2, .3})) == Approx(1 - std::sqrt(12. / 14)).epsilon(1e-10));
  const double root = std::sqrt(5.0),
               expected = 1 - 2 / std::numbers::pi * (root / 6 + std::atan(root));
  CHECK(student_p(mean_of({1, 2, 3, 4})) == Approx(expected).epsilon(1e-10));
  CHECK(student_p(mean_of({-1, -2, -3, -4})) == Approx(expected).epsilon(1e-10));
  CHECK(student_p(mean_of({2, 2, 2})) == 0);
  CHECK(student_p(mean_of({0, 0})) == 1);
  CHECK(std::isnan(student_p(mean_of({2}))));
  CHECK(std::isnan(student_p(mean_of({1, INFINITY}))));
  CHECK(normal_p(1.959963984540054, 1) == Approx(.05).epsilon(1e-12));
  CHECK(normal_p(-3.919927969080108, 2) == Approx(.05).epsilon(1e-12));
}

TEST_CASE("Holm's correction multiplies by the tests that are left, and never falls") {
  const auto p = holm({.01, .04, .03, .005});
  CHECK(p[0] == Approx(.03));
  CHECK(p[1] == Approx(.06));
  CHECK(p[2] == Approx(.06));
  CHECK(p[3] == Approx(.02));
  const auto some = holm({.4, NAN, .02, .9});
  CHECK(some[0] == Approx(.8));
  CHECK(std::isnan(some[1]));
  CHECK(some[2] == Approx(.06));
  CHECK(some[3] == Approx(.9));
  CHECK(holm({.6, .7})[0] == 1);
}
