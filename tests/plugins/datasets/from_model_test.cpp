#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("from_model draws follow the law of its model, by its own draws and by enumeration") {
  const auto gaussian = make_dataset(
      "{name: from_model, size: 10000, model: {name: gaussian, mean: [3, -1], precision: [4, 1]}}");
  CHECK(gaussian->size() == 10000);
  CHECK(gaussian->dim() == 2);
  const Batch x = gaussian->all(Stream(0));
  CHECK(std::abs(double(x.row(0).mean()) - 3) < 5 * .5 / 100);
  CHECK(std::abs(double(x.row(1).mean()) + 1) < 5 * 1. / 100);

  const std::string spec = "{name: boltzmann_machine, units: 3, weight_scale: 1}";
  const auto discrete =
      make_dataset("{name: from_model, seed: 7, size: 20000, model: " + spec + "}");
  Context same = context();  // builds the very model that the data set built
  same.random = Stream(7).split("from_model").split("nested boltzmann_machine");
  const Row truth = law(*make_model(spec, same));
  Eigen::ArrayXd counts = Eigen::ArrayXd::Zero(8);
  const Batch draws = discrete->all(Stream(0));
  for (Index n = 0; n < draws.cols(); ++n)
    counts(Index(draws(0, n) + 2 * draws(1, n) + 4 * draws(2, n))) += 1;
  for (Index s = 0; s < 8; ++s)
    CHECK(std::abs(counts(s) / 20000 - truth(s)) <
          5 * std::sqrt(truth(s) * (1 - truth(s)) / 20000));
}

TEST_CASE("from_model with a seed gives the same data whatever the run's seed") {
  const auto data = [](const std::string& seed, std::uint64_t run) {
    Context here = context();
    here.random = Stream(run);
    return make_dataset(
               "{name: from_model, size: 20, model: {name: gaussian, units: 3}" + seed + "}", here)
        ->all(Stream(0));
  };
  CHECK(data(", seed: 5", 1) == data(", seed: 5", 2));
  CHECK(data(", seed: 5", 1) != data(", seed: 6", 1));
  CHECK(data("", 1) == data("", 1));
  CHECK(data("", 1) != data("", 2));
}

TEST_CASE("from_model refuses models that it cannot draw from and missing sizes") {
  CHECK(error_of([] {
          make_dataset("{name: from_model, size: 1, model: {name: boltzmann_machine, units: 40}}");
        }) ==
        "exact draws need a model that offers them, at most 2^20 states, or pair interactions of "
        "small tree-width");
  CHECK(error_of([] {
          make_dataset("{name: from_model, model: {name: gaussian, units: 1}}");
        }).find("size: is required") != std::string::npos);
  CHECK(error_of([] { make_dataset("{name: from_model, size: 1}"); }).find("model: is required") !=
        std::string::npos);
  CHECK(error_of([] {
          make_dataset("{name: from_model, size: 1, model: {name: gauss}}");
        }).find("unknown model") != std::string::npos);
}
