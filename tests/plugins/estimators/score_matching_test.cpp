// Score matching: exact, sliced and denoising.
#include <Eigen/LU>
#include <cmath>

#include "support/population.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const std::string network = "{name: mlp, units: 2, hidden: [6, 5], weight_scale: 2}";
const std::string mixture =
    "{name: gaussian_mixture, weights: [1, 2], means: [-1, 0, 1, 1], standard_deviations: [0.7, "
    "1]}";

std::unique_ptr<GradientEstimator> made(const std::string& yaml, EnergyModel& model) {
  return make_gradient(yaml, context_with(model, nullptr));
}

GradientEstimate estimate(const std::string& yaml, EnergyModel& model, const Batch& data,
                          std::uint64_t seed = 1) {
  Saved saved;
  return made(yaml, model)->estimate(data, saved, Stream(seed));
}

std::unique_ptr<EnergyModel> line(double precision, double mean = 0) {
  return make_model("{name: gaussian, mean: [" + number_text(mean) + "], precision: [" +
                    number_text(precision) + "]}");
}

Batch some_points(Index dim, Index count) {
  Batch x(dim, count);
  Stream random(9);
  random.normal(x);
  return x;
}

// The largest |t| of the means of 60 calls against `objective` and `ascent`.
double largest_t(const std::string& yaml, EnergyModel& model, const Batch& data, double objective,
                 const Parameters& ascent) {
  const auto estimator = made(yaml, model);
  std::vector<Moments> moments(std::size_t(ascent.size()) + 1);
  for (std::uint64_t call = 0; call < 60; ++call) {
    Saved saved;
    const GradientEstimate found = estimator->estimate(data, saved, Stream(8).at(call));
    moments[0].add(found.objective - objective);
    for (Index i = 0; i < ascent.size(); ++i)
      moments[std::size_t(i) + 1].add(found.ascent(i) - ascent(i));
  }
  double largest = 0;
  for (const Moments& m : moments)
    if (m.variance() > 1e-16)
      largest = std::max(largest, std::abs(m.mean) / std::sqrt(m.variance() / 60));
    else
      CHECK(std::abs(m.mean) < 1e-8);
  return largest;
}

}  // namespace

TEST_CASE("score matching of a normal law is its closed form, best at 1 / E x²") {
  const Batch x = some_points(1, 50);
  const double square = x.squaredNorm() / 50, mean = x.mean();
  for (const double precision : {.3, 1 / square, 2.}) {
    const auto model = line(precision);
    const GradientEstimate found = estimate("score_matching", *model, x);
    CHECK(near(found.objective, precision - precision * precision * square / 2, 1e-9));
    CHECK(near(found.ascent(0), precision * precision * mean, 1e-8));
    CHECK(near(found.ascent(1), 1 - precision * square, 1e-8));
  }
  // Data on a bounded set mislead it: those even on [0, 1] ask for λ = 3.
  Batch even(1, 1000);
  for (Index n = 0; n < 1000; ++n) even(0, n) = Real((double(n) + .5) / 1000);
  CHECK(std::abs(estimate("score_matching", *line(3), even).ascent(1)) < 1e-5);
}

TEST_CASE("score matching in the plane is best at the inverse of the second moments") {
  const Batch x = some_points(2, 40);
  const Eigen::Matrix2d square = (x * x.transpose()).cast<double>() / 40;
  const Eigen::Matrix2d best = square.inverse();
  const auto model = make_model("{name: gaussian, units: 2}");
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = Parameters::Zero(6);
  theta.tail(4) = best.reshaped();
  parametric.set_parameters(theta);
  CHECK(estimate("score_matching", *model, x).ascent.tail(4).cwiseAbs().maxCoeff() < 1e-8);
}

TEST_CASE("the objectives of score matching have the gradients that are given for them") {
  for (const std::string& spec :
       {network, mixture,
        std::string("{name: mlp, units: 2, hidden: [7], activation: tanh, "
                    "weight_scale: 2}")}) {
    const auto model = make_model(spec);
    for (const std::string yaml :
         {"score_matching", "{name: sliced_score_matching, slices: 3}",
          "{name: sliced_score_matching, slices: 2, variance_reduced: false, directions: normal}",
          "{name: denoising_score_matching, sigma: 0.3, draws: 2}"}) {
      INFO(yaml << " on " << spec);
      check_ascent(*made(yaml, *model), *model, some_points(2, 9), 1e-7);
    }
  }
}

TEST_CASE("over all slices of ±1 sliced score matching is score matching") {
  const Workers one(1);
  const Batch x = some_points(2, 1);
  for (const std::string& spec : {network, mixture}) {
    const auto model = make_model(spec);
    const GradientEstimate exact = estimate("score_matching", *model, x);
    for (const std::string more : {"true", "false"}) {
      INFO(spec << ", variance_reduced: " << more);
      const auto sliced =
          make_gradient("{name: sliced_score_matching, variance_reduced: " + more + "}",
                        context_with(*model, nullptr, nullptr, one));
      double objective = 0, spread = 0;
      Parameters ascent = Parameters::Zero(exact.ascent.size());
      GradientEstimate at_hand;
      Outcomes::walk(
          [&] {
            Saved saved;
            at_hand = sliced->estimate(x, saved, Stream(1));
          },
          [&](double probability) {
            objective += probability * at_hand.objective;
            ascent += probability * at_hand.ascent;
            spread = std::max(spread, std::abs(at_hand.objective - exact.objective));
          });
      CHECK(near(objective, exact.objective, 1e-8));
      CHECK(distance(ascent, exact.ascent) < 1e-8);
      CHECK(spread > 1e-3);
    }
  }
}

