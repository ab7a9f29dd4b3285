// Perturb-and-MAP learning: the likelihood's own gradient where its law is the model's, and the
// moments of its own law where it is not.
#include "support/gradients.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::unique_ptr<GradientEstimator> pam(const std::string& fields, EnergyModel& model) {
  return make_gradient("{name: perturb_and_map, " + fields + "}", context_with(model, nullptr));
}

Parameters model_side(const EnergyModel& model, const Row& p) {
  const auto& parametric = *model.capability<Parametric>();
  Parameters out = Parameters::Zero(parametric.parameters().size());
  parametric.parameter_gradient(all_states(model.domain()), p, out);
  return out;
}

}  // namespace

// At most 31 means over 400 calls: one exceeds 5 standard errors at a rate of 2e-5.
TEST_CASE("with a perturbation of every configuration the ascent is unbiased") {
  const auto rbm = recipe_rbm(4, 3, 1);
  const auto potts = make_model(
      "{name: discrete_boltzmann, units: 3, levels: 3, interaction: potts, weight_scale: 1}");
  for (EnergyModel* model : {rbm.get(), potts.get()}) {
    CAPTURE(model->domain().text());
    const Batch data = all_states(model->domain()).leftCols(4);
    const auto estimator = pam("perturbation: full, draws: 30", *model);
    CHECK(largest_t(ascents(*estimator, data, 400, Stream(1)), exact_gradient(*model, data)) < 5);
  }
}

TEST_CASE("perturbations of units give the model's own moments where units do not interact") {
  const auto bits = recipe_boltzmann(5, 0, true);
  // Of more than two states: there the sign of a perturbation matters too.
  const auto categories =
      make_model("{name: categorical, units: 2, levels: 4, weights: [1, 2, 3, 9]}");
  for (EnergyModel* free : {bits.get(), categories.get()}) {
    CAPTURE(free->domain().text());
    const Batch data = all_states(free->domain()).leftCols(4);
    const auto estimator = pam("draws: 30", *free);
    CHECK(largest_t(ascents(*estimator, data, 400, Stream(2)), exact_gradient(*free, data)) < 5);
  }
}

// With E = -w x_1 x_2 - b·x and logistic differences g_i = γ_i(1) - γ_i(0), state (1, 1) wins where
// w + u_1 + u_2, w + u_1 and w + u_2 > 0, u = b + g; state (1, 0) where u_1 > 0, u_1 > u_2 and
// w + u_2 < 0, and so on. Their probabilities by the midpoint rule over g_1, in units of
// probability.
TEST_CASE("two interacting units have the moments of the perturbed law, not those of the model") {
  constexpr double w = 2, b[] = {.3, -.6};
  const auto model = make_model("{name: boltzmann_machine, units: 2}");
  Parameters theta(6);
  theta << 0, w / 2, w / 2, 0, b[0], b[1];
  model->capability<Parametric>()->set_parameters(theta);
  Row p = Row::Zero(4);  // x_1 varies fastest
  constexpr int points = 200000;
  for (int n = 0; n < points; ++n) {
    const double u1 = b[0] + logit((n + .5) / points);
    // Given x_2 the best x_1 is known; x_2 = 1 wins where u_2 exceeds this.
    const double threshold = std::max(0., u1) - std::max(0., u1 + w);
    const double one = sigmoid(b[1] - threshold);
    p(u1 + w > 0 ? 3 : 2) += one / points;
    p(u1 > 0 ? 1 : 0) += (1 - one) / points;
  }
  const Batch data = all_states(model->domain());
  const Parameters expected = model_side(*model, p - .25);
  const Means means = ascents(*pam("draws: 200", *model), data, 400, Stream(3));
  CHECK(largest_t(means, expected) < 5);
  CHECK(largest_t(means, exact_gradient(*model, data)) > 10);
}

TEST_CASE("maxima that cannot be found exactly are refused, before and during training") {
  const auto large = recipe_boltzmann(30, 1, true);
  CHECK(error_of([&] { pam("draws: 3", *large); }) ==
        "gradient perturb_and_map: needs two-state units without frustrated cycles, or at most "
        "2^20 states, got 2^30 states");
  auto& parametric = *large->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  parametric.set_parameters(theta.cwiseAbs());
  const auto estimator = pam("draws: 3", *large);
  Saved saved;
  const Batch data = Batch::Ones(30, 2);
  CHECK(estimator->estimate(data, saved, Stream(4)).ascent.allFinite());
  parametric.set_parameters(theta);
  CHECK_THROWS_AS(estimator->estimate(data, saved, Stream(4)), Error);
  const auto gaussian = make_model("{name: gaussian, units: 2}");
  CHECK(error_of([&] { pam("draws: 3", *gaussian); }).find("needs a pairwise model") !=
        std::string::npos);
}
