#include "support/make.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::unique_ptr<EnergyModel> with_data(const std::string& yaml, const Dataset& data) {
  Context all = context();
  all.train = &data;
  return make_model(yaml, all);
}

std::string refusal(const std::string& yaml) {
  return error_of([&] { make_model(yaml); });
}

}  // namespace

TEST_CASE("bernoulli probabilities are those of a one") {
  const auto model = make_model("{name: bernoulli, probabilities: [0.9, 0.25]}");
  const Row p = law(*model);  // states 00, 10, 01, 11, coordinate 0 first
  CHECK(distance(p, Row{{.1 * .75, .9 * .75, .1 * .25, .9 * .25}}) < 1e-15);
  const auto& closed = *model->capability<Normalized>();
  CHECK(near(*closed.log_partition(1), -std::log(.1) - std::log(.75), 1e-14));
  Parameters mean = Parameters::Zero(2);
  CHECK(closed.expected_parameter_gradient(1, mean));
  CHECK(distance(mean, Parameters{{-.9, -.25}}) < 1e-15);
  CHECK(exact_sum(*model, workers(), true).method == "closed_form");
}

TEST_CASE("bernoulli and categorical closed forms are sums over states at every temperature") {
  for (const char* const yaml :
       {"{name: bernoulli, probabilities: [0.9, 0.25, 0.001]}",
        "{name: categorical, units: 2, levels: 3, weights: [1, 2, 30, 4, 0.5, 6]}"}) {
    const auto model = make_model(yaml);
    auto& closed = *model->capability<Normalized>();
    for (const double beta : {0., .5, 1., 3.}) {
      WeightedSum tempered = WeightedSum::tempered(beta, *model);
      CHECK(near(*closed.log_partition(beta), log_sum_over_states(tempered), 1e-14));
      Parameters mean = Parameters::Zero(model->capability<Parametric>()->parameters().size());
      CHECK(closed.expected_parameter_gradient(beta, mean));
      Parameters truth = Parameters::Zero(mean.size());
      model->capability<Parametric>()->parameter_gradient(all_states(model->domain()),
                                                          law(tempered), truth);
      CHECK(distance(mean, truth) < 1e-14);
    }
  }
}

TEST_CASE("categorical weights are relative probabilities of each state of each unit") {
  const auto model = make_model("{name: categorical, units: 2, levels: 3, weights: [1, 2, 5]}");
  const Row p = law(*model);
  CHECK(std::abs(p(2 + 3 * 1) - 5. / 8 * 2. / 8) < 1e-15);
  const auto own =
      make_model("{name: categorical, units: 2, levels: 3, weights: [1, 2, 5, 3, 1, 4]}");
  CHECK(std::abs(law(*own)(2 + 3 * 1) - 5. / 8 * 1. / 8) < 1e-15);
  CHECK(model->capability<Parametric>()->blocks()[0].shape == std::vector<Index>{2, 3});
}

TEST_CASE("bernoulli and categorical start from the rates of the data") {
  Batch x(2, 6);
  x << 0, 1, 1, 1, 1, 0,  //
      0, 0, 0, 0, 0, 1;
  const Rows data(x);
  const auto binary = with_data("{name: bernoulli}", data);
  CHECK(distance(binary->capability<Parametric>()->parameters(),
                 Parameters{{std::log(5. / 3), std::log(2. / 6)}}) < 1e-15);
  const auto levels = with_data("{name: categorical, levels: 3}", data);
  const Row p = law(*levels);
  CHECK(std::abs(p(0) - 3. / 9 * 6. / 9) < 1e-15);
  CHECK(std::abs(p(8) - 1. / 9 * 1. / 9) < 1e-15);
  CHECK(make_model("{name: bernoulli, units: 3}")->capability<Parametric>()->parameters().norm() ==
        0);
}

TEST_CASE("bernoulli and categorical draws have their probabilities to five standard errors") {
  for (const char* const yaml :
       {"{name: bernoulli, probabilities: [0.9, 0.25]}",
        "{name: categorical, units: 1, levels: 4, weights: [1, 2, 3, 10]}"}) {
    const auto model = make_model(yaml);
    const Row p = law(*model);
    const Index n = 20000;
    const Batch draws = exact_draws(*model, n, Stream(5));
    Row counts = Row::Zero(p.size());
    for (Index c = 0; c < n; ++c)
      counts(Index(draws(0, c)) + (draws.rows() == 2 ? 2 * Index(draws(1, c)) : 0)) += 1;
    for (Index k = 0; k < p.size(); ++k)
      CHECK(std::abs(counts(k) / double(n) - p(k)) < 5 * std::sqrt(p(k) * (1 - p(k)) / double(n)));
  }
}

TEST_CASE("bernoulli and categorical refuse probabilities of 0 and 1 and wrong numbers of them") {
  CHECK(refusal("{name: bernoulli, probabilities: [0.5, 1]}") ==
        "model bernoulli: probabilities: must be < 1, got 1");
  CHECK(refusal("{name: bernoulli, probabilities: [0, 0.5]}")
            .find("probabilities: must be in (0, 1], got 0") != std::string::npos);
  CHECK(refusal("{name: bernoulli, units: 3, probabilities: [0.1, 0.5]}") ==
        "model bernoulli: probabilities: must have 1 or 3 values, got 2");
  CHECK(refusal("{name: bernoulli}") == "model bernoulli: needs a data section");
  CHECK(refusal("{name: categorical, units: 3, levels: 2, weights: [1]}") ==
        "model categorical: weights: must have 2 or 6 values, got 1");
  const auto model = make_model("{name: categorical, units: 3, levels: 2}");
  CHECK(error_of([&] {
          model->capability<Parametric>()->set_parameters(
              Parameters::Constant(6, std::numeric_limits<double>::infinity()));
        }) == "discrete units: log_weights must be finite");
}
