// Jarzynski weights: E[w] = Z_t / Z_0 on any given path of parameters, exactly; with resampling
// too; and weighted gradients where the kernel has had no time.
#include <gibbsite/core/choice.hpp>

#include "support/gradients.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::unique_ptr<GradientEstimator> jarzynski(const std::string& fields, EnergyModel& model,
                                             const Dataset* data = nullptr,
                                             const Workers& threads = workers()) {
  return make_gradient("{name: jarzynski_pcd, " + fields + "}",
                       context_with(model, data, nullptr, threads));
}

// Parameters of an RBM(visible, hidden) at the points 1, 2, 3 … of a path, by the recipe with a
// growing scale.
std::vector<Parameters> path(Index visible, Index hidden) {
  std::vector<Parameters> all;
  for (const double scale : {0.5, 1.5, 2.5, 3.0})
    all.push_back(recipe_rbm(visible, hidden, scale)->capability<Parametric>()->parameters());
  return all;
}

// The estimates of log Z along the path, and whether walkers were resampled.
std::vector<std::pair<double, double>> along(const GradientEstimator& estimator, EnergyModel& model,
                                             const std::vector<Parameters>& thetas,
                                             const Batch& data, const Stream& random) {
  auto& parametric = *model.capability<Parametric>();
  parametric.set_parameters(thetas[0]);
  Saved saved = estimator.init(random.split("init"));
  std::vector<std::pair<double, double>> found;
  for (std::size_t t = 0; t < thetas.size(); ++t) {
    parametric.set_parameters(thetas[t]);
    const auto values = estimator.estimate(data, saved, random.at(t)).statistics;
    found.emplace_back(values.at(1), values.at(2));
  }
  return found;
}

double log_z(EnergyModel& model, const Parameters& theta) {
  model.capability<Parametric>()->set_parameters(theta);
  return log_sum_over_states(model);
}

}  // namespace

// Every outcome of the start and of every move of one walker: 8 · 32 · 32.
TEST_CASE("the mean weight over all outcomes is Z_t to 1e-12, at every point of the path") {
  const auto rbm = recipe_rbm(3, 2, 1);
  const Workers one(1);
  const Rows rows(all_states(rbm->domain()).leftCols(3));
  auto thetas = path(3, 2);
  thetas.resize(2);
  for (const std::string start : {"uniform", "data"}) {
    CAPTURE(start);
    const auto estimator = jarzynski("chains: 1, start: " + start, *rbm, &rows, one);
    std::vector<std::pair<double, double>> now;
    std::vector<double> mean(thetas.size());
    Outcomes::walk([&] { now = along(*estimator, *rbm, thetas, rows.x(), Stream(1)); },
                   [&](double probability) {
                     for (std::size_t t = 0; t < mean.size(); ++t)
                       mean[t] += probability * std::exp(now[t].first);
                   });
    for (std::size_t t = 0; t < mean.size(); ++t)
      CHECK(near(std::log(mean[t]), log_z(*rbm, thetas[t]), 1e-12));
  }
}

// 4.5 standard errors at 4 points, twice: a false alarm at a rate of 5e-5.
TEST_CASE("resampling keeps the mean of the estimate of Z") {
  const auto rbm = recipe_rbm(6, 4, 1);
  const auto thetas = path(6, 4);
  const Batch data = all_states(rbm->domain()).leftCols(1);
  std::vector<double> truth;
  for (const Parameters& theta : thetas) truth.push_back(log_z(*rbm, theta));
  for (const std::string share : {"0.8", "1"}) {
    CAPTURE(share);
    const auto estimator = jarzynski("chains: 20, start: uniform, resample_below: " + share, *rbm);
    double resampled = 0;
    const Means means = means_of(400, [&](std::uint64_t call) {
      const auto found =
          along(*estimator, *rbm, thetas, data, Stream(2).split("repeat").split(call));
      Parameters ratios(Index(thetas.size()));
      for (std::size_t t = 0; t < thetas.size(); ++t) {
        ratios(Index(t)) = std::exp(found[t].first - truth[t]);
        resampled += found[t].second;
      }
      return ratios;
    });
    CHECK(largest_t(means, Parameters(Parameters::Ones(4))) < 4.5);
    CHECK(resampled > 100);
  }
}

// 62 means over 40 calls: beyond 5.6 at a rate of 1e-4. With 4000 walkers the bias of the ratio is
// a sixtieth of that.
TEST_CASE("weights make up for moves that were not made") {
  const auto rbm = recipe_rbm(8, 6, 1);
  const Rows rows(two_of_four());
  const Parameters exact = exact_gradient(*rbm, rows.x());
  const auto estimator = jarzynski("chains: 4000, start: uniform, resample_below: 0", *rbm, &rows);
  CHECK(largest_t(ascents(*estimator, rows.x(), 40, Stream(3)), exact) < 5.6);
  const auto plain =
      make_gradient("{name: contrastive_divergence, persistent: true, start: noise, chains: 4000}",
                    context_with(*rbm, &rows));
  CHECK(largest_t(ascents(*plain, rows.x(), 40, Stream(3)), exact) > 20);
}

