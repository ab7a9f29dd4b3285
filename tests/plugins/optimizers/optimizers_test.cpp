#include <cmath>

#include "support/make.hpp"

using namespace gibbsite;

namespace {

const Parameters start = (Parameters(2) << 1, -2).finished();
const Parameters ascent = (Parameters(2) << .5, -.25).finished();

// θ after `updates` steps along the same direction.
Parameters run(const std::string& yaml, int updates) {
  const auto optimizer = test::make_optimizer(yaml);
  Parameters theta = start;
  Slots slots;
  for (int n = 0; n < updates; ++n) optimizer->update(theta, ascent, slots, std::uint64_t(n));
  return theta;
}

void check_equal(const Parameters& got, double first, double second) {
  CHECK(got(0) == doctest::Approx(first).epsilon(1e-14));
  CHECK(got(1) == doctest::Approx(second).epsilon(1e-14));
}

}  // namespace

TEST_CASE("sgd climbs: θ + ε g, in one step") {
  check_equal(run("{name: sgd, step_size: 0.1}", 1), 1.05, -2.025);
}

TEST_CASE("sgd with momentum makes steps of g, then (1 + μ) g") {
  check_equal(run("{name: sgd, step_size: 0.1, momentum: 0.5}", 2), 1 + .1 * .5 * 2.5,
              -2 - .1 * .25 * 2.5);
}

TEST_CASE("sgd's weight decay pulls towards zero with and without momentum") {
  check_equal(run("{name: sgd, step_size: 0.1, weight_decay: 0.2}", 1), 1 + .1 * (.5 - .2),
              -2 + .1 * (-.25 + .4));
  // v = .3, θ = 1.03; v = .5 .3 + .5 - .2 1.03 = .444; and -.25 + .4 = .15, -1.985; .075 - .25 +
  // .397 = .222.
  check_equal(run("{name: sgd, step_size: 0.1, weight_decay: 0.2, momentum: 0.5}", 2), 1.03 + .0444,
              -1.985 + .0222);
}

TEST_CASE("the schedules give their rates at the updates where they are known") {
  const auto rate = [](const std::string& schedule, std::uint64_t update) {
    return test::make_optimizer(
               "{name: sgd, step_size: 0.8, period: 10, decay: 0.5, schedule: " + schedule + "}")
        ->learning_rate(update);
  };
  CHECK(rate("constant", 12345) == .8);
  CHECK(rate("step", 9) == .8);
  CHECK(rate("step", 10) == .4);
  CHECK(rate("step", 39) == .1);
  CHECK(rate("inverse", 0) == .8);
  CHECK(rate("inverse", 10) == .4);
  CHECK(rate("inverse", 30) == .2);
  CHECK(rate("cosine", 0) == doctest::Approx(.8));
  CHECK(rate("cosine", 5) == doctest::Approx(.6));
  CHECK(rate("cosine", 10) == doctest::Approx(.4));
  CHECK(rate("cosine", 99) == doctest::Approx(.4));
  CHECK(run("{name: sgd, step_size: 0.8, schedule: inverse, period: 1}", 2)(0) ==
        doctest::Approx(1 + .5 * .8 * 1.5));
}

TEST_CASE("adam's first step is ε sign(g), whatever the size of g") {
  check_equal(run("{name: adam, step_size: 0.1, epsilon: 1e-300}", 1), 1.1, -2.1);
}

TEST_CASE("adam's second step after g and then 3 g has the corrected moments") {
  const auto adam = test::make_optimizer(
      "{name: adam, step_size: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 0.01, weight_decay: 0.3}");
  Parameters theta = start;
  Slots slots;
  adam->update(theta, ascent, slots, 0);
  adam->update(theta, 3 * ascent, slots, 1);
  for (Index i = 0; i < 2; ++i) {
    const double g = ascent(i);
    double expected = start(i);
    expected += .1 * (g / (std::abs(g) + .01) - .3 * expected);
    const double mean = (.25 * g + .5 * 3 * g) / .75;  // 1 - .5²
    const double square = (.1875 * g * g + .25 * 9 * g * g) / (1 - .75 * .75);
    expected += .1 * (mean / (std::sqrt(square) + .01) - .3 * expected);
    CHECK(theta(i) == doctest::Approx(expected).epsilon(1e-13));
  }
  CHECK(slots.size() == 2);
}

TEST_CASE("optimizers saved and restored between steps go on as if never stopped") {
  for (const std::string yaml : {"{name: adam}", "{name: sgd, momentum: 0.9}"}) {
    const auto one = test::make_optimizer(yaml), other = test::make_optimizer(yaml);
    Parameters theta = start;
    Slots slots;
    one->update(theta, ascent, slots, 0);
    Parameters copy = theta;
    Slots restored = slots;
    one->update(theta, ascent, slots, 1);
    other->update(copy, ascent, restored, 1);
    CHECK(theta == copy);
  }
}

TEST_CASE("a share that would keep everything is refused") {
  CHECK_THROWS_AS(test::make_optimizer("{name: sgd, momentum: 1}"), Error);
  CHECK_THROWS_AS(test::make_optimizer("{name: adam, beta2: 1}"), Error);
  CHECK_THROWS_AS(test::make_optimizer("{name: sgd, step_size: 0}"), Error);
}
