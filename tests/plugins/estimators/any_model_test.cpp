// The estimators with kernels and models other than block Gibbs on an RBM.
#include <cmath>
#include <numbers>

#include "support/rows.hpp"

using namespace gibbsite;

namespace {

const std::string gaussian = "{name: gaussian, mean: [0.5, -1], precision: [2, 0.6, 0.6, 1]}";
const double gaussian_log_z = std::log(2 * std::numbers::pi) - .5 * std::log(2 - .36);

// 100 points of a spiral, for want of data.
Batch spiral() {
  Batch x(2, 100);
  for (Index n = 0; n < 100; ++n) {
    x(0, n) = Real(.02 * double(n) * std::cos(.3 * double(n)));
    x(1, n) = Real(.02 * double(n) * std::sin(.3 * double(n)));
  }
  return x;
}

// The largest |t| over the parameters of the mean of 40 calls of persistent CD against the exact
// gradient; calls are far enough apart to count as independent.
double largest_t(EnergyModel& model, const Batch& data, const std::string& sampler, int steps) {
  const test::Rows rows(data);
  const auto context = test::context_with(model, &rows);
  const auto pcd =
      test::make_gradient("{name: contrastive_divergence, persistent: true, chains: 400, steps: " +
                              std::to_string(steps) + ", sampler: " + sampler + "}",
                          context);
  Saved none, saved = pcd->init(Stream(3));
  const Parameters exact =
      test::make_gradient("{name: exact}", context)->estimate(data, none, Stream(1)).ascent;
  std::vector<Moments> moments(std::size_t(exact.size()));
  for (std::uint64_t call = 0; call < 42; ++call) {
    const Parameters draw = pcd->estimate(data, saved, Stream(6).at(call)).ascent;
    for (Index i = 0; i < draw.size() && call >= 2; ++i) moments[std::size_t(i)].add(draw(i));
  }
  double largest = 0;
  for (Index i = 0; i < exact.size(); ++i) {
    const Moments& m = moments[std::size_t(i)];
    if (m.variance() > 0)
      largest = std::max(largest, std::abs(m.mean - exact(i)) / std::sqrt(m.variance() / 40));
    if (m.variance() == 0) CHECK(m.mean == doctest::Approx(exact(i)));
  }
  return largest;
}

Result anneal(const std::string& more, EnergyModel& model) {
  return test::evaluate(*test::make_evaluation("{name: annealed_importance_sampling" + more + "}",
                                               test::context_with(model, nullptr)),
                        4);
}

void check_log_partition(const Result& result, double exact) {
  CHECK(std::abs(test::value_of(result, "log_partition") - exact) <
        4 * test::value_of(result, "standard_error"));
  CHECK(test::value_of(result, "standard_error") < .1);
  CHECK(std::get<bool>(result.attributes.at("reliable")));
}

}  // namespace

TEST_CASE(
    "persistent CD with MALA, HMC and Gibbs is unbiased on a Gaussian (|t| < 5 of 39 degrees)") {
  // At most 6 t tests per kernel: a false alarm in 1 of 10000 runs.
  const auto model = test::make_model(gaussian);
  CHECK(largest_t(*model, spiral(), "{name: mala, step_size: 0.4}", 30) < 5);
  CHECK(largest_t(*model, spiral(), "{name: hmc, step_size: 0.5, steps: 4}", 10) < 5);
  CHECK(largest_t(*model, spiral(), "gibbs", 20) < 5);
}

TEST_CASE("persistent CD with Gibbs is unbiased on a Boltzmann machine (|t| < 5.2 of 39 degrees)") {
  // 36 pairs, each twice, and 9 biases: a false alarm in 3 of 10000 runs.
  const auto model = test::recipe_boltzmann(9, .5, true);
  CHECK(largest_t(*model, test::bars_and_stripes(3), "gibbs", 20) < 5.2);
}

