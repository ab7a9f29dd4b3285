// Annealed importance sampling: its weights, what it reports, what it refuses.
#include <cmath>

#include "support/annealed.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"

using namespace gibbsite;
using test::ais;

namespace {

// A model on the line whose energy is NaN everywhere.
class Broken final : public EnergyModel, public Differentiable {
 public:
  const Domain& domain() const override { return domain_; }

 private:
  void do_energy(const BatchView&, Row& energy) const override { energy.setConstant(std::nan("")); }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    do_energy(x, energy);
    gradient.setZero();
  }
  Domain domain_ = Domain::real(1);
};

double exact_log_z(const EnergyModel& model) {
  return exact_sum(model, test::workers(), false).log_partition;
}

}  // namespace

TEST_CASE(
    "the enumerated expectation of the weight is Z / Z_0 to 1e-10 for every schedule and base") {
  const auto model = test::recipe_rbm(6, 4, 2);
  const test::Rows data(test::bars_and_stripes(3).topRows(6));
  auto uniform = Independent::uniform(model->domain());
  auto rates = Independent::from_data(model->domain(), data, .5);
  for (const std::string schedule : {"linear", "salakhutdinov_murray", "adaptive"})
    for (const bool from_data : {false, true}) {
      const std::string base = from_data ? ", base: data, smoothing: 0.03125" : "";
      const Result result =
          test::evaluate(ais(7, ", runs: 4, schedule: " + schedule + base), *model, 1, &data);
      Independent& start = from_data ? rates : uniform;
      const double mean =
          test::enumerate_annealing(start, *model, test::values_of(result, "inverse_temperature"))
              .mean;
      // What the plugin added to the log mean of its weights is its ln Z_0.
      const auto& log_weights = test::values_of(result, "log_weights");
      const double log_z0 = test::value_of(result, "log_partition") -
                            log_mean_exp(Eigen::Map<const Eigen::ArrayXd>(
                                log_weights.data(), Index(log_weights.size())));
      CAPTURE(schedule);
      CAPTURE(base);
      CHECK(std::abs(std::log(mean) + log_z0 - exact_log_z(*model)) < 1e-10);
    }
}

TEST_CASE("weights have the enumerated mean and variance (|z| < 4.5 in 20000 runs)") {
  const auto model = test::recipe_rbm(6, 4, 1);
  const Result result = test::evaluate(ais(5, ", runs: 20000"), *model, 5);
  auto base = Independent::uniform(model->domain());
  const test::EnumeratedAnnealing exact =
      test::enumerate_annealing(base, *model, test::values_of(result, "inverse_temperature"));
  Moments first, second;
  for (const double log_weight : test::values_of(result, "log_weights")) {
    const double w = std::exp(log_weight) / exact.mean;
    first.add(w);
    second.add(w * w);
  }
  const double second_moment = exact.relative_variance() + 1;
  CHECK(std::abs(first.mean - 1) < 4.5 * std::sqrt((second_moment - 1) / first.count));
  CHECK(std::abs(second.mean - second_moment) < 4.5 * std::sqrt(second.variance() / second.count));
  // An annealer that forgot to move would have the variance of plain importance sampling.
  CHECK(second_moment - 1 <
        .5 * test::enumerate_annealing(base, *model, {0, 1}).relative_variance());
}

TEST_CASE("the interval covers the exact log partition function in 88 to 99 of 100 seeds") {
  const auto model = test::recipe_rbm(16, 10, 2);
  const double exact = exact_log_z(*model);
  std::string schedule;
  SUBCASE("evenly spaced") { schedule = "linear"; }
  SUBCASE("spaced by a pilot") { schedule = "adaptive"; }
  const auto evaluation = test::make_evaluation(ais(50, ", schedule: " + schedule),
                                                test::context_with(*model, nullptr));
  int covered = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Result result = test::evaluate(*evaluation, seed);
    REQUIRE(test::value_of(result, "effective_sample_size") > 50);
    const auto& interval = test::values_of(result, "interval");
    covered += interval.at(0) <= exact && exact <= interval.at(1);
  }
  CAPTURE(covered);
  CHECK(covered >= 88);
  CHECK(covered <= 99);
}