// The path is that of the exact gradient, so that it does not depend on the walkers. 4.5 standard
// errors at 3 points, twice: a false alarm at a rate of 4e-5.
TEST_CASE("over 60 updates of a given path the mean of the estimate of Z is kept") {
  const auto rbm = recipe_rbm(6, 4, .5);
  auto& parametric = *rbm->capability<Parametric>();
  const Batch data = all_states(rbm->domain()).leftCols(9);
  std::vector<Parameters> thetas;
  std::vector<double> truth;
  for (int n = 0; n < 60; ++n) {
    thetas.push_back(parametric.parameters());
    truth.push_back(log_sum_over_states(*rbm));
    parametric.set_parameters(thetas.back() + 0.2 * exact_gradient(*rbm, data));
  }
  for (const std::string share : {"0", "0.8"}) {
    CAPTURE(share);
    const auto estimator = jarzynski("chains: 20, start: uniform, resample_below: " + share, *rbm);
    const Means means = means_of(120, [&](std::uint64_t call) {
      const auto found =
          along(*estimator, *rbm, thetas, data, Stream(6).split("repeat").split(call));
      return Parameters(Eigen::Vector3d(std::exp(found[1].first - truth[1]),
                                        std::exp(found[30].first - truth[30]),
                                        std::exp(found[59].first - truth[59])));
    });
    CHECK(largest_t(means, Parameters(Parameters::Ones(3))) < 4.5);
  }
}

// A step of rate γ along a gradient that N walkers have made lowers the weights of these same
// walkers by γ Σ_i Var(∂E/∂θ_i) / N too much on average, update by update. Moves in between leave
// of this what they leave of correlations: λ₂ = .14 at the start, and more later on.
TEST_CASE(
    "a path of its own making costs the estimate of ln Z little, as walkers move in between") {
  const auto rbm = recipe_rbm(8, 6, .5);
  auto& parametric = *rbm->capability<Parametric>();
  const Parameters start = parametric.parameters();
  const Rows rows(two_of_four());
  const Batch all = all_states(rbm->domain());
  constexpr double rate = .05;
  constexpr Index walkers = 50, updates = 100;
  const auto estimator =
      jarzynski("chains: 50, start: model, steps: 2, resample_below: 0", *rbm, &rows);
  Moments lost;
  double without_moves = 0;
  for (std::uint64_t run = 0; run < 10; ++run) {
    parametric.set_parameters(start);
    Saved saved = estimator->init(Stream(8).at(run));
    double error = 0;
    for (std::uint64_t n = 0; n <= updates; ++n) {
      const GradientEstimate estimate =
          estimator->estimate(rows.x(), saved, Stream(9).split(run).at(n));
      error = estimate.statistics[1] - log_sum_over_states(*rbm);
      if (n == updates) break;
      if (run == 0) {
        const Row p = law(*rbm);
        double variance = -mean_gradient_over_states(*rbm).squaredNorm();
        for (Index x = 0; x < all.cols(); ++x) {
          Parameters one = Parameters::Zero(start.size());
          parametric.parameter_gradient(all.col(x), Row::Ones(1), one);
          variance += p(x) * one.squaredNorm();
        }
        without_moves += rate * variance / walkers;
      }
      parametric.set_parameters(parametric.parameters() + rate * estimate.ascent);
    }
    lost.add(-error);
  }
  CHECK(lost.mean < .25 * without_moves);
}

TEST_CASE("from exact draws ln Z is exact at first, and weights stay equal while θ stands still") {
  const auto rbm = recipe_rbm(8, 6, 2);
  const Batch data = two_of_four();
  const auto estimator = jarzynski("chains: 50, start: model, steps: 3", *rbm);
  CHECK(estimator->statistics() ==
        std::vector<std::string>{"weight_effective_sample_size", "log_partition", "resampled"});
  Saved saved = estimator->init(Stream(4));
  const double truth = log_sum_over_states(*rbm);
  for (std::uint64_t call = 0; call < 5; ++call) {
    const GradientEstimate estimate = estimator->estimate(data, saved, Stream(5).at(call));
    CHECK(near(estimate.statistics[0], 50, 1e-10));
    CHECK(near(estimate.statistics[1], truth, 1e-12));
    CHECK(estimate.statistics[2] == 0);
    CHECK(estimate.max_chain_age == 3 * double(call + 1));
  }
}

TEST_CASE("kernels that do not keep the law of x are refused, and starts that cannot be had") {
  const auto gaussian = make_model("{name: gaussian, units: 2}");
  const auto refusal = [](const std::string& fields, EnergyModel& model) {
    return error_of([&] { jarzynski("start: uniform, " + fields, model); });
  };
  CHECK(refusal("sampler: ula", *gaussian) ==
        "gradient jarzynski_pcd: sampler: must leave the law of x exactly as it is, which ula does "
        "not");
  const auto rbm = recipe_rbm(4, 3, 1);
  CHECK(refusal("sampler: {name: parallel_tempering, temperatures: 3}", *rbm)
            .find("parallel_tempering does not") != std::string::npos);
  const auto large = make_model("{name: rbm, visible: 40, hidden: 40}");
  CHECK(error_of([&] { jarzynski("start: model", *large); }) ==
        "gradient jarzynski_pcd: start: model needs exact draws and log Z of the model; data or "
        "uniform do not");
  CHECK(error_of([&] { jarzynski("start: data", *large); }) ==
        "gradient jarzynski_pcd: needs a data section");
}
