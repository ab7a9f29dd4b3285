// Ladders, the path of energies behind tempering kernels, and its use from several threads.
#include <cmath>
#include <gibbsite/api/energy_path.hpp>

#include "support/make.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// The parameters of a path with a named kernel, resolved as in a spec.
EnergyPath::Params params(const std::string& base, const std::string& kernel) {
  EnergyPath::Params p;
  p.base = base;
  p.sampler = {kernel, Node::map()};
  return p;
}

}  // namespace

TEST_CASE("a ladder falls geometrically from 1 to its lowest β") {
  Ladder ladder{.temperatures = 3, .lowest = .25};
  const auto betas = ladder.resolve("x", false);
  REQUIRE(betas.size() == 3);
  CHECK(betas[0] == 1);
  CHECK(near(betas[1], .5, 1e-15));
  CHECK(near(betas[2], .25, 1e-15));
  CHECK(Ladder{}.resolve("x", false).size() == 8);
  CHECK(Ladder{}.resolve("x", false).back() == .1);
  ladder.ladder = {1, .7, .1};
  CHECK_THROWS_AS(ladder.resolve("x", false), Error);  // which of the two is meant?
  ladder.temperatures.reset();
  CHECK_THROWS_AS(ladder.resolve("x", false), Error);
  ladder.lowest.reset();
  CHECK(ladder.resolve("x", false) == ladder.ladder);
  ladder.ladder = {1, .7, 0};
  CHECK(ladder.resolve("x", true) == ladder.ladder);
  CHECK_THROWS_AS(ladder.resolve("x", false), Error);
}

TEST_CASE("a ladder is equalised by reading β at equal steps of the barrier") {
  const Eigen::Array4d betas(1, .6, .5, .1);
  const Eigen::Array3d alike(.2, .2, .2), unlike(.6, .1, .2);
  CHECK(Ladder::equalised(betas, alike).isApprox(betas, 1e-14));
  // Λ = 0, .6, .7, .9: steps of .3 fall at half of the first interval and at its end.
  CHECK(Ladder::equalised(betas, unlike).isApprox(Eigen::Array4d(1, .8, .6, .1), 1e-14));
  CHECK(Ladder::equalised(betas, Eigen::Array3d::Zero()).isApprox(betas, 1e-14));
}

TEST_CASE("the path has the model at one end and its base at the other, with their kernels") {
  const auto rbm = recipe_rbm(3, 2, 1);
  const EnergyPath path(params("uniform", "block_gibbs"), context(rbm.get()));
  CHECK(near(path.log_partition_at_0(), 5 * std::log(2.), tolerance(1e-12, 1e-6)));
  EnergyPath::Walk walk(path);
  const Batch x = all_states(rbm->domain());
  const Row whole = walk.difference(x, 1, 0);
  // E_0 leaves the two hidden units free.
  CHECK(distance(whole, Row(energies(*rbm, x) + 2 * std::log(2.))) < tolerance(1e-12, 1e-5));
  const Row parts = walk.difference(x, 1, .3) + walk.difference(x, .3, 0);
  CHECK(distance(parts, whole) < tolerance(1e-12, 1e-5));
  Row half = Row::Constant(8, .5), ends = Row::Zero(8);
  half(3) = .25;
  const Row each = walk.difference(x, half, ends);
  CHECK(each(2) == walk.difference(x, .5, 0)(2));
  CHECK(each(3) == walk.difference(x, .25, 0)(3));
}

TEST_CASE("kernels of one path stand at different β in different threads") {
  const auto model = recipe_boltzmann(3, 2, true);
  const EnergyPath path(params("none", "gibbs"), context(model.get()));
  std::vector<double> off(8);
  workers().run(8, [&](Index task) {
    const double beta = 1. / double(1 + task);
    WeightedSum tempered = WeightedSum::tempered(beta, *model);
    EnergyPath::Walk walk(path);
    const Sampler& kernel = walk.kernel(beta);
    off[std::size_t(task)] = invariance_defect(transition_matrix(kernel, tempered), tempered);
  });
  for (const double defect : off) CHECK(defect < tolerance(1e-12, 1e-6));
}

TEST_CASE("a chain's own β is that of the kernel that moves it") {
  const auto model = recipe_boltzmann(3, 1, true);
  const EnergyPath path(params("none", "gibbs"), context(model.get()));
  EnergyPath::Walk walk(path);
  Chains together = walk.kernel(1).init(Batch::Zero(3, 2)), apart = together;
  std::vector<Index> firsts;
  const Row betas = Row::LinSpaced(2, 1, .2);
  walk.each(betas, together, [&](const Sampler& kernel, Chains& inner, Index first) {
    firsts.push_back(first);
    CHECK(inner.x.cols() == 1);
    kernel.step(inner, Stream(1).chains_from(first));
  });
  CHECK(firsts == std::vector<Index>{0, 1});
  for (Index c = 0; c < 2; ++c) {
    Chains one = columns(apart, c);
    walk.kernel(betas(c)).step(one, Stream(1).chains_from(c));
    CHECK(together.x.col(c) == one.x);
  }
  walk.each(Row::Constant(2, .5), apart,
            [&](const Sampler&, Chains& inner, Index) { CHECK(inner.x.cols() == 2); });
}
