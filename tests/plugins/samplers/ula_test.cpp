// Unadjusted Langevin: its stationary law is known on N(0, 1), bias included.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

// z < 5 has a false-alarm rate of 6e-7; a variance that is off by 3.2 % gives z = 5.
TEST_CASE("the stationary variance of ula on N(0, 1) is 1 / (1 - ε/4)") {
  for (const double step : {0.2, 0.5, 1.0}) {
    const auto make = sampler("{name: ula, step_size: " + std::to_string(step) + "}");
    CHECK(std::abs(langevin_variance_z(make, step)) < 5);
  }
}

TEST_CASE("ula says that it is not exact") {
  const auto model = make_model("{name: gaussian, mean: [0]}");
  CHECK_FALSE(make_sampler("{name: ula}", *model)->is_exact());
}

TEST_CASE("the drift of ula is ε/2 times the gradient and its noise has variance ε") {
  const auto model = make_model("{name: gaussian, mean: [1, 0], precision: [2, -1, -1, 1]}");
  constexpr Index chains = 20000;
  constexpr double step = 0.3;
  const auto kernel = make_sampler("{name: ula, step_size: 0.3}", *model);
  Chains now = kernel->init(Vector::Ones(2).replicate(1, chains));
  const Batch drift = Real(step / 2) * now.gradient.col(0);  // all chains start at (1, 1)
  kernel->step(now, Stream(2));
  const Batch noise = (now.x.colwise() - Vector::Ones(2)).colwise() + Vector(drift);
  for (Index i = 0; i < 2; ++i) {
    Moments moments;
    for (Index c = 0; c < chains; ++c) moments.add(double(noise(i, c)));
    CHECK(std::abs(moments.mean) < 5 * std::sqrt(step / chains));
    CHECK(std::abs(moments.variance() / step - 1) < 5 * std::sqrt(2.0 / chains));
  }
}

TEST_CASE("ula takes one gradient per chain and step, none besides the first") {
  const auto model = make_model("{name: gaussian, mean: [0, 0]}");
  const auto kernel = make_sampler("{name: ula}", *model);
  const Evaluations before = model->evaluations();
  Chains chains = kernel->init(Batch::Zero(2, 7));
  for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(1).at(n));
  CHECK(model->evaluations() - before == Evaluations{.gradient = 7 * 4});
}

TEST_CASE("ula stays and reports diverging where the energy is not finite") {
  HalfNan model(2);
  const auto kernel = make_sampler("{name: ula, step_size: 0.5}", model);
  Chains chains = kernel->init(Batch::Constant(2, 200, Real(-0.2)));
  const Batch before = chains.x;
  kernel->step(chains, Stream(1));
  Index stayed = 0;
  for (Index c = 0; c < 200; ++c) {
    CHECK((chains.statistics(1, c) == 1) == (chains.x.col(c) == before.col(c)));
    stayed += chains.statistics(1, c) == 1;
  }
  CHECK(stayed > 20);
}
