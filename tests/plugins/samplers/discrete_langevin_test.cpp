// Discrete Langevin proposals, with acceptance (DMALA) and without (DULA).
#include <Eigen/LU>
#include <array>

#include "support/discrete_models.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::string spec(double step_size, const std::string& more = "") {
  return "{name: discrete_langevin, step_size: " + std::to_string(step_size) + more + "}";
}

// The law that a transition matrix leaves invariant.
Eigen::VectorXd stationary(const Eigen::MatrixXd& K) {
  Eigen::MatrixXd A = K.transpose() - Eigen::MatrixXd::Identity(K.rows(), K.cols());
  A.row(0).setOnes();
  Eigen::VectorXd b = Eigen::VectorXd::Zero(K.rows());
  b(0) = 1;
  return A.fullPivLu().solve(b);
}

double bias_of(double step_size, EnergyModel& model) {
  const Eigen::VectorXd law = stationary(matrix_of(spec(step_size, ", adjust: false"), model));
  return 0.5 * (law - probabilities(model)).cwiseAbs().sum();
}

// Independent moves of every coordinate to k ∝ exp(½ ln π ratio - |k - x_i|²/(2α)).
template <class Distance>
Eigen::MatrixXd langevin_proposals(const EnergyModel& model, double step_size, Distance squared) {
  const Eigen::VectorXd law = probabilities(model);
  const Batch all = states(model.domain(), 0, law.size());
  Eigen::MatrixXd Q(law.size(), law.size());
  for (Index x = 0; x < law.size(); ++x)
    for (Index y = 0; y < law.size(); ++y) {
      double log_q = 0;
      for (Index i = 0; i < all.rows(); ++i) {
        double total = 0, chosen = 0;
        for (Index z = 0; z < law.size(); ++z) {
          Batch moved = all.col(x);
          moved(i) = all(i, z);
          if (moved != all.col(z)) continue;  // z is x with x_i changed, or x itself
          const double weight =
              std::exp(0.5 * std::log(law(z) / law(x)) -
                       squared(double(all(i, z)), double(all(i, x))) / (2 * step_size));
          total += weight;
          if (all(i, z) == all(i, y)) chosen = weight;
        }
        log_q += std::log(chosen / total);
      }
      Q(x, y) = std::exp(log_q);
    }
  return Q;
}

double numbers_apart(double a, double b) { return (a - b) * (a - b); }
double one_hot_apart(double a, double b) { return a == b ? 0 : 2; }

Chains warm_up(const Sampler& kernel, const Batch& x, Index warmup) {
  Chains chains = kernel.init(x);
  for (Index n = 1; n <= warmup; ++n) {
    kernel.step(chains, Stream(2).at(std::uint64_t(n)));
    kernel.adapt(chains, {n, warmup});
  }
  return chains;
}

}  // namespace

TEST_CASE("DMALA keeps every discrete law reversibly to 1e-12 at every step size") {
  for (const double step_size : {.001, .2, 1., 1000.})
    discrete_models().check_kept(spec(step_size));
  discrete_models().check_kept(spec(.5, ", categories: ordinal"));
}

TEST_CASE("without its acceptance no such law is kept") {
  for (const auto& [title, model] : discrete_models().all) {
    INFO(title);
    CHECK(invariance_defect(matrix_of(spec(1, ", adjust: false"), *model), *model) > 1e-4);
  }
}

TEST_CASE("bits and spins move by the distance of their numbers, categories by one-hot vectors") {
  const auto bits = recipe_boltzmann(4, 1, true),
             spins = make_model("{name: ising, sides: [2, 2], boundary: open, coupling: .4}"),
             potts = make_model(
                 "{name: potts, lattice: chain, sides: [3], levels: 3, "
                 "coupling: .8}");
  const std::string dula = spec(.4, ", adjust: false");
  CHECK(largest_difference(matrix_of(dula, *bits), langevin_proposals(*bits, .4, numbers_apart)) <
        1e-12);
  CHECK(largest_difference(matrix_of(dula, *spins), langevin_proposals(*spins, .4, numbers_apart)) <
        1e-12);
  CHECK(largest_difference(matrix_of(dula, *potts), langevin_proposals(*potts, .4, one_hot_apart)) <
        1e-12);
  CHECK(largest_difference(matrix_of(spec(.4, ", adjust: false, categories: ordinal"), *potts),
                           langevin_proposals(*potts, .4, numbers_apart)) < 1e-12);
  CHECK(largest_difference(matrix_of(spec(.4), *potts),
                           metropolised(langevin_proposals(*potts, .4, one_hot_apart), *potts)) <
        1e-12);
}

