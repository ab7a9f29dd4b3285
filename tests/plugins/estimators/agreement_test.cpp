// Estimators of ln Z against the exact value: coverage of their intervals.
#include <cmath>

#include "support/rows.hpp"

using namespace gibbsite;

namespace {

double exact_log_z(const EnergyModel& model) {
  return exact_sum(model, test::workers(), false).log_partition;
}

struct Coverage {
  int covered = 0, reliable = 0;
};

// How often a reliable interval holds the exact value, over `seeds` seeds.
Coverage coverage(const std::string& yaml, EnergyModel& model, std::uint64_t seeds,
                  const Dataset* train = nullptr) {
  const double exact = exact_log_z(model);
  const auto evaluation = test::make_evaluation(yaml, test::context_with(model, train));
  Coverage out;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Result result = test::evaluate(*evaluation, seed);
    if (!std::get<bool>(result.attributes.at("reliable"))) continue;
    const auto& interval = test::values_of(result, "interval");
    out.covered += interval[0] <= exact && exact <= interval[1];
    ++out.reliable;
  }
  return out;
}

// An RBM on digits after some updates of persistent CD.
std::unique_ptr<EnergyModel> digits_rbm() {
  const auto digits = test::make_dataset("{name: digits}");
  auto model = test::make_model("{name: rbm, visible: 64, hidden: 16}");
  auto& parametric = *model->capability<Parametric>();
  Batch x(64, digits->size());
  digits->columns(all_sites(digits->size()), Stream(1), x);
  x = (x.array() >= Real(8)).cast<Real>();
  const test::Rows rows(x);
  const auto gradient =
      test::make_gradient("{name: contrastive_divergence, persistent: true, chains: 100, steps: 1}",
                          test::context_with(*model, &rows));
  Parameters theta = parametric.parameters();
  for (Index k = 0; k < 64 * 16; ++k) theta(k) = .01 * std::sin(double(k * k));
  parametric.set_parameters(theta);
  Saved saved = gradient->init(Stream(2));
  for (std::uint64_t n = 0; n < 600; ++n) {
    const Batch batch = x.middleCols(Index(n * 100) % (x.cols() - 100), 100);
    theta += .1 * gradient->estimate(batch, saved, Stream(3).at(n)).ascent;
    parametric.set_parameters(theta);
  }
  return model;
}

}  // namespace

TEST_SUITE("slow") {
  TEST_CASE("reliable intervals of estimators by draws hold ln Z in 88 to 99 of 100 seeds") {
    // An exact 95 % interval is outside this in 1 of 130 cases; these seeds are fixed.
    const auto rbm = test::recipe_rbm(8, 6, 1);
    const auto ising = test::make_model("{name: ising, sides: [3], coupling: 0.4}");
    for (const auto& [yaml, model] : std::vector<std::pair<std::string, EnergyModel*>>{
             {"{name: importance_sampling, base: uniform, draws: 1000}", rbm.get()},
             {"{name: bennett_acceptance_ratio, temperatures: 4, draws: 20}", rbm.get()},
             {"{name: mbar, temperatures: 4, draws: 50, runs: 10}", rbm.get()},
             {"{name: murray_salakhutdinov, length: 200}", rbm.get()},
             {"{name: wang_landau, sweeps: 2000}", ising.get()}}) {
      const Coverage found = coverage(yaml, *model, 100);
      CAPTURE(yaml);
      CHECK(found.reliable >= 50);
      CHECK(double(found.covered) >= .88 * found.reliable);
      CHECK(double(found.covered) <= .99 * found.reliable);
    }
  }

  TEST_CASE("reliable errors of the conservative bound, and its interval, hold the likelihood") {
    const auto model = test::recipe_rbm(8, 6, 1);
    const test::Rows data(test::two_of_four());
    const double log_z = exact_log_z(*model), log_likelihood = -6.6471602110;
    const auto evaluation =
        test::make_evaluation("{name: conservative_likelihood, warmup: 200, samples: 50, steps: 5}",
                              test::context_with(*model, &data));
    int covered = 0, above = 0, reliable = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      const Result result = test::evaluate(*evaluation, seed);
      if (!std::get<bool>(result.attributes.at("reliable"))) continue;
      const double error = test::value_of(result, "mean_log_likelihood_train_standard_error");
      covered += std::abs(test::value_of(result, "mean_log_likelihood_train") - log_likelihood) <
                 1.959963984540054 * error;
      above += log_z <= test::values_of(result, "interval")[1];
      ++reliable;
    }
    CHECK(reliable >= 50);
    CHECK(double(covered) >= .88 * reliable);
    CHECK(double(covered) <= .99 * reliable);
    CHECK(double(above) >= .88 * reliable);  // open below: 97.5 % of exact ones, and the bias helps
  }

  TEST_CASE("on rugged and trained machines four estimators hold ln Z in their intervals") {
    // Of 20 exact 95 % intervals 14 or more hold it but in 3 of 10^5 cases: of 8 checks one is a
    // false alarm in 1 of 3700.
    const auto rugged = test::recipe_rbm(64, 16, 2);
    const auto trained = digits_rbm();
    for (const auto& [name, model] :
         {std::pair<std::string, EnergyModel*>{"rugged", rugged.get()}, {"trained", trained.get()}})
      for (const std::string yaml :
           {"{name: annealed_importance_sampling, temperatures: 300}",
            "{name: sequential_monte_carlo, temperatures: 100, particles: 30}",
            "{name: mbar, temperatures: 20, draws: 50}",
            "{name: thermodynamic_integration, temperatures: 100, draws: 30, rule: simpson}"}) {
        const Coverage found = coverage(yaml, *model, 20);
        CAPTURE(name);
        CAPTURE(yaml);
        CHECK(found.reliable >= 10);
        CHECK(found.covered >= found.reliable - 6);
      }
  }
}
