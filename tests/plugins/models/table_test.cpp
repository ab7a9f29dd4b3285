#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("table gives each state its energy, coordinate 0 varying fastest") {
  const auto model = make_model("{name: table, levels: [2, 3], energies: [0, 1, 2, 3, 4, 5]}");
  CHECK(model->domain().text() == "1 categorical(2) + 1 categorical(3)");
  CHECK((energies(*model, all_states(model->domain())) == Row::LinSpaced(6, 0, 5)).all());
  Batch x(2, 1);
  x << 1, 2;
  CHECK(energies(*model, x)(0) == 5);
  x << 0, 1;
  CHECK(energies(*model, x)(0) == 2);
  CHECK(near(exact_sum(*model, workers(), false).log_partition,
             std::log((1 - std::exp(-6)) / (1 - std::exp(-1))), 1e-14));
}

TEST_CASE("table conditionals are columns and rows of the table") {
  const auto model = make_model(
      "{name: table, levels: [3, 2, 2], energies: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 7]}");
  const auto& conditional = *model->capability<Conditional>();
  Batch x(3, 1), natural;
  x << 2, 0, 1;
  const Index first[] = {0}, last[] = {2}, both[] = {0, 2};
  conditional.natural(first, x, natural);
  CHECK(natural.col(0) == Vector{{-6, -7, -8}});
  conditional.natural(last, x, natural);
  CHECK(natural.col(0) == Vector{{-2, -8}});
  CHECK(error_of([&] { conditional.natural(both, x, natural); }) ==
        "table: coordinates depend on each other, ask for one at a time");
}

TEST_CASE("table probabilities are minus the mean of the gradient") {
  const auto model = make_model("{name: table, levels: [5, 5], energy_scale: 2}");
  const Parameters mean = exact_sum(*model, workers(), true).expected_gradient;
  CHECK(distance(mean, law(*model).matrix().transpose()) < 1e-14);
  const Parameters theta = model->capability<Parametric>()->parameters();
  CHECK(theta.size() == 25);
  // χ² of 25 normal energies of variance 4: between its 1e-7 quantiles.
  CHECK(theta.squaredNorm() / 4 > 4.2);
  CHECK(theta.squaredNorm() / 4 < 83);
}

TEST_CASE("table refuses energies that do not match the states, and too many states") {
  CHECK(error_of([] { make_model("{name: table, levels: [2, 3], energies: [0, 1]}"); }) ==
        "model table: energies: must have one value per state, 6 in all, got 2");
  CHECK(error_of([] { make_model("{name: table, levels: [60000, 60000]}"); }) ==
        "model table: levels: must give at most 10^7 states");
  CHECK(error_of([] {
          make_model("{name: table, levels: [1, 2]}");
        }).find("levels: must be in [2, 65536], got 1") != std::string::npos);
  const auto model = make_model("{name: table, levels: [2], energies: [0, 1]}");
  CHECK(error_of([&] {
          model->capability<Parametric>()->set_parameters(
              Parameters{{0, std::numeric_limits<double>::infinity()}});
        }) == "table: energies must be finite");
}