// Some 60 means of 59 degrees of freedom for each of four: a false alarm in 2 of 1000 runs at
// |t| > 5.2.
TEST_CASE("over normal slices, and by many of them, sliced score matching is score matching") {
  const Batch x = some_points(2, 30);
  for (const std::string& spec : {network, mixture}) {
    const auto model = make_model(spec);
    const GradientEstimate exact = estimate("score_matching", *model, x);
    for (const std::string more :
         {"variance_reduced: false, directions: normal", "directions: normal, slices: 2"}) {
      INFO(spec << ", " << more);
      CHECK(largest_t("{name: sliced_score_matching, " + more + "}", *model, x, exact.objective,
                      exact.ascent) < 5.2);
    }
  }
}

// E J = -[(λ - 1/σ²)² σ² + λ² E x²]/2 - terms without λ: the noise is z = (y - x)/σ, so that
// ∇E(y) - z/σ = λx + (λσ - 1/σ)z.
TEST_CASE("denoising score matching learns the blurred law: best at 1 / (E x² + σ²)") {
  const Batch x = some_points(1, 2000);
  const double square = x.squaredNorm() / 2000, mean = x.mean(), sigma = .5;
  for (const double precision : {1 / (square + sigma * sigma), 1 / square, .3}) {
    const double of_noise = precision * sigma - 1 / sigma;
    Parameters ascent(2);
    ascent << precision * precision * mean, -precision * square - of_noise * sigma;
    const double objective = -(precision * precision * square + of_noise * of_noise) / 2;
    const auto model = line(precision);
    for (const std::string more : {"", ", draws: 3"})
      CHECK(largest_t("{name: denoising_score_matching, sigma: 0.5" + more + "}", *model, x,
                      objective, ascent) < 5);
    if (precision == 1 / (square + sigma * sigma)) CHECK(std::abs(ascent(1)) < 1e-12);
  }
}

TEST_CASE("score matching costs what it says") {
  const auto model = make_model("{name: gaussian, units: 5}");
  const Batch x = some_points(5, 7);
  const auto cost = [&](const std::string& yaml) {
    const Evaluations before = model->evaluations();
    estimate(yaml, *model, x);
    return model->evaluations() - before;
  };
  CHECK(cost("score_matching") == Evaluations{.gradient = 7 * 21, .parameter_gradient = 7 * 21});
  CHECK(cost("{name: sliced_score_matching, slices: 3}") ==
        Evaluations{.gradient = 7 * 13, .parameter_gradient = 7 * 17});
  CHECK(cost("{name: sliced_score_matching, slices: 3, variance_reduced: false}") ==
        Evaluations{.gradient = 7 * 13, .parameter_gradient = 7 * 13});
  CHECK(cost("{name: denoising_score_matching, draws: 2}") ==
        Evaluations{.gradient = 14, .parameter_gradient = 14 * 4});
}

TEST_CASE("score matching works in units of any size by its length scale") {
  // Data and law a thousand times narrower; the derivative by λ is the same number.
  const Batch x = some_points(2, 20);
  const auto wide =
      make_model("{name: gaussian_mixture, units: 2, weights: [1, 2], means: [-1, 0, 1, 1]}");
  const auto narrow = make_model(
      "{name: gaussian_mixture, units: 2, weights: [1, 2], means: [-0.001, 0, 0.001, "
      "0.001], standard_deviations: [0.001]}");
  for (const std::string name :
       {"score_matching", "sliced_score_matching", "denoising_score_matching"}) {
    CAPTURE(name);
    const bool denoising = name == "denoising_score_matching";
    const GradientEstimate one =
        estimate("{name: " + name + (denoising ? ", sigma: 0.2}" : "}"), *wide, x);
    const auto small = [&](const std::string& scale) {
      return estimate(
          "{name: " + name + ", length_scale: " + scale + (denoising ? ", sigma: 0.0002}" : "}"),
          *narrow, Real(.001) * x);
    };
    const GradientEstimate other = small("0.001");
    CHECK(near(other.objective * 1e-6, one.objective, 1e-8));
    CHECK(std::abs(other.ascent(0) * 1e-6 - one.ascent(0)) < 1e-7);
    CHECK_FALSE(std::abs(small("1").ascent(0) * 1e-6 - one.ascent(0)) < 1e-4);
  }
}

TEST_CASE(
    "score matching refuses models without a gradient, and stops at gradients that are not "
    "finite") {
  const auto spins = make_model("{name: mlp, units: 3, domain: spin}");
  const auto rbm = make_model("{name: rbm, visible: 3, hidden: 2}");
  for (const std::string name :
       {"score_matching", "sliced_score_matching", "denoising_score_matching"}) {
    for (EnergyModel* model : {spins.get(), rbm.get()})
      CHECK(error_of([&] { made(name, *model); }).find("capability 'gradient'") !=
            std::string::npos);
    CHECK_THROWS_AS(
        estimate(name, *line(1), Batch::Constant(1, 3, std::numeric_limits<Real>::infinity())),
        Diverged);
  }
}