// Reference values to the digits given, from the same machine (with biases) in another language.
TEST_CASE("the law of DULA is off by what it should be, and goes to the model's with its step") {
  const auto model = recipe_boltzmann(6, .5, true);
  for (const auto& [step_size, distance] : {std::array{.1, 3.4288e-3}, std::array{.2, .039420},
                                            std::array{.5, .145264}, std::array{1., .207741}})
    CHECK(std::abs(bias_of(step_size, *model) - distance) < 1e-5);
  CHECK(bias_of(.05, *model) < 3e-5);
}

TEST_CASE("DMALA has the spectral gaps .25 and .31 of step sizes .5 and 1") {
  const auto model = recipe_boltzmann(6, .5, true);
  CHECK(std::abs(gap_of(spec(.5), *model) - .25186) < 1e-5);
  CHECK(std::abs(gap_of(spec(1), *model) - .31021) < 1e-5);
}

TEST_CASE("DULA does not call itself exact, nor reversible, and accepts every move") {
  const auto model = recipe_boltzmann(6, 1.5, true);
  const auto kernel = make_sampler(spec(.5, ", adjust: false"), *model);
  CHECK_FALSE(kernel->is_exact());
  CHECK_FALSE(kernel->is_reversible());
  const Chains chains = warm_up(*kernel, Batch::Zero(6, 50), 20);
  CHECK((chains.statistics.row(0) == 1).all());
  CHECK((chains.statistics.row(2) == .5).all());
}

TEST_CASE("two updates in a step are two steps") {
  const auto model = recipe_rbm(4, 3, 1);
  const Eigen::MatrixXd K = matrix_of(spec(.5), *model);
  CHECK(largest_difference(matrix_of(spec(.5, ", updates: 2"), *model), K * K) < 1e-12);
}

// The averaged step accepts a little more often than the fluctuating steps it is the mean of.
TEST_CASE("warm-up brings DMALA to acceptance .574 and leaves the step size alone afterwards") {
  const auto model = make_model("{name: ising, sides: [8, 8], coupling: .3}");
  const auto kernel = make_sampler(spec(.01), *model);
  Batch x(64, 40);
  Independent::uniform(model->domain()).draw(Stream(1), x);
  Chains chains = warm_up(*kernel, x, 600);
  const Table tuning = chains.tuning;
  double acceptance = 0;
  for (Index n = 0; n < 400; ++n) {
    kernel->step(chains, Stream(3).at(std::uint64_t(n)));
    acceptance += chains.statistics.row(0).mean() / 400;
  }
  CHECK(std::abs(acceptance - .574) < .06);
  CHECK((chains.tuning == tuning).all());
  CHECK((chains.statistics.row(2) == tuning.row(0)).all());
}

TEST_CASE("DMALA's step size stays within its limits where everything is accepted") {
  Independent model = Independent::uniform(Domain::binary(3));
  const auto kernel = make_sampler("{name: discrete_langevin}", model);
  CHECK((warm_up(*kernel, Batch::Zero(3, 4), 2000).tuning.row(0) == 1000).all());
}

TEST_CASE("told not to adapt, DMALA keeps its step size through warm-up; DULA always does") {
  const auto model = recipe_boltzmann(6, 1.5, true);
  for (const std::string more : {", adapt: false", ", adjust: false"}) {
    const auto kernel = make_sampler(spec(.3, more), *model);
    CHECK((warm_up(*kernel, Batch::Zero(6, 4), 50).tuning.row(0) == .3).all());
  }
}

TEST_CASE("discrete Langevin takes a gradient per update and chain, and one at the start") {
  const auto model = recipe_rbm(5, 3, 1);
  for (const std::string more : {", updates: 4", ", updates: 4, adjust: false"}) {
    const auto kernel = make_sampler(spec(.3, more), *model);
    const Evaluations before = model->evaluations();
    Chains chains = kernel->init(Batch::Zero(5, 7));
    for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(1).at(n));
    CHECK(model->evaluations() - before == Evaluations{.gradient = 7 * (1 + 3 * 4)});
  }
}

TEST_CASE("discrete Langevin refuses a step size of 0 and a target that is no rate") {
  const auto model = recipe_boltzmann(4, 1, true);
  CHECK_THROWS_AS(make_sampler(spec(0), *model), Error);
  CHECK_THROWS_AS(make_sampler(spec(.2, ", target_acceptance: 1"), *model), Error);
}
