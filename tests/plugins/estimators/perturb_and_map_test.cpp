#include "support/graphs.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Result run(EnergyModel& model, const std::string& more, const Workers& threads = workers()) {
  return evaluate(*make_evaluation("{name: perturb_and_map, " + more + "}",
                                   context_with(model, nullptr, nullptr, threads)),
                  1);
}
Result run(const PairwiseGraph& graph, const std::string& more) {
  GraphModel model(graph);
  return run(model, more);
}

// How many standard errors of both a result is away from a tabulated mean.
double apart(const Result& result, double mean, double error) {
  return std::abs(value_of(result, "log_partition") - mean) /
         std::hypot(value_of(result, "standard_error"), error);
}

}  // namespace

// A false alarm in 3 of 10^5 runs: 4.5 standard errors, four times.
TEST_CASE("perturbations of the 3 x 3 grid have the tabulated means and errors") {
  const PairwiseGraph graph = recipe_grid(3, 1, true);
  CHECK(log_z(graph) == doctest::Approx(9.02305).epsilon(1e-6));
  const Result full = run(graph, "perturbation: full, draws: 4000");
  CHECK(apart(full, log_z(graph), 0) < 4.5);
  CHECK(value_of(full, "standard_error") == doctest::Approx(.0202).epsilon(.1));
  CHECK(std::get<std::string>(full.attributes.at("bound")) == "none");
  const Result unary = run(graph, "perturbation: unary, draws: 4000");
  CHECK(apart(unary, 9.928, .058) < 4.5);
  CHECK(value_of(unary, "standard_error") == doctest::Approx(.058).epsilon(.1));
  CHECK(std::get<std::string>(unary.attributes.at("bound")) == "upper");
  CHECK(value_of(unary, "log_partition") > log_z(graph));
  const Result averaged = run(graph, "perturbation: averaged_unary, draws: 4000");
  CHECK(apart(averaged, 7.129, value_of(averaged, "standard_error")) < 4.5);
  CHECK(std::get<std::string>(averaged.attributes.at("bound")) == "lower");
  CHECK(std::get<std::string>(averaged.attributes.at("log_likelihood_bound")) == "upper");
  CHECK(std::get<std::string>(averaged.attributes.at("method")) == "enumeration");
}

// Exact for the mean; each of 40 checks fails by chance in 3 of 10^6 runs.
TEST_CASE("the perturbed bounds enclose ln Z on random graphs of any numbers of states") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const PairwiseGraph graph = random_graph({2, 3, 2, 4, 2}, .7, 1, 1, Stream(seed));
    CAPTURE(seed);
    const double exact = log_z(graph);
    const Result upper = run(graph, "perturbation: unary, draws: 400");
    CHECK(value_of(upper, "log_partition") > exact - 4.5 * value_of(upper, "standard_error"));
    const Result lower = run(graph, "perturbation: averaged_unary, draws: 400");
    CHECK(value_of(lower, "log_partition") < exact + 4.5 * value_of(lower, "standard_error"));
  }
}

// 4.5 standard errors: the unary perturbation of one unit is the full one, and of independent
// units it is exact too, for maxima of sums are sums of maxima.
TEST_CASE("unary perturbations of independent units have ln Z as their mean") {
  const auto model = make_model("{name: bernoulli, probabilities: [0.2, 0.5, 0.9, 0.6]}");
  const Result result = run(*model, "draws: 4000");
  CHECK(apart(result, log_sum_over_states(*model), 0) < 4.5);
  CHECK(std::get<std::string>(result.attributes.at("method")) == "graph_cut");
}

TEST_CASE("a large attractive model is bounded by minimum cuts, attractive or antiferromagnetic") {
  // ln Z of the 16 x 16 torus by Kaufman's formula, the same for either sign.
  for (const std::string coupling : {"0.4", "-0.4"}) {
    const auto model = make_model("{name: ising, sides: [16], coupling: " + coupling + "}");
    const double exact = *model->capability<Normalized>()->log_partition(1);
    const Result upper = run(*model, "draws: 100");
    CHECK(std::get<std::string>(upper.attributes.at("method")) == "graph_cut");
    CHECK(value_of(upper, "log_partition") - 4.5 * value_of(upper, "standard_error") > exact);
    const Result lower = run(*model, "perturbation: averaged_unary, draws: 100");
    CHECK(value_of(lower, "log_partition") + 4.5 * value_of(lower, "standard_error") < exact);
  }
}

TEST_CASE("a large frustrated model is refused when the plugin is built, full ones always") {
  GraphModel frustrated(recipe_grid(6, 1, true)), attractive(recipe_grid(6, 1, false));
  CHECK(error_of([&] { run(frustrated, "draws: 10"); }) ==
        "evaluation perturb_and_map: needs two-state units without frustrated cycles, or at most "
        "2^20 states, got 2^36 "
        "states");
  CHECK(error_of([&] { run(attractive, "perturbation: full"); }) ==
        "evaluation perturb_and_map: needs at most 2^20 states, got 2^36 states");
  CHECK(error_of([&] { run(attractive, "draws: 2"); }).empty());
  const auto real = make_model("{name: gaussian, units: 2}");
  CHECK(error_of([&] { run(*real, "draws: 10"); }).find("needs a pairwise model") !=
        std::string::npos);
}

TEST_CASE("a model that training has made frustrated is refused, not approximated") {
  const auto model = make_model("{name: ising, sides: [6], coupling: 0.4}");
  const auto evaluation = make_evaluation("{name: perturb_and_map}", context_with(*model, nullptr));
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = parametric.parameters();
  theta(0) = -1;
  parametric.set_parameters(theta);
  CHECK(error_of([&] { evaluate(*evaluation, 1); }).find("without frustrated cycles") !=
        std::string::npos);
}

TEST_CASE("perturbations give the same bits on one thread and two, and after an interruption") {
  GraphModel model(recipe_grid(3, 1, false));
  const Workers one(1);
  const Result whole = run(model, "draws: 150");
  CHECK(identical(run(model, "draws: 150", one), whole));
  const auto make = [&] {
    return make_evaluation("{name: perturb_and_map, draws: 150}", context_with(model, nullptr));
  };
  CHECK(identical(evaluate_interrupted(make, 1, 2), whole));
  auto maxima = values_of(whole, "maxima");
  std::sort(maxima.begin(), maxima.end());
  CHECK(std::adjacent_find(maxima.begin(), maxima.end()) == maxima.end());
}
