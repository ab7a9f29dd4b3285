// Exact draws: each method against the law, and what is kept between steps.
#include <gibbsite/api/exact_draws.hpp>
#include <numbers>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// z of the mean energy of 4000 draws.
double energy_z(EnergyModel& model, double expected) {
  Batch x = Batch::Ones(model.dim(), 4000);
  step_all(*make_sampler("exact", model), x, 1, Stream(1));
  Row energy;
  model.energy(x, energy);
  Moments moments;
  for (const double E : energy) moments.add(E);
  return (moments.mean - expected) / std::sqrt(moments.variance() / moments.count);
}

}  // namespace

TEST_CASE("the way to exact draws is the model's own, a table of states, or elimination") {
  CHECK(draw_method(*make_model("{name: gaussian, units: 2}")) == "own");
  CHECK(draw_method(*recipe_rbm(30, 4, 1)) == "hidden_sum");
  CHECK(draw_method(*recipe_boltzmann(9, 1, true)) == "enumeration");
  CHECK(draw_method(*make_model("{name: ising, lattice: chain, sides: [5000], coupling: 1}")) ==
        "elimination");
  CHECK(draw_method(*recipe_boltzmann(40, 1, true)).empty());
}

// |z| < 5 with probability 1 - 6e-7. E/N from Kaufman's formula; the ring of N sites has
// E = -N K (t + t^{N-1})/(1 + t^N), t = tanh K.
TEST_CASE("exact draws by elimination have the energy of the 8 x 8 torus and of a long ring") {
  const double K = .5 * std::log(1 + std::numbers::sqrt2);
  const auto torus = make_model("{name: ising, sides: [8], coupling: " + number_text(K) + "}");
  CHECK(std::abs(energy_z(*torus, -1.491589107 * K * 64)) < 5);
  const auto ring = make_model("{name: ising, lattice: chain, sides: [300], coupling: .8}");
  CHECK(std::abs(energy_z(*ring, -300 * .8 * std::tanh(.8))) < 5);
}

TEST_CASE("exact draws by elimination keep to what is clamped") {
  const auto model = make_model(
      "{name: clamped, model: {name: potts, lattice: chain, boundary: open, sides: [41], levels: "
      "3, "
      "coupling: 9}, coordinates: [0], values: [2]}");
  REQUIRE(draw_method(*model) == "elimination");
  Batch x = Batch::Zero(40, 300);
  step_all(*make_sampler("exact", *model), x, 1, Stream(2));
  // A neighbour differs with probability 2 / (2 + e^9) = 2.5e-4, so 3 of 12,000 on average.
  CHECK((x.row(0).array() == 2).count() > 290);
  CHECK((x.topRows(39).array() != x.bottomRows(39).array()).count() < 25);
}

TEST_CASE("exact sums over states once for each set of parameters, however many steps are made") {
  const auto model = recipe_boltzmann(8, 1, true);
  const auto kernel = make_sampler("exact", *model);
  Chains chains = kernel->init(Batch::Zero(8, 5));
  const Evaluations before = model->evaluations();
  for (std::uint64_t n = 0; n < 10; ++n) kernel->step(chains, Stream(3).at(n));
  CHECK((model->evaluations() - before).energy == 256);
  kernel->refresh(chains);
  kernel->step(chains, Stream(3));
  CHECK((model->evaluations() - before).energy == 256);
  auto& parametric = *model->capability<Parametric>();
  parametric.set_parameters(.5 * parametric.parameters());
  kernel->step(chains, Stream(3));
  CHECK((model->evaluations() - before).energy == 512);
}

TEST_CASE("what exact keeps is that of the present model, to the last bit of its draws") {
  const auto model = recipe_boltzmann(8, 1, true);
  auto& parametric = *model->capability<Parametric>();
  WeightedSum tempered = WeightedSum::tempered(1, *model);
  const auto kept = make_sampler("exact", tempered);
  Chains chains = kept->init(Batch::Zero(8, 200));
  const auto check = [&] {
    kept->step(chains, Stream(4));
    Chains fresh = make_sampler("exact", tempered)->init(Batch::Zero(8, 200));
    make_sampler("exact", tempered)->step(fresh, Stream(4));
    CHECK(chains.x == fresh.x);
    return chains.x;
  };
  const Batch first = check();
  parametric.set_parameters(-parametric.parameters());
  const Batch second = check();
  CHECK(second != first);
  tempered.set_weights({3});
  kept->refresh(chains);
  CHECK(check() != second);
}