TEST_CASE("few temperatures on a rugged model are reported as unreliable, with the reason") {
  const auto model = test::recipe_rbm(64, 16, 2);
  const Result poor = test::evaluate(ais(3), *model, 1);
  CHECK(std::get<bool>(poor.attributes.at("reliable")) == false);
  CHECK(std::get<std::string>(poor.attributes.at("warning")).find("too low") != std::string::npos);
  const Result fine = test::evaluate(ais(1000), *model, 1);
  CHECK(std::get<bool>(fine.attributes.at("reliable")));
  CHECK(fine.attributes.count("warning") == 0);
  CHECK(std::get<std::string>(fine.attributes.at("bound")) == "unbiased_Z");
  CHECK(std::abs(test::value_of(fine, "log_partition") - 129.6561338075) <
        4 * test::value_of(fine, "standard_error"));
}

TEST_CASE("energies of ±1e5 overflow nowhere, neither in one step nor in 1e5") {
  Row energies(2);
  energies << -1e5, 1e5;
  test::TableModel model(Domain::binary(1), energies);
  for (const std::string name : {"annealed_importance_sampling", "sequential_monte_carlo"})
    for (const Index temperatures : {1, 100000}) {
      CAPTURE(name);
      CAPTURE(temperatures);
      const Result result =
          test::evaluate("{name: " + name + (temperatures == 1 ? ", runs: 10" : ", runs: 3") +
                             ", temperatures: " + std::to_string(temperatures) +
                             (name == "sequential_monte_carlo" ? ", particles: 3}" : "}"),
                         model, 1);
      // In one step each weight is e^1e5 or next to nothing; in many they differ by some nats.
      CHECK(std::abs(test::value_of(result, "log_partition") - 1e5) < std::log(10.));
      for (const double log_weight : test::values_of(result, "log_weights"))
        CHECK(std::isfinite(log_weight));
    }
  const auto cold = test::make_model(
      "{name: tempered, beta: 1000, model: {name: rbm, visible: 6, "
      "hidden: 4, weight_scale: 3}}");
  const Result frozen = test::evaluate(ais(50, ", schedule: adaptive"), *cold, 1);
  CHECK(std::isfinite(test::value_of(frozen, "log_partition")));
  // By Markov's inequality with a probability above 1 - e^-10.
  CHECK(test::value_of(frozen, "log_partition") <= exact_log_z(*cold) + 10);
}

TEST_CASE("with an unadjusted kernel nothing is called unbiased") {
  const auto model = test::make_model("{name: gaussian, units: 2}");
  const Result result =
      test::evaluate(ais(10, ", sampler: {name: ula, step_size: 0.5}"), *model, 1);
  CHECK(std::get<std::string>(result.attributes.at("bound")) == "none");
  CHECK_FALSE(std::get<bool>(result.attributes.at("reliable")));
}

TEST_CASE("a base from the data gives the same log partition function within 4 standard errors") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows data(test::two_of_four());
  const Result result = test::evaluate(ais(200, ", base: data"), *model, 3, &data);
  CHECK(std::abs(test::value_of(result, "log_partition") - 11.494515093304) <
        4 * test::value_of(result, "standard_error"));
  CHECK(std::abs(test::value_of(result, "mean_log_likelihood_train") + 6.6471602110) <
        4 * test::value_of(result, "standard_error"));
  CHECK(test::values_of(result, "log_likelihood").size() == 6);
}

TEST_CASE("runs are independent: no two have the same weight") {
  const auto model = test::recipe_rbm(12, 8, 1);
  auto weights = test::values_of(test::evaluate(ais(10), *model, 2), "log_weights");
  std::sort(weights.begin(), weights.end());
  CHECK(std::adjacent_find(weights.begin(), weights.end()) == weights.end());
}

TEST_CASE("an energy that is NaN ends annealing as diverged") {
  Broken model;
  CHECK_THROWS_AS(test::evaluate(ais(10, ", sampler: mala"), model, 1), Diverged);
}

TEST_CASE(
    "a base model without a known log partition function is refused when the plugin is built") {
  const auto model = test::recipe_rbm(4, 3, 1);
  CHECK_THROWS_AS(test::make_evaluation(ais(10, ", base_model: {name: rbm, visible: 4, hidden: 2}"),
                                        test::context_with(*model, nullptr)),
                  Error);
}
