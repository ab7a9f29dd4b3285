#include <gibbsite/api/quadrature.hpp>
#include <numbers>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// An energy given as a function of one column.
class Function final : public EnergyModel {
 public:
  Function(Domain domain, std::function<double(const Eigen::VectorXd&)> energy)
      : domain_(std::move(domain)), energy_(std::move(energy)) {}
  const Domain& domain() const override { return domain_; }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n) energy(n) = energy_(x.col(n).cast<double>());
  }
  Domain domain_;
  std::function<double(const Eigen::VectorXd&)> energy_;
};

Quadrature integrate(const EnergyModel& model, double tolerance = 1e-10, double points = 24) {
  return gibbsite::integrate(model, workers(), tolerance, points);
}

const double within = tolerance(1e-9, 1e-4), asked = tolerance(1e-10, 1e-5);

}  // namespace

TEST_CASE("quadrature finds the closed forms of models on one and two real coordinates") {
  for (const std::string spec :
       {"{name: gaussian, mean: [0.5, -1], precision: [2, 0.6, 0.6, 1]}",
        "{name: gaussian, units: 2, condition: 100, rotated: true}",
        "{name: gaussian, units: 1, precision: [0.5]}",
        "{name: gaussian, mean: [300], precision: [2]}", "{name: rosenbrock, a: 0.5, b: 2}",
        "{name: gaussian_mixture, units: 1, means: [-20, 2]}",
        "{name: funnel, units: 2, scale: 0.2}"}) {
    CAPTURE(spec);
    const auto model = make_model(spec);
    REQUIRE(can_integrate(*model));
    const Quadrature found = integrate(*model, asked);
    CHECK(found.error <= asked);
    CHECK(near(found.log_integral, *model->capability<Normalized>()->log_partition(1), within));
  }
}

TEST_CASE("quadrature finds half-lines: gamma, half-normal and Cauchy laws") {
  const Function gamma(Domain::rectified(1),
                       [](const auto& x) { return 2 * x(0) - 1.5 * std::log(x(0)); });
  CHECK(near(integrate(gamma, asked, 20).log_integral, std::lgamma(2.5) - 2.5 * std::log(2.),
             within));
  const Function half(Domain{{{Domain::Kind::rectified, 1, 0}, {Domain::Kind::real, 1, 0}}},
                      [](const auto& x) { return x.squaredNorm() / 2; });
  CHECK(near(integrate(half, asked, 20).log_integral, std::log(std::numbers::pi), within));
  // The Cauchy law has a share of 2/(π sinh 17) = 5e-8 beyond the last points: part of the error.
  const Function cauchy(Domain::real(1), [](const auto& x) { return std::log1p(x(0) * x(0)); });
  const Quadrature found = integrate(cauchy, 1e-10, 18);
  const double apart = std::abs(found.log_integral - std::log(std::numbers::pi));
  CHECK(apart > 1e-9);
  CHECK(apart < 2 * found.error);
  CHECK(found.error < 1e-6);
}

TEST_CASE("what cannot be integrated is not claimed to be") {
  CHECK_FALSE(can_integrate(*make_model("{name: gaussian, units: 3}")));
  CHECK_FALSE(can_integrate(*make_model("{name: ising, sides: [2], coupling: 1}")));
  const Function flat(Domain::real(1), [](const auto&) { return 0.; });
  CHECK(integrate(flat, 1e-10, 18).error > .1);
  const Function step(Domain::real(1), [](const auto& x) {
    return x(0) > 1. / 3 ? std::numeric_limits<double>::infinity() : x(0) * x(0) / 2;
  });
  const Quadrature rough = integrate(step, 1e-12, 18);
  CHECK(rough.error > 1e-12);
  // Half a step of at most 34 / 2^18 in t, times the largest value of the integrand.
  const double exact = std::log(std::sqrt(std::numbers::pi / 2) * std::erfc(-std::sqrt(.5) / 3));
  CHECK(std::abs(rough.log_integral - exact) < 1e-4);
  const Function broken(Domain::real(1),
                        [](const auto& x) { return x(0) > 3 ? std::nan("") : 0.; });
  CHECK_THROWS_AS(integrate(broken), Diverged);
}

TEST_CASE("quadrature does not depend on the number of threads, to the last bit") {
  const auto model = make_model("{name: rosenbrock, a: 0.05, b: 5}");
  const Workers one(1), three(3);
  CHECK(gibbsite::integrate(*model, one, 1e-6, 20).log_integral ==
        gibbsite::integrate(*model, three, 1e-6, 20).log_integral);
}
