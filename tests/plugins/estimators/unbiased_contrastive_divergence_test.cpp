// Unbiased contrastive divergence: no bias for any k, from any start, unless chains are cut off.
#include "support/gradients.hpp"
#include "support/models.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::unique_ptr<GradientEstimator> ucd(const std::string& fields, EnergyModel& model) {
  return make_gradient("{name: unbiased_contrastive_divergence, " + fields + "}",
                       context_with(model, nullptr));
}

}  // namespace

// 42000 pairs per k in 350 calls. Of 62 means one exceeds 5 standard errors at a rate of 5e-5.
TEST_CASE("H_k is unbiased in every parameter, where CD-k is far from it") {
  const auto rbm = recipe_rbm(8, 6, 3);
  const Batch data = two_of_four().replicate(1, 20);
  const Parameters exact = exact_gradient(*rbm, data);
  for (const int steps : {1, 10}) {
    CAPTURE(steps);
    const auto estimator = ucd("steps: " + std::to_string(steps), *rbm);
    const Means means = ascents(*estimator, data, 350, Stream(1).split(std::uint64_t(steps)));
    CHECK(largest_t(means, exact) < 5);
  }
  const auto biased =
      make_gradient("{name: contrastive_divergence, steps: 1}", context_with(*rbm, nullptr));
  CHECK(largest_t(ascents(*biased, data, 350, Stream(2)), exact) > 50);
}

// 31 means: one exceeds 5 standard errors at a rate of 2e-5.
TEST_CASE("neither the start nor the number of pairs nor the kind of Gibbs kernel biases it") {
  const auto boltzmann = recipe_boltzmann(5, .5, true);
  const Batch data = all_states(boltzmann->domain()).middleCols(7, 3);
  const auto estimator = ucd("start: noise, chains: 25, steps: 2", *boltzmann);
  CHECK(largest_t(ascents(*estimator, data, 400, Stream(3)), exact_gradient(*boltzmann, data)) < 5);
  const Row p = law(*boltzmann), energy = energies(*boltzmann, all_states(boltzmann->domain()));
  const double gap = energies(*boltzmann, data).mean() - (p * energy).sum();
  Saved saved;
  const Means gaps = means_of(400, [&](std::uint64_t call) {
    const GradientEstimate one = estimator->estimate(data, saved, Stream(4).at(call));
    return Parameters(Parameters::Constant(1, one.energy_gap));
  });
  CHECK(largest_t(gaps, Parameters(Parameters::Constant(1, gap))) < 5);
}

TEST_CASE("chains that are cut off are counted, the others are as they would have been") {
  const auto rbm = recipe_rbm(8, 6, 3);
  const Batch data = two_of_four().col(0);
  const auto whole = ucd("steps: 1", *rbm), cut = ucd("steps: 1, max_steps: 4", *rbm);
  CHECK(whole->statistics() == std::vector<std::string>{"mean_meeting_time", "max_meeting_time"});
  CHECK(cut->statistics().back() == "chains_cut_off");
  Saved saved;
  int late = 0;
  for (std::uint64_t call = 0; call < 200; ++call) {
    const GradientEstimate one = whole->estimate(data, saved, Stream(5).at(call)),
                           two = cut->estimate(data, saved, Stream(5).at(call));
    const double time = one.statistics[1];
    CHECK(one.statistics[0] == time);
    CHECK(one.max_chain_age == std::max(1., time));
    CHECK(two.statistics[2] == (time > 4 ? 1 : 0));
    CHECK(two.max_chain_age == std::min(4., one.max_chain_age));
    if (time <= 4) CHECK(one.ascent == two.ascent);
    late += time > 4 ? 1 : 0;
  }
  CHECK(late > 10);
  CHECK(late < 100);
}

TEST_CASE("the meeting times are those of the sampler `coupled`") {
  const auto rbm = recipe_rbm(8, 6, 3);
  const Batch data = two_of_four().replicate(1, 100);
  Saved saved;
  const auto times = ucd("steps: 2", *rbm)->estimate(data, saved, Stream(6)).statistics;
  const auto kernel = make_sampler("coupled", *rbm);
  Chains chains = kernel->init(data);
  for (std::uint64_t t = 0; (chains.statistics.row(0) == 0).any(); ++t) {
    REQUIRE(t < 10000);
    kernel->step(chains, Stream(6).split(t));
  }
  CHECK(near(times[0], chains.statistics.row(1).mean(), 1e-12));
  CHECK(times[1] == chains.statistics.row(1).maxCoeff());
}

TEST_CASE("real coordinates, and a bound below k, are refused") {
  const auto gaussian = make_model("{name: gaussian, units: 2}");
  CHECK(error_of([&] { ucd("steps: 1", *gaussian); }) ==
        "gradient unbiased_contrastive_divergence: needs a model on discrete coordinates with "
        "discrete hidden units or conditional laws, got 2 real");
  const auto rbm = recipe_rbm(4, 3, 1);
  CHECK(error_of([&] { ucd("steps: 3, max_steps: 3", *rbm); }) ==
        "gradient unbiased_contrastive_divergence: max_steps: must be above steps (3), got 3");
}
