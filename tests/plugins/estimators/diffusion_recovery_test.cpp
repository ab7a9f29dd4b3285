// Diffusion recovery likelihood on the line, where every law is normal. With E_t(y) = λy²/2 and
// κ = 1 + λσ², y given x̃ is N(x̃/κ, σ²/κ).
#include <cmath>

#include "support/gradients.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const std::vector<double> noise = {.3, .6, .9};

// θ = (mean of y and level, their precision row by row): entry 2 is λ, with ∂E/∂λ = y²/2.
std::unique_ptr<EnergyModel> line(double lambda) {
  return make_model(
      "{name: noise_conditional, noise: [0.3, 0.6, 0.9], model: {name: gaussian, "
      "mean: [0, 0], precision: [" +
      number_text(lambda) + ", 0, 0, 1]}}");
}

// E y_t² of data with the mean square m.
double square_of_y(std::size_t t, double m) {
  double kept = 1;
  for (std::size_t s = 0; s < t; ++s) kept *= 1 - noise[s] * noise[s];
  return (1 - noise[t] * noise[t]) * (kept * m + 1 - kept);
}

// The mean of ln p(y_t | x_{t+1}) over levels and noise, but for what does not depend on λ.
double recovery_likelihood(double lambda, double m) {
  double sum = 0;
  for (std::size_t t = 0; t < noise.size(); ++t) {
    const double y = square_of_y(t, m), v = noise[t] * noise[t], kappa = 1 + lambda * v;
    sum += -lambda * y / 2 + std::log(kappa) / 2 + lambda * (y + v) / (2 * kappa);
  }
  return sum / double(noise.size());
}

// The mean of 40 estimates of the slope in λ at 200 observations ±c, and its standard error.
std::pair<double, double> slope(double lambda, double c, const std::string& sampler) {
  const auto model = line(lambda);
  const auto estimator = make_gradient("{name: diffusion_recovery, sampler: " + sampler + "}",
                                       context_with(*model, nullptr));
  Batch data = Batch::Constant(1, 200, Real(c));
  data.rightCols(100) *= -1;
  Moments found;
  for (std::uint64_t call = 0; call < 40; ++call) {
    Saved saved;
    const GradientEstimate one = estimator->estimate(data, saved, Stream(4).at(call));
    found.add(one.ascent(2));
    CHECK(near(one.energy_gap, -lambda * one.ascent(2), tolerance(1e-12, 1e-4)));
    CHECK(std::isnan(one.objective));
    CHECK(one.max_chain_age == 30);
  }
  return {found.mean, std::sqrt(found.variance() / found.count)};
}

}  // namespace

// t with 39 degrees of freedom is beyond 6 with probability 5e-7.
TEST_CASE("diffusion_recovery climbs the likelihood of y given noisier data") {
  const double c = 1.2, h = 1e-4;
  for (const double lambda : {.4, 1.3, 4.}) {
    CAPTURE(lambda);
    const double by_differences =
        (recovery_likelihood(lambda + h, c * c) - recovery_likelihood(lambda - h, c * c)) / (2 * h);
    const auto [mean, error] = slope(lambda, c, "{name: mala, step_size: 0.8}");
    CHECK(std::abs(mean - by_differences) < 6 * error);
    CHECK(error < .02);
  }
}

TEST_CASE("diffusion_recovery stands still where e^{-E} is the law of the noisy data") {
  // Of data with mean square 1 every y_t has mean square 1 - σ²; with one level λ* = 1/(1 - σ²).
  const double sigma = .6, best = 1 / (1 - sigma * sigma);
  const auto model = make_model(
      "{name: noise_conditional, noise: [0.6], model: {name: gaussian, "
      "mean: [0, 0], precision: [" +
      number_text(best) + ", 0, 0, 1]}}");
  const auto estimator =
      make_gradient("{name: diffusion_recovery, sampler: {name: mala, step_size: 0.8}}",
                    context_with(*model, nullptr));
  Batch data(1, 500);
  Moments found;
  for (std::uint64_t call = 0; call < 40; ++call) {
    Stream random = Stream(6).at(call);
    random.normal(data);
    Saved saved;
    found.add(estimator->estimate(data, saved, Stream(7).at(call)).ascent(2));
  }
  CHECK(std::abs(found.mean) < 6 * std::sqrt(found.variance() / found.count));
  CHECK(std::sqrt(found.variance() / found.count) < .01);
}

// K steps u' = (1 - εκ/2) u - (ε/2) λσx̃ + √ε ξ from u = 0 have made, with r = 1 - εκ/2, a mean of
// -λσx̃ (1 - r^K)/κ and a variance of ε (1 - r^{2K})/(1 - r²).
TEST_CASE("diffusion_recovery makes K steps in units of the noise from the noisier data") {
  const double lambda = 1.3, c = 1.2, step = .05;
  double expected = 0;
  for (std::size_t t = 0; t < noise.size(); ++t) {
    const double y = square_of_y(t, c * c), v = noise[t] * noise[t], kappa = 1 + lambda * v;
    const double r = 1 - step * kappa / 2, left = std::pow(r, 30);
    const double share = 1 - lambda * v * (1 - left) / kappa;
    const double spread = v * step * (1 - left * left) / (1 - r * r);
    expected += (share * share * (y + v) + spread - y) / (2 * double(noise.size()));
  }
  const auto [mean, error] = slope(lambda, c, "{name: ula, step_size: 0.05}");
  CHECK(std::abs(mean - expected) < 6 * error);
}

TEST_CASE("diffusion_recovery refuses models without levels of noise") {
  const auto model = make_model("{name: gaussian, mean: [0]}");
  CHECK(error_of([&] {
          make_gradient("diffusion_recovery", context(model.get()));
        }).find("noise_levels") != std::string::npos);
}
