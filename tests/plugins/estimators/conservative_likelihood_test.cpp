#include <cmath>
#include <gibbsite/api/completion.hpp>
#include <gibbsite/core/choice.hpp>

#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using test::is_reliable;

namespace {

std::string conservative(const std::string& more) {
  return "{name: conservative_likelihood" + more + "}";
}

Result run(const std::string& yaml, EnergyModel& model, std::uint64_t seed, const Dataset& train) {
  return test::evaluate(*test::make_evaluation(yaml, test::context_with(model, &train)), seed);
}

}  // namespace

TEST_CASE("over exact starts and all outcomes p̂(v) has the mean p(v) to 1e-12, for every v") {
  const auto model = test::recipe_rbm(2, 1, 2);
  const Workers one(1);
  const Batch states = test::all_states(model->domain());
  const test::Rows all(states);
  const Row law = test::law(*model);
  Eigen::ArrayXd mean = Eigen::ArrayXd::Zero(states.cols());
  for (Index n = 0; n < states.cols(); ++n) {
    const test::Rows start(states.col(n));
    // Both chains start at the only row; the second has no part in the law of the first's term.
    const auto evaluation = test::make_evaluation(
        conservative(", start: data, chains: 2, warmup: 0, samples: 1, steps: 1"),
        test::context_with(*model, &start, &all, one));
    Eigen::ArrayXd now;
    Outcomes::walk(
        [&] {
          const auto found = test::values_of(test::evaluate(*evaluation, 1), "log_likelihood");
          now = Eigen::Map<const Eigen::ArrayXd>(found.data(), Index(found.size())).exp();
        },
        [&](double probability) { mean += law(n) * probability * now; });
  }
  CHECK((mean - law.transpose()).abs().maxCoeff() < test::tolerance(1e-12, 1e-6));
}

TEST_CASE("the bound rises with S and stays below the exact likelihood on average") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows data(test::two_of_four());
  const double exact = -6.6471602110;
  std::vector<Moments> found;
  for (const std::string samples : {"1", "16"}) {
    const auto evaluation = test::make_evaluation(
        conservative(", start: exact, warmup: 0, steps: 1, chains: 4, samples: " + samples),
        test::context_with(*model, &data));
    Moments moments;
    for (std::uint64_t seed = 1; seed <= 600; ++seed)
      moments.add(test::value_of(test::evaluate(*evaluation, seed), "mean_log_likelihood_train"));
    CHECK(moments.mean < exact);
    found.push_back(moments);
  }
  // 4.5 errors of the difference or more.
  CHECK(found[1].mean - found[0].mean >
        4.5 * std::sqrt((found[0].variance() + found[1].variance()) / 600));
}

TEST_CASE("long chains find the exact likelihood, with the upper bound on ln Z that goes with it") {
  const auto model = test::recipe_rbm(8, 6, .5);
  const test::Rows data(test::two_of_four());
  const Result result = run(conservative(""), *model, 1, data);
  const double error = test::value_of(result, "mean_log_likelihood_train_standard_error");
  CHECK(error < .05);
  CHECK(std::abs(test::value_of(result, "mean_log_likelihood_train") + 5.7964489695) < 4.5 * error);
  CHECK(std::abs(test::value_of(result, "log_partition") - 10.203880195404) < 4.5 * error);
  CHECK(std::get<std::string>(result.attributes.at("bound")) == "upper");
  CHECK(std::get<std::string>(result.attributes.at("log_likelihood_bound")) == "lower");
  CHECK(is_reliable(result));
  CHECK(test::values_of(result, "log_likelihood").size() == 6);
}

TEST_CASE("of a deep machine it is the likelihood of the observed units alone (|z| < 4.5)") {
  const auto model = test::make_model(
      "{name: deep_boltzmann_machine, visible: 6, hidden: [5, 4], weight_scale: 0.5}");
  const test::Rows v(states(Domain::binary(6), 20, 10));
  const CompletedData data(v, *model);
  const Result result = run(conservative(""), *model, 1, data);
  const Result exact = test::evaluate(
      *test::make_evaluation("exact_log_partition", test::context_with(*model, &data)), 1);
  const double error = test::value_of(result, "mean_log_likelihood_train_standard_error");
  CHECK(error < .05);
  CHECK(std::abs(test::value_of(result, "mean_log_likelihood_train") -
                 test::value_of(exact, "mean_log_likelihood_train")) < 4.5 * error);
  CHECK(std::abs(test::value_of(result, "log_partition") - test::value_of(exact, "log_partition")) <
        4.5 * error);
  CHECK(is_reliable(result));
}

TEST_CASE("chains that have not mixed, and data that few of them explain, are unreliable") {
  const auto model = test::recipe_rbm(12, 8, 8);
  const test::Rows data(states(model->domain(), 0, 50));
  const Result stuck = run(conservative(", warmup: 0, samples: 20, steps: 1"), *model, 1, data);
  CHECK_FALSE(is_reliable(stuck));
  const auto& warning = std::get<std::string>(stuck.attributes.at("warning"));
  CHECK(warning.find("R-hat") != std::string::npos);
  CHECK(warning.find("far too low") != std::string::npos);
}

TEST_CASE("interrupted and resumed chains equal uninterrupted ones, on any threads") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows data(test::two_of_four());
  const Workers one(1);
  const std::string spec = conservative(", chains: 11, warmup: 50, samples: 10");
  const auto make = [&] { return test::make_evaluation(spec, test::context_with(*model, &data)); };
  const Result whole = test::evaluate(*make(), 9);
  CHECK(test::identical(
      whole,
      test::evaluate(*test::make_evaluation(spec, test::context_with(*model, &data, nullptr, one)),
                     9)));
  for (const int at : {1, 40, 70})
    CHECK(test::identical(test::evaluate_interrupted(make, 9, at), whole));
}

TEST_CASE("models without hidden units, and missing data, are refused") {
  const auto boltzmann = test::recipe_boltzmann(6, .5, true);
  const auto rbm = test::recipe_rbm(30, 30, 1);
  const test::Rows data(states(boltzmann->domain(), 0, 10)), wide(states(rbm->domain(), 0, 10));
  CHECK_FALSE(test::error_of([&] { run(conservative(""), *boltzmann, 1, data); }).empty());
  CHECK(test::error_of([&] {
          run(conservative(", start: exact"), *rbm, 1, wide);
        }).find("drawn from exactly") != std::string::npos);
  CHECK(test::error_of([&] {
          test::make_evaluation(conservative(""), test::context_with(*rbm, nullptr));
        }).find("data section") != std::string::npos);
}
