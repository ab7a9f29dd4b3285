// Sweeps in a model's own loop against those that ask for conditional laws set by set. A tempered
// model at β = 1 has the same laws and no loop of its own.
#include <gibbsite/api/gibbs_sweeps.hpp>
#include <gibbsite/core/choice.hpp>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const MakeSampler gibbs = sampler("{name: gibbs}");

std::unique_ptr<EnergyModel> dense_model(const std::string& name, Index units) {
  const std::string head = "{name: " + name + ", units: " + std::to_string(units);
  auto model = make_model(head + (name == "boltzmann_machine" ? ", weight_scale: .2}" : "}"));
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = parametric.parameters();
  for (Index i = 0; i < units; ++i) theta(theta.size() - units + i) = .5 * std::cos(1 + double(i));
  // Multiples of 2^-10 have the same sums in any order, in either precision.
  parametric.set_parameters((theta.array() * 1024).round() / 1024);
  return model;
}

Batch some_states(const EnergyModel& model, Index chains) {
  Batch x(model.dim(), chains);
  Independent::uniform(model.domain()).draw(Stream(3), x);
  return x;
}

bool sweep(const EnergyModel& model, Index sweeps, Batch& x, Stream random) {
  return model.capability<GibbsSweeps>()->gibbs_sweeps(sweeps, x, random);
}

}  // namespace

TEST_CASE("blocks of units that all interact are drawn as one unit after the other") {
  for (const char* name : {"boltzmann_machine", "sherrington_kirkpatrick"})
    for (const Index units : {2, 7, 31, 32, 33, 64, 65, 130}) {
      CAPTURE(name);
      CAPTURE(units);
      const auto model = dense_model(name, units);
      WeightedSum plain = WeightedSum::tempered(1, *model);
      const auto fast = make_sampler("{name: gibbs, sweeps: 2}", *model);
      const auto slow = make_sampler("{name: gibbs, sweeps: 2}", plain);
      Chains a = fast->init(some_states(*model, 19)), b = slow->init(a.x),
             one = fast->init(a.x.col(4));
      for (std::uint64_t n = 0; n < 10; ++n) {
        fast->step(a, Stream(1).at(n));
        slow->step(b, Stream(1).at(n));
        fast->step(one, Stream(1).at(n).chains_from(4));
        REQUIRE(a.x == b.x);
        REQUIRE(a.x.col(4) == one.x);
      }
    }
}

// From each of the 16 states of the 2 x 2 torus; false-alarm rate 1e-6 each.
TEST_CASE("sweeps of a checkerboard have the exact transition matrix") {
  for (const char* yaml : {"{name: ising, sides: [2], coupling: .2, field: [.1]}",
                           "{name: ising, sides: [2], coupling: -.3}"}) {
    const auto model = make_model(yaml);
    const Eigen::MatrixXd exact = transitions(gibbs, *model).probability;
    const Index count = 20000;
    for (Index state = 0; state < 16; ++state) {
      const Batch start = states(model->domain(), std::uint64_t(state), 1);
      Batch x = start.replicate(1, count);
      REQUIRE(sweep(*model, 1, x, Stream(8).at(std::uint64_t(state))));
      Eigen::VectorXd counts = Eigen::VectorXd::Zero(16);
      for (Index n = 0; n < count; ++n) counts(Index(state_number(model->domain(), x, n))) += 1;
      CHECK(chi_squared_p(counts, exact.row(state).transpose()) > 1e-6);
    }
  }
}

TEST_CASE("from exact starts sweeps of a checkerboard keep the law of a 4 x 4 torus") {
  const auto model = make_model("{name: ising, sides: [4], coupling: .35, field: [-.2]}");
  const Verdict verdict = invariance_test(gibbs, *model);
  INFO("p = " << verdict.smallest_p << " in round " << verdict.rounds);
  CHECK(verdict.passed);
}

