// Stochastic maximum likelihood: unbiased with exact draws, one with contrastive divergence where
// the two are alike, and variances that are those of the law.
#include "support/gradients.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::unique_ptr<GradientEstimator> sml(const std::string& fields, EnergyModel& model,
                                       const Dataset* data = nullptr) {
  return make_gradient("{name: stochastic_maximum_likelihood, " + fields + "}",
                       context_with(model, data));
}

}  // namespace

// Of 62 means over 400 calls one exceeds 5 standard errors at a rate of 5e-5.
TEST_CASE("with exact draws the ascent is unbiased, and as precise as independent draws make it") {
  const auto rbm = recipe_rbm(8, 6, 3);
  const Batch data = two_of_four();
  const auto estimator =
      sml("start: noise, chains: 20, draws: 3, gradient_variance: true, sampler: exact", *rbm);
  double total = 0, predicted = 0;
  const Means means = means_of(400, [&](std::uint64_t call) {
    Saved saved = estimator->init(Stream(1));
    const GradientEstimate one = estimator->estimate(data, saved, Stream(2).at(call));
    predicted += one.statistics.at(1) / 60 / 400;
    return one.ascent;
  });
  CHECK(largest_t(means, exact_gradient(*rbm, data)) < 5);
  for (const Moments& each : means) total += each.variance();
  // A sum of variances from 400 calls is known to √(2/399) of itself or better.
  CHECK(std::abs(total / predicted - 1) < 5 * .071);
}

TEST_CASE("perfect draws are as good as exact ones where units attract") {
  const auto rbm = recipe_rbm(4, 3, 1);
  auto& parametric = *rbm->capability<Parametric>();
  Parameters theta = parametric.parameters();
  theta.head(12) = theta.head(12).cwiseAbs();
  parametric.set_parameters(theta);
  const Batch data = all_states(rbm->domain()).leftCols(5);
  const auto estimator = sml("start: noise, chains: 40, sampler: perfect", *rbm);
  // 19 means: a false alarm at a rate of 1e-5.
  CHECK(largest_t(ascents(*estimator, data, 400, Stream(3)), exact_gradient(*rbm, data)) < 5);
}

// 5 standard errors each.
TEST_CASE("the reported variances of energy and gradient are those of the model's law") {
  const auto rbm = recipe_rbm(4, 3, 2);
  const Batch all = all_states(rbm->domain());
  const Row p = law(*rbm), energy = energies(*rbm, all);
  const double energy_variance = (p * energy.square()).sum() - std::pow((p * energy).sum(), 2);
  double gradient_variance = -mean_gradient_over_states(*rbm).squaredNorm();
  for (Index n = 0; n < all.cols(); ++n) {
    Parameters one = Parameters::Zero(19);
    rbm->capability<Parametric>()->parameter_gradient(all.col(n), Row::Ones(1), one);
    gradient_variance += p(n) * one.squaredNorm();
  }
  const auto estimator =
      sml("start: noise, chains: 7, draws: 2, gradient_variance: true, sampler: exact", *rbm);
  CHECK(estimator->statistics() ==
        std::vector<std::string>{"energy_variance", "gradient_variance"});
  const Means means = means_of(1000, [&](std::uint64_t call) {
    Saved saved = estimator->init(Stream(1));
    const auto values = estimator->estimate(all, saved, Stream(4).at(call)).statistics;
    return Parameters(Eigen::Map<const Parameters>(values.data(), Index(values.size())));
  });
  CHECK(largest_t(means, Parameters(Eigen::Vector2d(energy_variance, gradient_variance))) < 5);
}

TEST_CASE("one draw per chain is contrastive divergence from noise, and persistent it is PCD") {
  const auto rbm = recipe_rbm(8, 6, 1);
  const Rows rows(two_of_four().replicate(1, 20));
  const auto same = [&](const std::string& ours, const std::string& theirs) {
    const auto one = sml(ours, *rbm, &rows);
    const auto two =
        make_gradient("{name: contrastive_divergence, " + theirs + "}", context_with(*rbm, &rows));
    Saved a = one->init(Stream(5)), b = two->init(Stream(5));
    for (std::uint64_t call = 0; call < 3; ++call) {
      const GradientEstimate x = one->estimate(rows.x(), a, Stream(6).at(call)),
                             y = two->estimate(rows.x(), b, Stream(6).at(call));
      // Terms of particles whose energies are known are added up apart.
      CHECK((x.ascent - y.ascent).cwiseAbs().maxCoeff() < tolerance(1e-13, 1e-5));
      CHECK(x.energy_gap == doctest::Approx(y.energy_gap).epsilon(tolerance(1e-12, 1e-5)));
      CHECK(x.mean_chain_age == y.mean_chain_age);
    }
  };
  same("start: noise, chains: 120, burn_in: 3", "start: noise, steps: 3");
  same("persistent: true, chains: 50, burn_in: 2", "persistent: true, chains: 50, steps: 2");
}

TEST_CASE("draws follow each other by `thin` steps, the first one after `burn_in`") {
  const auto rbm = recipe_rbm(8, 6, 2);
  const Batch data = two_of_four();
  const auto after = [&](const std::string& steps) {
    Saved saved;
    return sml("start: noise, chains: 30, " + steps, *rbm)->estimate(data, saved, Stream(7));
  };
  const GradientEstimate all = after("burn_in: 4, draws: 3, thin: 2");
  const Parameters mean =
      (after("burn_in: 4").ascent + after("burn_in: 6").ascent + after("burn_in: 8").ascent) / 3;
  CHECK(distance(all.ascent, mean) < 1e-13);
  CHECK(all.mean_chain_age == 8);
  CHECK(distance(all.ascent, after("burn_in: 8").ascent) > .01);
}

TEST_CASE("chains that are to start at data need data") {
  const auto rbm = recipe_rbm(4, 3, 1);
  CHECK(error_of([&] { sml("chains: 3", *rbm); }) ==
        "gradient stochastic_maximum_likelihood: needs a data section");
}
