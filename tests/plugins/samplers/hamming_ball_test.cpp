// Hamming ball sampling, by its transition matrix.
#include <array>
#include <numeric>

#include "support/discrete_models.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::string spec(int block, int radius, const std::string& more = "") {
  return "{name: hamming_ball, block: " + std::to_string(block) +
         ", radius: " + std::to_string(radius) + more + "}";
}

// All coordinates in one block, from the table of probabilities alone.
Eigen::MatrixXd ball_matrix(const EnergyModel& model, Index radius) {
  const Eigen::VectorXd law = probabilities(model);
  const Batch all = states(model.domain(), 0, law.size());
  Eigen::MatrixXd near(law.size(), law.size());
  for (Index x = 0; x < law.size(); ++x)
    for (Index y = 0; y < law.size(); ++y)
      near(x, y) = (all.col(x).array() != all.col(y).array()).count() <= radius;
  const Eigen::MatrixXd choice = near.array().colwise() / near.rowwise().sum().array(),
                        weighted = near * law.asDiagonal(),
                        draw = weighted.array().colwise() / weighted.rowwise().sum().array();
  return choice * draw;
}

std::uint64_t energies_per_step(const std::string& yaml, EnergyModel& model) {
  const auto kernel = make_sampler(yaml, model);
  const Evaluations before = model.evaluations();
  Chains chains = kernel->init(Batch::Zero(model.dim(), 1));
  CHECK(model.evaluations() == before);
  kernel->step(chains, Stream(1));
  const Evaluations spent = model.evaluations() - before;
  CHECK(spent == Evaluations{.energy = spent.energy});
  return spent.energy;
}

}  // namespace

TEST_CASE("Hamming balls keep every discrete law reversibly to 1e-12") {
  discrete_models().check_kept("{name: hamming_ball}");
  discrete_models().check_kept(spec(1, 1));
  discrete_models().check_kept(spec(2, 1));
  discrete_models().check_kept(spec(2, 2));
}

TEST_CASE("a ball over all coordinates is drawn from as the formula says") {
  RoughTable mixed = RoughTable::mixed(0.4);
  for (const int radius : {1, 2, 3})
    CHECK(largest_difference(matrix_of(spec(4, radius), mixed), ball_matrix(mixed, radius)) <
          1e-12);
}

TEST_CASE("a ball as wide as all coordinates draws independently") {
  RoughTable mixed = RoughTable::mixed(0.4);
  const Eigen::VectorXd law = probabilities(mixed);
  CHECK(largest_difference(matrix_of(spec(4, 4), mixed), law.transpose().replicate(law.size(), 1)) <
        1e-12);
}

// Reference values from the same machine in another language.
TEST_CASE("a ball of one coordinate is random-scan Gibbs, and wider ones mix better") {
  for (const auto& [scale, gibbs] : {std::array{.5, .097917}, std::array{1.5, .040539}}) {
    const auto model = recipe_boltzmann(6, scale, true);
    CHECK(std::abs(gap_of(spec(1, 1), *model) - gibbs) < 1e-6);
    CHECK(gap_of(spec(2, 2), *model) > 1.5 * gibbs);
    CHECK(gap_of(spec(6, 2), *model) > gap_of(spec(6, 1), *model));
  }
}

TEST_CASE("two updates in a step are two steps") {
  const auto model = recipe_rbm(4, 3, 1);
  const Eigen::MatrixXd K = matrix_of(spec(2, 1), *model);
  CHECK(largest_difference(matrix_of(spec(2, 1, ", updates: 2"), *model), K * K) < 1e-12);
}

TEST_CASE("a ball costs as many energies as it has points") {
  const auto rbm = recipe_rbm(6, 3, 1);
  CHECK(energies_per_step("{name: hamming_ball}", *rbm) == 1 + 6);
  CHECK(energies_per_step(spec(5, 2), *rbm) == 1 + 5 + 10);
  CHECK(energies_per_step(spec(3, 3, ", updates: 4"), *rbm) == 4 * 8);
  const auto potts =
      make_model("{name: potts, lattice: chain, sides: [6], levels: 4, coupling: .8}");
  CHECK(energies_per_step(spec(5, 2), *potts) == 1 + 5 * 3 + 10 * 9);
  // More than fit in one batch.
  const auto wide = make_model("{name: bernoulli, units: 13}");
  CHECK(energies_per_step(spec(12, 12), *wide) == 4096);
}

// The ball is cut into four batches. Twelve z tests: false-alarm rate 5e-7.
TEST_CASE("a block too large for one batch of energies is drawn from its law") {
  Vector natural(12);
  for (Index i = 0; i < 12; ++i) natural(i) = Real(std::sin(double(i)) / 2);
  Independent model(Domain::binary(12), natural);
  const auto kernel = make_sampler(spec(12, 12), model);
  Chains chains = kernel->init(Batch::Zero(12, 600));
  kernel->step(chains, Stream(4));
  for (Index i = 0; i < 12; ++i) {
    const double p = 1 / (1 + std::exp(-double(natural(i))));
    const double z = (double(chains.x.row(i).sum()) - 600 * p) / std::sqrt(600 * p * (1 - p));
    CHECK(std::abs(z) < 5.5);
  }
}

TEST_CASE("Hamming balls refuse blocks, radii and sizes that cannot be") {
  const auto model = recipe_rbm(4, 3, 1), wide = make_model("{name: bernoulli, units: 200}");
  CHECK_THROWS_WITH_AS(make_sampler(spec(5, 1), *model),
                       "sampler hamming_ball: block: must be at most the number of coordinates, 4, "
                       "got 5",
                       Error);
  CHECK_THROWS_WITH_AS(make_sampler(spec(2, 3), *model),
                       "sampler hamming_ball: radius: must be at most block, 2, got 3", Error);
  CHECK_THROWS_AS(make_sampler(spec(200, 4), *wide), Error);
  CHECK_NOTHROW(make_sampler(spec(200, 2), *wide));
}