TEST_CASE("a model has sweeps of its own only where its parameters allow them") {
  for (const auto& [yaml, own] :
       {std::pair{"{name: ising, sides: [4], coupling: .2}", true},
        {"{name: ising, sides: [4], coupling: .2, field: [.3]}", true},
        {"{name: ising, sides: [3], coupling: .2}", false},
        {"{name: ising, sides: [4, 6], coupling: .2}", false},
        {"{name: ising, sides: [4], boundary: open, coupling: .2}", false},
        {"{name: ising, lattice: chain, sides: [16], coupling: .2}", false}}) {
    CAPTURE(yaml);
    const auto model = make_model(yaml);
    Batch x = some_states(*model, 2);
    const Batch before = x;
    CHECK(sweep(*model, 3, x, Stream(1)) == own);
    CHECK((x != before) == own);
  }
  const auto model = make_model("{name: ising, sides: [4], coupling: .2}");
  auto& parametric = *model->capability<Parametric>();
  const Parameters alike = parametric.parameters();
  Parameters theta = alike;
  theta(5) += .1;
  parametric.set_parameters(theta);
  Batch x = some_states(*model, 2);
  CHECK_FALSE(sweep(*model, 1, x, Stream(1)));
  parametric.set_parameters(alike);
  CHECK(sweep(*model, 1, x, Stream(1)));
}

TEST_CASE("new parameters hold for the next sweep") {
  const auto model = make_model("{name: ising, sides: [6], coupling: .2}");
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = Parameters::Zero(parametric.parameters().size());
  theta.tail(36).setConstant(50);
  parametric.set_parameters(theta);
  Batch x = some_states(*model, 3);
  REQUIRE(sweep(*model, 1, x, Stream(1)));
  CHECK((x.array() == 1).all());
  const auto dense = dense_model("boltzmann_machine", 5);
  theta = Parameters::Zero(30);
  theta.tail(5).setConstant(50);
  dense->capability<Parametric>()->set_parameters(theta);
  Batch bits = some_states(*dense, 3);
  REQUIRE(sweep(*dense, 1, bits, Stream(1)));
  CHECK((bits.array() == 1).all());
}

TEST_CASE("sweeps of a model's own count one site update per coordinate and chain") {
  for (const char* yaml :
       {"{name: ising, sides: [4], coupling: .2}", "{name: boltzmann_machine, units: 16}",
        "{name: sherrington_kirkpatrick, units: 16}"}) {
    const auto model = make_model(yaml);
    Batch x = some_states(*model, 5);
    const Evaluations before = model->evaluations();
    REQUIRE(sweep(*model, 3, x, Stream(1)));
    CHECK(model->evaluations() - before == Evaluations{.site_updates = 3 * 16 * 5});
  }
}

TEST_CASE("energies of one coupling and of all pairs are sums over bonds") {
  for (const char* yaml : {"{name: ising, sides: [2], coupling: .7, field: [.3]}",
                           "{name: ising, sides: [10], coupling: -.3, field: [.2]}",
                           "{name: sherrington_kirkpatrick, units: 2, field: [.4]}",
                           "{name: sherrington_kirkpatrick, units: 75, field: [.4]}"}) {
    CAPTURE(yaml);
    const auto model = make_model(yaml);
    const auto& spins = dynamic_cast<const PairwiseSpins&>(*model);
    const Batch x = some_states(*model, 6);
    Row energy;
    model->energy(x, energy);
    for (Index n = 0; n < x.cols(); ++n) {
      double sum = 0, size = 1;
      for (std::size_t b = 0; b < spins.lattice().bonds.size(); ++b) {
        const Bond& bond = spins.lattice().bonds[b];
        sum -= double(spins.couplings()(Index(b)) * x(bond.first, n) * x(bond.second, n));
        size += std::abs(double(spins.couplings()(Index(b))));
      }
      for (Index i = 0; i < spins.dim(); ++i) sum -= double(spins.fields()(i) * x(i, n));
      // 8 roundings of the size of all terms together.
      CHECK(std::abs(energy(n) - sum) < 8 * size * double(std::numeric_limits<Real>::epsilon()));
    }
  }
}
