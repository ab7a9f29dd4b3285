// Coupling from the past: its draws against enumeration, what a mistake in it would do, refusals.
#include <gibbsite/api/attractive.hpp>
#include <numbers>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// p-value of χ² of draws against the enumerated law.
double draws_p(const EnergyModel& model, const Batch& x) {
  Eigen::VectorXd counts =
      Eigen::VectorXd::Zero(Index(std::llround(std::exp(model.domain().log_states()))));
  for (Index c = 0; c < x.cols(); ++c) counts(Index(state_number(model.domain(), x, c))) += 1;
  return chi_squared_p(counts, probabilities(model));
}

Batch draws(const std::string& yaml, EnergyModel& model, Index count, std::uint64_t seed) {
  Batch x = Batch::Ones(model.dim(), count);
  step_all(*make_sampler(yaml, model), x, 1, Stream(seed));
  return x;
}

// A binary rbm with weights |W| of the recipe.
std::unique_ptr<EnergyModel> attractive_rbm(Index visible, Index hidden, double scale) {
  auto model = recipe_rbm(visible, hidden, scale);
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = parametric.parameters();
  theta.head(visible * hidden) = theta.head(visible * hidden).cwiseAbs();
  theta.tail(visible + hidden).array() -= scale * double(hidden + visible) / 8;
  parametric.set_parameters(theta);
  return model;
}

// Coupling from the past as in the plugin, unit by unit, but each attempt from further back draws
// new numbers instead of those of the times before.
Batch draws_without_reuse(const EnergyModel& model, Index count) {
  const auto& conditional = *model.capability<Conditional>();
  Batch out(model.dim(), count), natural;
  for (Index c = 0; c < count; ++c) {
    Stream random = Stream(8).chains_from(c);
    Batch x = Batch::Zero(model.dim(), 2);
    for (Index T = 1; T == 1 || x.col(0) != x.col(1); T *= 2) {
      x << extreme_configuration(model.domain(), true),
          extreme_configuration(model.domain(), false);
      for (Index t = T; t > 0; --t)
        for (Index i = 0; i < model.dim(); ++i) {
          const Index site[] = {i};
          conditional.natural(site, x, natural);
          const double threshold = logit(random.number());
          for (Index k = 0; k < 2; ++k)
            x(i, k) = threshold < 2 * double(natural(0, k)) ? Real(1) : Real(-1);
        }
    }
    out.col(c) = x.col(0);
  }
  return out;
}

const std::string ising =
    "{name: ising, sides: [2, 3], boundary: open, coupling: .5, field: "
    "[.3, 0, -.2, .1, 0, -.1]}";

}  // namespace

// False-alarm rate 1e-5 each. At 40,000 draws a law that is off by Σ(π' - π)²/π = 3e-3 fails with
// probability .99.
TEST_CASE("perfect draws have the enumerated law of attractive models") {
  const auto clamped = make_model(
      "{name: clamped, model: {name: ising, sides: [3], coupling: .4, field: [.1]}, coordinates: "
      "[4], "
      "values: [-1]}");
  const auto rbm = attractive_rbm(5, 4, 1);
  const auto spins = make_model("{name: rbm, visible: 4, hidden: 3, units: spin, weight_scale: 0}");
  Parameters theta = spins->capability<Parametric>()->parameters();
  theta.head(12).setLinSpaced(0, .6);
  theta.tail(7).setLinSpaced(-.3, .4);
  spins->capability<Parametric>()->set_parameters(theta);
  const auto machine = make_model("{name: boltzmann_machine, units: 5, weight_scale: 0}");
  theta = machine->capability<Parametric>()->parameters();
  theta << (Eigen::MatrixXd::Ones(5, 5) - Eigen::MatrixXd::Identity(5, 5)).reshaped() * .2,
      Eigen::VectorXd::LinSpaced(5, -1, -.4);
  machine->capability<Parametric>()->set_parameters(theta);
  const auto tempered = make_model("{name: tempered, model: " + ising + ", beta: .5}");
  const auto square = make_model(ising);
  for (EnergyModel* model :
       {square.get(), clamped.get(), rbm.get(), spins.get(), machine.get(), tempered.get()}) {
    const double p = draws_p(*model, draws("perfect", *model, 40000, 5));
    INFO("p = " << p);
    CHECK(p > 1e-5);
  }
}

TEST_CASE("with new numbers in each attempt draws are biased, and this test would see it") {
  const auto model = make_model(ising);
  CHECK(draws_p(*model, draws_without_reuse(*model, 40000)) < 1e-10);
}

TEST_CASE("a draw does not depend on where the chain was, and its numbers are its own") {
  const auto model = make_model(ising);
  const auto kernel = make_sampler("perfect", *model);
  Chains up = kernel->init(Batch::Ones(6, 30)), down = kernel->init(-Batch::Ones(6, 30));
  kernel->step(up, Stream(6));
  kernel->step(down, Stream(6));
  CHECK(up.x == down.x);
  CHECK((up.statistics == down.statistics).all());
}

TEST_CASE("coalescence times are powers of 2, and 1 where units do not interact") {
  const auto free = make_model("{name: bernoulli, probabilities: [.2, .7, .5]}");
  const auto kernel = make_sampler("perfect", *free);
  Chains chains = kernel->init(Batch::Zero(3, 20));
  kernel->step(chains, Stream(7));
  CHECK((chains.statistics.row(0) == 1).all());
  const auto coupled = make_model("{name: ising, sides: [8], coupling: .4}");
  const auto slow = make_sampler("perfect", *coupled);
  chains = slow->init(Batch::Ones(64, 20));
  slow->step(chains, Stream(7));
  for (const double T : chains.statistics.row(0)) CHECK(std::exp2(std::round(std::log2(T))) == T);
  CHECK(chains.statistics.row(0).minCoeff() > 4);
}

TEST_CASE("perfect never returns chains that have not met, but says so") {
  const auto model = make_model("{name: ising, sides: [8], coupling: 1}");
  const auto kernel = make_sampler("{name: perfect, max_time: 20}", *model);
  Chains chains = kernel->init(Batch::Ones(64, 1));
  CHECK(error_of([&] { kernel->step(chains, Stream(1)); }) ==
        "sampler perfect: chains from 20 sweeps in the past have not met (max_time)");
  CHECK((chains.x.array() == 1).all());
}

TEST_CASE("perfect refuses models whose units do not all attract, before and after they change") {
  CHECK(error_of([] { make_sampler("perfect", *recipe_rbm(4, 3, 1)); }) ==
        "sampler perfect: needs weights >= 0, got a negative one between visible unit 0 and hidden "
        "unit 2");
  const auto model = make_model("{name: ising, sides: [3], coupling: .1}");
  const auto kernel = make_sampler("perfect", *model);
  Chains chains = kernel->init(Batch::Ones(9, 1));
  auto& parametric = *model->capability<Parametric>();
  parametric.set_parameters(-parametric.parameters());
  CHECK(error_of([&] { kernel->refresh(chains); }) ==
        "sampler perfect: needs attraction, got units 0 and 1 that favour unlike states");
}
