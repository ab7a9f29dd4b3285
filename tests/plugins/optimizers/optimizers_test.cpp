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

TEST_CASE("steps taken in parts are those of the whole vector, to the bit") {
  for (const std::string yaml :
       {"sgd", "{name: sgd, momentum: 0.9, weight_decay: 0.1}", "adam", "adamax",
        "{name: rmsprop, centred: true, momentum: 0.5, weight_decay: 0.1}"}) {
    CAPTURE(yaml);
    const auto optimizer = test::make_optimizer(yaml);
    const auto* elementwise = dynamic_cast<const ElementwiseOptimizer*>(optimizer.get());
    REQUIRE(elementwise != nullptr);
    Parameters whole = Parameters::LinSpaced(101, -2, 3), parts = whole;
    Slots of_whole, of_parts;
    for (std::uint64_t n = 0; n < 5; ++n) {
      const Parameters up = (whole.array() * 3 + double(n)).sin();
      optimizer->update(whole, up, of_whole, n);
      elementwise->make_slots(of_parts, parts.size());
      for (const auto& [first, count] : {std::pair<Index, Index>{64, 37}, {0, 1}, {1, 63}})
        elementwise->update_entries(first, count, parts, up, of_parts, n);
      CHECK(parts == whole);
      CHECK(of_parts == of_whole);
    }
  }
}

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

TEST_CASE("sgd with Nesterov's momentum steps by g + μ v") {
  // v = g, step 1.5 g; v = .5 g + g, step g + .75 g; v = 1.75 g, step 1.875 g.
  check_equal(run("{name: sgd, step_size: 0.1, momentum: 0.5, nesterov: true}", 3),
              1 + .1 * .5 * (1.5 + 1.75 + 1.875), -2 - .1 * .25 * (1.5 + 1.75 + 1.875));
}

TEST_CASE("Nesterov's momentum with decay pulls by the decayed gradient, now and in v") {
  // g - λ θ = .5 - .2 1 = .3, v = .3, θ = 1 + .1 (.3 + .15) = 1.045; then .5 - .209 = .291,
  // v = .15 + .291 = .441, θ = 1.045 + .1 (.291 + .2205).
  CHECK(run("{name: sgd, step_size: 0.1, momentum: 0.5, nesterov: true, weight_decay: 0.2}",
            2)(0) == doctest::Approx(1.045 + .05115).epsilon(1e-14));
}

TEST_CASE("the schedules of every optimizer give their rates at the updates where they are known") {
  for (const std::string name : {"sgd", "adam", "adamax", "rmsprop"}) {
    CAPTURE(name);
    const auto rate = [&](const std::string& schedule, std::uint64_t update) {
      return test::make_optimizer("{name: " + name + ", step_size: 0.8, schedule: " + schedule +
                                  "}")
          ->learning_rate(update);
    };
    CHECK(rate("constant", 12345) == .8);
    CHECK(rate("step, period: 10, decay: 0.5", 9) == .8);
    CHECK(rate("step, period: 10, decay: 0.5", 10) == .4);
    CHECK(rate("step, period: 10, decay: 0.5", 39) == .1);
    CHECK(rate("step", 9999) == .8);
    CHECK(rate("step", 10000) == doctest::Approx(.08));
    CHECK(rate("inverse, period: 10", 0) == .8);
    CHECK(rate("inverse, period: 10", 10) == .4);
    CHECK(rate("inverse, period: 10", 30) == .2);
    CHECK(rate("cosine, period: 10, decay: 0.5", 0) == doctest::Approx(.8));
    CHECK(rate("cosine, period: 10, decay: 0.5", 5) == doctest::Approx(.6));
    CHECK(rate("cosine, period: 10, decay: 0.5", 10) == doctest::Approx(.4));
    CHECK(rate("cosine, period: 10, decay: 0.5", 99) == doctest::Approx(.4));
    // Three updates of warm-up: quarters of the rate; the schedule's own clock starts after them.
    for (const std::uint64_t n : {0, 1, 2, 3})
      CHECK(rate("constant, warmup: 3", n) == doctest::Approx(.2 * double(n + 1)));
    CHECK(rate("inverse, period: 10, warmup: 3", 2) == doctest::Approx(.6));
    CHECK(rate("inverse, period: 10, warmup: 3", 3) == .8);
    CHECK(rate("inverse, period: 10, warmup: 3", 13) == .4);
  }
}

TEST_CASE("steps of every optimizer are proportional to the scheduled rate") {
  for (const std::string name : {"sgd", "adam", "adamax", "rmsprop"}) {
    CAPTURE(name);
    const auto second = [&](const std::string& schedule) {
      const auto optimizer = test::make_optimizer(
          "{name: " + name + ", step_size: 0.8, weight_decay: 0.1, schedule: " + schedule + "}");
      Parameters theta = start;
      Slots slots;
      optimizer->update(theta, ascent, slots, 0);
      theta = start;
      optimizer->update(theta, 2 * ascent, slots, 1);
      return Parameters(theta - start);
    };
    const Parameters full = second("constant"), half = second("inverse, period: 1");
    check_equal(half, full(0) / 2, full(1) / 2);
    CHECK(full.norm() > .1);
  }
}

