#include <cmath>

#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::string spec(const std::string& more = "") {
  return "{name: noise_conditional, model: {name: mlp, units: 3, hidden: [5]}" + more + "}";
}

std::string refusal(const std::string& more) {
  return error_of([&] { make_model(spec(more)); });
}

}  // namespace

TEST_CASE("noise_conditional is its model at the level t/T in the last coordinate") {
  const auto model = make_model(spec(", levels: 4"));
  const auto joint = make_model("{name: mlp, units: 3, hidden: [5]}");
  joint->capability<Parametric>()->set_parameters(model->capability<Parametric>()->parameters());
  const auto& levels = *model->capability<NoiseLevels>();
  CHECK(model->domain() == Domain::real(2));
  Batch whole(3, 5), by_whole, by_y;
  Stream random(3);
  random.normal(whole);
  for (const Index t : {0, 1, 3}) {
    whole.row(2).setConstant(Real(t) / 4);
    Row expected, found, alone;
    joint->capability<Differentiable>()->energy_and_gradient(whole, expected, by_whole);
    levels.energy_and_gradient_at(t, whole.topRows(2), found, by_y);
    levels.energy_at(t, whole.topRows(2), alone);
    CHECK((found == expected).all());
    CHECK((alone == expected).all());
    CHECK(by_y == by_whole.topRows(2));
    if (t == 0) CHECK((energies(*model, whole.topRows(2)) == expected).all());
    const Row weights = Row::LinSpaced(5, -1, 2);
    Parameters one = Parameters::Zero(joint->capability<Parametric>()->parameters().size()),
               other = one;
    joint->capability<Parametric>()->parameter_gradient(whole, weights, one);
    levels.parameter_gradient_at(t, whole.topRows(2), weights, other);
    CHECK(one == other);
  }
}

TEST_CASE("noise_conditional counts what its levels are asked for") {
  const auto model = make_model(spec());
  const auto& levels = *model->capability<NoiseLevels>();
  const Batch y = Batch::Zero(2, 7);
  Row energy;
  Batch gradient;
  Parameters out = model->capability<Parametric>()->parameters();
  levels.energy_at(1, y, energy);
  levels.energy_and_gradient_at(1, y.leftCols(2), energy, gradient);
  levels.parameter_gradient_at(1, y.leftCols(3), Row::Ones(3), out);
  CHECK(model->evaluations() == Evaluations{7, 2, 3, 0});
}

TEST_CASE("noise_conditional spaces its noise geometrically, unless it is given") {
  const auto ladder = [](const std::string& more) {
    return make_model(spec(more))->capability<NoiseLevels>()->noise();
  };
  const std::vector<double> standard = ladder("");
  CHECK(standard.size() == 6);
  CHECK(near(standard.front(), .1, 1e-15));
  CHECK(near(standard.back(), .95, 1e-15));
  for (std::size_t t = 1; t + 1 < 6; ++t)
    CHECK(near(standard[t] * standard[t], standard[t - 1] * standard[t + 1], 1e-14));
  CHECK(ladder(", noise: [0.2, 0.7]") == std::vector{.2, .7});
  CHECK(ladder(", levels: 1, least: 0.3") == std::vector{.3});
}

TEST_CASE("noise_conditional refuses a ladder that falls and models that are no such thing") {
  const std::string who = "model noise_conditional: ";
  CHECK(refusal(", noise: [0.5, 0.4]") ==
        who + "noise: must rise and stay below 1, got 0.4 after 0.5");
  CHECK(refusal(", noise: [0.5, 1]") == who + "noise: must rise and stay below 1, got 1 after 0.5");
  CHECK(refusal(", noise: [0.5], levels: 2") ==
        who + "noise: must not stand beside levels, least or greatest");
  CHECK(error_of([] {
          make_model("{name: noise_conditional, model: {name: mlp, units: 3, domain: binary}}");
        }) == who + "model: needs gradient");
  const Rows data(Batch::Zero(3, 4));
  Context c = context();
  c.train = &data;
  CHECK(error_of([&] { make_model(spec(), c); }) ==
        who + "model: must have one coordinate more than the data, 4, got 3");
}
