// Short runs from noise: contrastive divergence with another start, and what they learn.
#include <cmath>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("short_run is contrastive divergence from noise, bit by bit") {
  const auto model = recipe_rbm(6, 4, 1);
  const Batch data = (Stream(3).uniform(6 * 10) < .5).cast<Real>().reshaped(6, 10);
  const Context c = context(model.get());
  Saved none;
  const auto one = make_gradient("{name: short_run, steps: 3}", c)->estimate(data, none, Stream(4));
  const auto other = make_gradient("{name: contrastive_divergence, start: noise, steps: 3}", c)
                         ->estimate(data, none, Stream(4));
  CHECK(one.ascent == other.ascent);
  CHECK(one.energy_gap == other.energy_gap);
  CHECK(one.mean_chain_age == 3);
}

// K steps of the decoupled Langevin map x' = (1 - α λ) x + σ ξ on E = λx²/2 from U(-1, 1) have a
// law of known variance; the estimate of ∂E/∂λ = x²/2 from 200,000 chains is within 5 of its
// errors.
TEST_CASE("the chains of short_run have made K steps from the range asked for") {
  const double lambda = .7, alpha = .3, sigma = .2;
  const auto model = make_model("{name: gaussian, mean: [0], precision: [0.7]}");
  const auto estimator = make_gradient(
      "{name: short_run, steps: 4, chains: 200000, noise_range: [-1, 1], sampler: {name: ula, "
      "drift: 0.3, noise: 0.2}}",
      context(model.get()));
  double variance = 1 / 3.;
  for (int k = 0; k < 4; ++k) variance = std::pow(1 - alpha * lambda, 2) * variance + sigma * sigma;
  Saved none;
  const GradientEstimate found = estimator->estimate(Batch::Zero(1, 5), none, Stream(2));
  CHECK(std::isfinite(found.energy_gap));
  // energy_gap = 0 - λ mean x² / 2; x is closer to uniform than to normal, so that 2 bounds the
  // relative variance of x².
  const double mean = -2 * found.energy_gap / lambda;
  CHECK(std::abs(mean - variance) < 5 * variance * std::sqrt(2 / 200000.));
}

TEST_CASE("short_run refuses a range that is none and one for discrete coordinates") {
  const auto bits = recipe_rbm(4, 2, 1);
  const auto real = make_model("{name: gaussian, mean: [0]}");
  const auto refusal = [](EnergyModel& model, const std::string& range) {
    return error_of(
        [&] { make_gradient("{name: short_run, noise_range: " + range + "}", context(&model)); });
  };
  CHECK(refusal(*real, "[2, 1]") ==
        "gradient short_run: noise_range: must be two values, the lesser one first");
  CHECK(refusal(*bits, "[0, 1]") ==
        "gradient short_run: noise_range: must go with start: noise on real coordinates");
}
