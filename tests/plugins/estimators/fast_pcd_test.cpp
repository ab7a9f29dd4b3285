// Fast persistent contrastive divergence: persistent contrastive divergence but for the parameters
// that its particles feel, which the model never keeps.
#include "support/gradients.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::unique_ptr<GradientEstimator> make(const std::string& name, const std::string& fields,
                                        EnergyModel& model, const Dataset* data) {
  return make_gradient("{name: " + name + ", " + fields + "}", context_with(model, data));
}

}  // namespace

TEST_CASE("with a fast rate of 0 fast PCD is persistent contrastive divergence bit by bit") {
  const auto rbm = recipe_rbm(8, 6, 1);
  const auto gaussian = make_model("{name: gaussian, mean: [0.5, -1], precision: [2, 0, 0, 1]}");
  const Rows bits(two_of_four()), points(Batch::Identity(2, 2));
  const struct {
    EnergyModel& model;
    const Rows& rows;
    std::string fields;
  } cases[] = {
      {*rbm, bits, "chains: 137, steps: 2"},
      {*rbm, bits, "chains: 20, buffer_size: 60, reinitialization_rate: 0.3, start: noise"},
      {*gaussian, points, "chains: 30, sampler: {name: mala, step_size: 0.5}"},
  };
  for (const auto& [model, rows, fields] : cases) {
    CAPTURE(fields);
    auto& parametric = *model.capability<Parametric>();
    const Parameters theta = parametric.parameters();
    const auto run = [&](const std::string& name, const std::string& more) {
      const auto estimator = make(name, fields + more, model, &rows);
      parametric.set_parameters(theta);
      Saved saved = estimator->init(Stream(1));
      std::vector<GradientEstimate> all;
      for (std::uint64_t call = 0; call < 4; ++call) {
        all.push_back(estimator->estimate(rows.x(), saved, Stream(2).at(call)));
        parametric.set_parameters(parametric.parameters() + 0.05 * all.back().ascent);
      }
      return std::pair(all, saved.chains[0].x);
    };
    const auto [fast, moved] = run("fast_pcd", ", fast_rate: 0");
    const auto [slow, expected] = run("contrastive_divergence", ", persistent: true");
    for (std::size_t call = 0; call < 4; ++call) {
      CHECK(fast[call].ascent == slow[call].ascent);
      CHECK(fast[call].energy_gap == slow[call].energy_gap);
      CHECK(fast[call].max_chain_age == slow[call].max_chain_age);
      CHECK(fast[call].statistics == std::vector<double>{0});
    }
    CHECK(moved == expected);
    const auto [other, elsewhere] = run("fast_pcd", ", fast_rate: 0.5");
    CHECK(other[0].ascent == slow[0].ascent);
    CHECK(elsewhere != expected);
  }
}

TEST_CASE("fast weights decay, take up the ascent, and are what the particles feel") {
  const auto rbm = recipe_rbm(8, 6, 1);
  auto& parametric = *rbm->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const Rows rows(two_of_four());
  const auto fast = make("fast_pcd", "chains: 40, fast_rate: 0.7, fast_decay: 0.6", *rbm, &rows);
  const auto slow = make("contrastive_divergence", "persistent: true, chains: 40", *rbm, &rows);
  Saved saved = fast->init(Stream(1));
  CHECK(saved.numbers.size() == 40 + 62);
  Parameters weights = Parameters::Zero(62);
  for (std::uint64_t call = 0; call < 5; ++call) {
    Saved alone{.numbers = std::vector<double>(40), .chains = saved.chains};
    parametric.set_parameters(theta + weights);
    slow->estimate(rows.x(), alone, Stream(2).at(call));
    parametric.set_parameters(theta);
    const GradientEstimate estimate = fast->estimate(rows.x(), saved, Stream(2).at(call));
    CHECK(saved.chains[0].x == alone.chains[0].x);
    CHECK(parametric.parameters() == theta);
    weights = 0.6 * weights + 0.7 * estimate.ascent;
    CHECK(distance(Parameters(Eigen::Map<Parameters>(saved.numbers.data() + 40, 62)), weights) <
          1e-15);
    CHECK(near(estimate.statistics.at(0), weights.norm(), 1e-14));
    // Both sides of the ascent are taken at θ, from the particles as they are now.
    Parameters expected = Parameters::Zero(62);
    parametric.parameter_gradient(rows.x(), Row::Constant(6, -1 / 6.), expected);
    parametric.parameter_gradient(saved.chains[0].x, Row::Constant(40, 1 / 40.), expected);
    CHECK(distance(estimate.ascent, expected) < 1e-13);
  }
  CHECK(weights.norm() > .1);
}

TEST_CASE("the energy gap is that of the model, not of the energy that particles feel") {
  const auto gaussian = make_model("{name: gaussian, mean: [0.5, -1], precision: [2, 0, 0, 1]}");
  const Rows points(Batch::Identity(2, 2));
  const auto estimator =
      make("fast_pcd", "chains: 30, sampler: {name: mala, step_size: 0.5}", *gaussian, &points);
  Saved saved = estimator->init(Stream(1));
  for (std::size_t i = 30; i < saved.numbers.size(); ++i) saved.numbers[i] = .1;
  const double gap = estimator->estimate(points.x(), saved, Stream(2)).energy_gap;
  CHECK(near(gap,
             energies(*gaussian, points.x()).mean() - energies(*gaussian, saved.chains[0].x).mean(),
             1e-12));
}

TEST_CASE("the model has its own parameters again, whatever happens meanwhile") {
  const auto rbm = recipe_rbm(4, 3, 1);
  auto& parametric = *rbm->capability<Parametric>();
  Parameters theta = parametric.parameters();
  theta.head(12) = 3 * theta.head(12).cwiseAbs();
  parametric.set_parameters(theta);
  const Rows rows(all_states(rbm->domain()));
  const auto failing =
      make("fast_pcd", "chains: 50, sampler: {name: perfect, max_time: 1}", *rbm, &rows);
  Saved saved = failing->init(Stream(1));
  for (std::size_t i = 50; i < saved.numbers.size(); ++i) saved.numbers[i] = .5;
  CHECK(error_of([&] { failing->estimate(rows.x(), saved, Stream(2)); }).find("have not met") !=
        std::string::npos);
  CHECK(parametric.parameters() == theta);

  // The first part takes its parameters before the second one refuses its own.
  const auto product = make_model(
      "{name: product, models: [{name: gaussian, mean: [0.5, -1]}, {name: gaussian, units: 2}]}");
  auto& both = *product->capability<Parametric>();
  const Parameters before = both.parameters();
  const Rows points(Batch::Identity(2, 2));
  const auto estimator =
      make("fast_pcd", "chains: 5, sampler: {name: mala, step_size: 0.5}", *product, &points);
  Saved indefinite = estimator->init(Stream(1));
  const std::size_t size = std::size_t(before.size());
  for (std::size_t i = 0; i < size; ++i) indefinite.numbers[5 + i] = i < size / 2 ? .1 : -9;
  CHECK_THROWS_AS(estimator->estimate(points.x(), indefinite, Stream(2)), Diverged);
  CHECK(both.parameters() == before);
}