TEST_CASE("a quarter of every step is a quarter of the learning rate: slots do not feel the rate") {
  for (const std::string name : {"sgd, momentum: 0.9, nesterov: true, weight_decay: 0.1",
                                 "adam, weight_decay: 0.1", "adamax", "rmsprop, momentum: 0.5"}) {
    CAPTURE(name);
    const auto full = test::make_optimizer("{name: " + name + ", step_size: 0.2}"),
               quarter = test::make_optimizer("{name: " + name + ", step_size: 0.05}");
    Parameters a = start, b = start;
    Slots one, other;
    for (std::uint64_t n = 0; n < 5; ++n) {
      const Parameters g = ascent * double(n + 1);
      Parameters next = a;
      full->update(next, g, one, n);
      a += .25 * (next - a);
      quarter->update(b, g, other, n);
    }
    check_equal(a, b(0), b(1));
  }
}

TEST_CASE("parameters that a schedule does not use are refused") {
  const auto refusal = [](const std::string& yaml) {
    try {
      test::make_optimizer(yaml);
    } catch (const Error& fault) {
      return std::string(fault.what());
    }
    return std::string();
  };
  CHECK(refusal("{name: adam, period: 10}") ==
        "optimizer adam: period: is of no use to schedule constant");
  CHECK(refusal("{name: sgd, schedule: inverse, decay: 0.5}") ==
        "optimizer sgd: decay: is of no use to schedule inverse");
  CHECK(refusal("{name: sgd, nesterov: true}") ==
        "optimizer sgd: nesterov: needs a momentum > 0, got 0");
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

TEST_CASE(
    "adamax moves by the corrected mean over the largest gradient that β₂ has not forgotten") {
  const auto adamax = test::make_optimizer(
      "{name: adamax, step_size: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 0.01, weight_decay: 0.3}");
  Parameters theta = start;
  Slots slots;
  adamax->update(theta, ascent, slots, 0);
  adamax->update(theta, ascent / 2, slots, 1);  // β₂ u = .75 |g| wins
  adamax->update(theta, 3 * ascent, slots, 2);  // |3 g| wins
  for (Index i = 0; i < 2; ++i) {
    const double g = ascent(i), u = std::abs(g) + .01;
    double expected = start(i);
    expected += .1 * (g / u - .3 * expected);
    expected += .1 * ((.25 * g + .25 * g) / .75 / (.75 * u) - .3 * expected);
    expected +=
        .1 * ((.125 * g + .125 * g + 1.5 * g) / .875 / (3 * std::abs(g) + .01) - .3 * expected);
    CHECK(theta(i) == doctest::Approx(expected).epsilon(1e-13));
  }
}

TEST_CASE("adamax and rmsprop leave a parameter without a gradient where it is") {
  for (const std::string name : {"adamax", "rmsprop"}) {
    const auto optimizer = test::make_optimizer("{name: " + name + "}");
    Parameters theta = start;
    Slots slots;
    for (std::uint64_t n = 0; n < 3; ++n) optimizer->update(theta, Parameters::Zero(2), slots, n);
    CHECK(theta == start);
  }
}

TEST_CASE("rmsprop divides by the running root mean square, then adds momentum") {
  const auto rmsprop = test::make_optimizer(
      "{name: rmsprop, step_size: 0.1, decay_rate: 0.75, epsilon: 0.01, momentum: 0.5, "
      "weight_decay: 0.3}");
  Parameters theta = start;
  Slots slots;
  rmsprop->update(theta, ascent, slots, 0);
  rmsprop->update(theta, 3 * ascent, slots, 1);
  for (Index i = 0; i < 2; ++i) {
    const double g = ascent(i), first = g / (std::sqrt(.25 * g * g) + .01);
    const double second = .5 * first + 3 * g / (std::sqrt(.1875 * g * g + 2.25 * g * g) + .01);
    double expected = start(i);
    expected += .1 * (first - .3 * expected);
    expected += .1 * (second - .3 * expected);
    CHECK(theta(i) == doctest::Approx(expected).epsilon(1e-13));
  }
}

TEST_CASE("rmsprop centred divides by the running standard deviation") {
  const auto rmsprop =
      test::make_optimizer("{name: rmsprop, step_size: 0.1, decay_rate: 0.75, centred: true}");
  Parameters theta = start;
  Slots slots;
  rmsprop->update(theta, ascent, slots, 0);
  rmsprop->update(theta, 3 * ascent, slots, 1);
  for (Index i = 0; i < 2; ++i) {
    const double g = ascent(i);
    const double mean = .1875 * g + .75 * g, square = .1875 * g * g + 2.25 * g * g;
    const double expected = start(i) + .1 * g / (std::sqrt(.1875 * g * g) + 1e-8) +
                            .1 * 3 * g / (std::sqrt(square - mean * mean) + 1e-8);
    CHECK(theta(i) == doctest::Approx(expected).epsilon(1e-13));
  }
}

TEST_CASE("optimizers saved and restored between steps go on as if never stopped") {
  for (const std::string yaml : {"{name: adam}", "{name: sgd, momentum: 0.9}", "{name: adamax}",
                                 "{name: sgd, momentum: 0.9, nesterov: true}",
                                 "{name: rmsprop, centred: true, momentum: 0.9}"}) {
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
  CHECK_THROWS_AS(test::make_optimizer("{name: adamax, beta1: 1}"), Error);
  CHECK_THROWS_AS(test::make_optimizer("{name: rmsprop, decay_rate: 1}"), Error);
  CHECK_THROWS_AS(test::make_optimizer("{name: rmsprop, momentum: 1}"), Error);
  CHECK_THROWS_AS(test::make_optimizer("{name: sgd, step_size: 0}"), Error);
}
