// MALA: its acceptance against the closed form on N(0, I), then its law.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/tuned.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("on N(0, I) the log ratio of mala is (ε/8)(|x|² - |y|²)") {
  const auto normal = make_model("{name: gaussian, units: 5}");
  const auto model = make_model("{name: gaussian, mean: [0, 0, 0, 0, 0]}");
  for (const double step : {0.1, 0.8, 3.0}) {
    WatchedModel watched(*model);
    const auto kernel =
        make_sampler("{name: mala, step_size: " + std::to_string(step) + "}", watched);
    Chains chains = kernel->init(exact_draws(*normal, 500, Stream(3)));
    const Batch x = chains.x;
    kernel->step(chains, Stream(4));
    const Batch& y = watched.asked().back();  // all proposals, those rejected among them
    Index below_one = 0;
    for (Index c = 0; c < x.cols(); ++c) {
      const double log_ratio = step / 8 * (x.col(c).squaredNorm() - y.col(c).squaredNorm());
      CHECK(std::abs(chains.statistics(0, c) - std::min(1.0, std::exp(log_ratio))) < 1e-12);
      below_one += log_ratio < 0;
    }
    CHECK(below_one > 100);
  }
}

// False-alarm rate 1e-5 each. At 1e5 starts a coordinate or an energy whose mean is off by .034
// standard deviations is found with probability .99 in the first round.
TEST_CASE("from exact starts mala keeps a correlated Gaussian and a Gaussian mixture") {
  const auto gaussian =
      make_model("{name: gaussian, mean: [1, -2], precision: [2, -1.2, -1.2, 1]}");
  const auto mixture = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-2, 0, 2, 1], standard_deviations: [.5, "
      "1]}");
  for (EnergyModel* model : {gaussian.get(), mixture.get()}) {
    const Verdict verdict = invariance_test(sampler("{name: mala, step_size: 0.5}"), *model);
    INFO("p = " << verdict.smallest_p << " in round " << verdict.rounds);
    CHECK(verdict.passed);
  }
}

// The averaged step accepts a little more often than the fluctuating steps it is the mean of.
TEST_CASE("warm-up brings mala to acceptance .574 and leaves the step size alone afterwards") {
  const auto model = make_model("{name: gaussian, units: 20}");
  const auto kernel = make_sampler("{name: mala, step_size: 0.001}", *model);
  Chains chains = kernel->init(exact_draws(*model, 50, Stream(1)));
  constexpr Index warmup = 500;
  for (Index n = 1; n <= warmup; ++n) {
    kernel->step(chains, Stream(2).at(std::uint64_t(n)));
    kernel->adapt(chains, {n, warmup});
  }
  const Table tuning = chains.tuning;
  double acceptance = 0;
  for (Index n = 0; n < 400; ++n) {
    kernel->step(chains, Stream(3).at(std::uint64_t(n)));
    acceptance += chains.statistics.row(0).mean() / 400;
  }
  CHECK(std::abs(acceptance - 0.574) < 0.06);
  CHECK((chains.tuning == tuning).all());
  CHECK((chains.statistics.row(1) == tuning.row(0)).all());
}

TEST_CASE("mala takes one gradient per chain and step, none besides the first") {
  const auto model = make_model("{name: gaussian, units: 2}");
  const auto kernel = make_sampler("{name: mala}", *model);
  const Evaluations before = model->evaluations();
  Chains chains = kernel->init(Batch::Zero(2, 7));
  for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(1).at(n));
  CHECK(model->evaluations() - before == Evaluations{.gradient = 7 * 4});
}

// Precision diag(1e4, 1): without a preconditioner the stiff coordinate sets the step, and the soft
// one takes 1e4 such steps to move; its draws are then nearly one and the same.
TEST_CASE("a diagonal preconditioner frees mala from the scales of the coordinates") {
  const auto model = make_model("{name: gaussian, mean: [0, 0], precision: [1e4, 0, 0, 1]}");
  const auto ess_per_gradient = [&](const std::string& preconditioner) {
    const auto kernel =
        make_sampler("{name: mala, preconditioner: " + preconditioner + "}", *model);
    return gradient_efficiency(*kernel, *model, 1000, 1000);
  };
  CHECK(ess_per_gradient("diagonal") > 20 * ess_per_gradient("identity"));
}

// The law under masses that warm-up has found, frozen: every chain takes over those of one.
TEST_CASE("with a learnt preconditioner mala keeps its law") {
  const auto model = make_model("{name: gaussian, mean: [1, 0], precision: [40, 3, 3, 1]}");
  const auto kernel = make_sampler("{name: mala, preconditioner: diagonal}", *model);
  CHECK(keeps_law_once_tuned(*kernel, *model));
}