TEST_CASE(
    "annealing finds a Gaussian's log partition function with HMC, MALA and Gibbs within 4 "
    "standard errors") {
  const auto model = test::make_model(gaussian);
  check_log_partition(
      anneal(", temperatures: 100, sampler: {name: hmc, step_size: 0.5, steps: 3}", *model),
      gaussian_log_z);
  check_log_partition(anneal(", temperatures: 100, sampler: {name: mala, step_size: 0.4}", *model),
                      gaussian_log_z);
  check_log_partition(anneal(", temperatures: 100, sampler: gibbs", *model), gaussian_log_z);
}

TEST_CASE("annealing may start at any model with a known log partition function") {
  const auto model = test::make_model(gaussian);
  check_log_partition(anneal(", temperatures: 50, sampler: gibbs, base_model: {name: gaussian, "
                             "units: 2, precision: [0.25]}",
                             *model),
                      gaussian_log_z);
}

TEST_CASE(
    "annealing finds a Boltzmann machine's log partition function by plain Gibbs within 4 standard "
    "errors") {
  const auto model = test::recipe_boltzmann(10, 1, true);
  check_log_partition(anneal(", temperatures: 200", *model), 10.502846869318);
}

TEST_CASE(
    "annealing finds the log partition function of restricted machines of every kind of unit "
    "within 4 standard errors") {
  for (const auto& [spec, sampler] : std::vector<std::pair<std::string, std::string>>{
           {"{name: rbm, visible: 8, hidden: 5, weight_scale: 0.5, units: spin}", "block_gibbs"},
           {"{name: rbm, visible: 4, hidden: 5, weight_scale: 1, centred: true, visible_offsets: "
            "[0.2, 0.5, 0.9, 0.1]}",
            "block_gibbs"},
           {"{name: gaussian_rbm, visible: 4, hidden: 5, weight_scale: 0.5}", "block_gibbs"},
           {"{name: categorical_rbm, visible: 5, levels: 3, hidden: 5, weight_scale: 1}",
            "block_gibbs"},
           {"{name: rectified_rbm, visible: 8, hidden: 5, weight_scale: 0.5}", "gibbs"}}) {
    CAPTURE(spec);
    const auto model = test::make_model(spec);
    check_log_partition(anneal(", temperatures: 200, sampler: " + sampler, *model),
                        exact_sum(*model, test::workers(), false).log_partition);
  }
}

TEST_CASE("exact_log_partition is exact, and gives the likelihood of training and test data") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows train(test::two_of_four()), held_out(states(model->domain(), 0, 256));
  const auto evaluation = test::make_evaluation("{name: exact_log_partition}",
                                                test::context_with(*model, &train, &held_out));
  const Result result = test::evaluate(*evaluation, 1);
  CHECK(test::value_of(result, "log_partition") == doctest::Approx(11.494515093304).epsilon(1e-12));
  CHECK(test::values_of(result, "interval") ==
        std::vector<double>(2, test::value_of(result, "log_partition")));
  CHECK(test::value_of(result, "standard_error") == 0);
  CHECK(test::value_of(result, "mean_log_likelihood_train") ==
        doctest::Approx(-6.6471602110).epsilon(1e-10));
  double total = 0;  // the test data are all states
  for (const double log_p : test::values_of(result, "log_likelihood")) total += std::exp(log_p);
  CHECK(total == doctest::Approx(1).epsilon(1e-12));
  CHECK(std::get<std::string>(result.attributes.at("bound")) == "exact");
  CHECK(std::get<std::string>(result.attributes.at("method")) == "hidden_sum");
}

TEST_CASE("exact_log_partition keeps no observations when told so, and takes a closed form") {
  const auto model = test::make_model(gaussian);
  const test::Rows rows(spiral());
  const Result result =
      test::evaluate(*test::make_evaluation("{name: exact_log_partition, per_observation: false}",
                                            test::context_with(*model, &rows)),
                     1);
  CHECK(test::value_of(result, "log_partition") == doctest::Approx(gaussian_log_z).epsilon(1e-12));
  CHECK(std::get<std::string>(result.attributes.at("method")) == "closed_form");
  for (const Variable& variable : result.variables) CHECK(variable.name != "log_likelihood");
}
