// Cluster kernels: exact transition matrices, what the papers say of them, and refusals.
#include <numbers>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const double critical = .5 * std::log(1 + std::numbers::sqrt2);
const std::vector<std::string> cluster_kernels = {"swendsen_wang", "wolff"};

Eigen::MatrixXd matrix(const std::string& yaml, EnergyModel& model) {
  return transition_matrix(*make_sampler(yaml, model), model);
}

void check_exact(const std::string& yaml, EnergyModel& model) {
  const auto kernel = make_sampler(yaml, model);
  const Eigen::MatrixXd K = transition_matrix(*kernel, model);
  CHECK(invariance_defect(K, model) < tolerance(1e-12, 1e-6));
  CHECK(kernel->is_reversible());
  CHECK(reversibility_defect(K, model) < tolerance(1e-12, 1e-6));
}

// The kernel with its acceptance of fields left out, or its bonds opened with probability
// 1 - e^{-K} instead of 1 - e^{-2K}, as the law it would then have.
double distance_of_laws(const std::string& yaml, EnergyModel& model, EnergyModel& mistaken) {
  return invariance_defect(matrix(yaml, mistaken), model);
}

}  // namespace

TEST_CASE("cluster kernels keep the law to 1e-12, reversibly, with fields and either sign of K") {
  for (const std::string& name : cluster_kernels)
    for (const std::string model :
         {"{name: ising, sides: [2], coupling: .4}",  // two bonds between each pair
          "{name: ising, sides: [2], coupling: -.3, field: [.2, -.5, 1, 0]}",
          "{name: ising, lattice: chain, sides: [5], coupling: -.6, field: [.3]}",  // frustrated
          "{name: ising, sides: [2, 2], boundary: open, coupling: .4}",
          "{name: sherrington_kirkpatrick, units: 4, field: [.2]}",
          "{name: potts, sides: [2], levels: 2, coupling: -.3, field: [.2, 0]}",
          "{name: potts, lattice: chain, sides: [3], levels: 3, coupling: .8, field: [.3, 0, -.4]}",
          "{name: potts, sides: [2, 2], boundary: open, levels: 3, coupling: 1.2}",
          "{name: discrete_boltzmann, units: 2, levels: 4, interaction: potts, weight_scale: 0}",
          "{name: bernoulli, probabilities: [.2, .7, .5]}"}) {
      INFO(name << " on " << model);
      check_exact("{name: " + name + "}", *make_model(model));
    }
}

TEST_CASE("cluster kernels keep the law of binary units to 1e-12") {
  for (const std::string& name : cluster_kernels) check_exact(name, *recipe_boltzmann(4, 1, true));
  check_exact("{name: wolff, clusters: 2}", *recipe_boltzmann(3, 1, true));
  check_exact("{name: swendsen_wang, sweeps: 2}", *recipe_boltzmann(3, 1, true));
}

TEST_CASE("cluster kernels keep the law of tempered, clamped and multiplied models to 1e-12") {
  const auto clamped = make_model(
      "{name: clamped, model: {name: ising, sides: [2, 3], coupling: .5, field: [.1]}, "
      "coordinates: [0, 4], values: [1, -1]}");
  const auto potts = make_model(
      "{name: clamped, model: {name: potts, sides: [2, 3], levels: 3, coupling: .7, field: [.1, 0, "
      "-.3]}, coordinates: [1, 2, 3], values: [0, 2, 2]}");
  const auto tempered = make_model(
      "{name: tempered, model: {name: ising, sides: [2], coupling: .5, field: [.3]}, beta: .6}");
  const auto product = make_model(
      "{name: product, models: [{name: boltzmann_machine, units: 4, weight_scale: .7}, "
      "{name: bernoulli, probabilities: [.2, .4, .6, .9]}]}");
  for (const std::string& name : cluster_kernels)
    for (EnergyModel* model : {clamped.get(), potts.get(), tempered.get(), product.get()})
      check_exact(name, *model);
}

TEST_CASE("a kernel for another coupling or without the field does not keep the law") {
  const std::string ising = "{name: ising, sides: [2], field: [.2, -.5, 1, 0], coupling: ";
  const auto model = make_model(ising + ".3}"), half = make_model(ising + ".15}");
  const auto bare = make_model("{name: ising, sides: [2], coupling: .3}");
  for (const std::string& name : cluster_kernels) {
    CHECK(distance_of_laws(name, *model, *half) > 1e-3);
    CHECK(distance_of_laws(name, *model, *bare) > 1e-3);
  }
}

// States --, +-, -+, ++ of two spins and one bond, which joins with p = 1 - e^{-2K}.
TEST_CASE("on two spins the steps of cluster kernels are those of their papers") {
  const auto model = make_model(
      "{name: ising, lattice: chain, boundary: open, sides: [2], "
      "coupling: .7}");
  const double p = 1 - std::exp(-1.4);
  Eigen::Matrix4d swendsen_wang = Eigen::Matrix4d::Constant(.25);
  for (const Index s : {0, 3}) {
    swendsen_wang.row(s) *= 1 - p;
    swendsen_wang(s, 0) += p / 2;
    swendsen_wang(s, 3) += p / 2;
  }
  CHECK(distance(matrix("swendsen_wang", *model), swendsen_wang) < tolerance(1e-14, 1e-6));
  Eigen::Matrix4d wolff;  // a seed of either spin, then both flip or the seed alone
  wolff << 0, (1 - p) / 2, (1 - p) / 2, p,  //
      .5, 0, 0, .5,                         //
      .5, 0, 0, .5,                         //
      p, (1 - p) / 2, (1 - p) / 2, 0;
  CHECK(distance(matrix("wolff", *model), wolff) < tolerance(1e-14, 1e-6));
}

TEST_CASE("at low temperature Swendsen-Wang forgets 20 times faster than a Metropolis sweep") {
  const auto model = make_model("{name: ising, sides: [2, 2], boundary: open, coupling: 1.2}");
  const double metropolis = spectral_gap(matrix("{name: metropolis, updates: 4}", *model), *model);
  const double swendsen_wang = spectral_gap(matrix("swendsen_wang", *model), *model);
  INFO("gaps " << metropolis << " and " << swendsen_wang);
  CHECK(swendsen_wang > 20 * metropolis);
}

// E (Σ s/N)² of the 4 x 4 torus by enumeration. The mean of 20,000 independent fractions, from
// exact starts, is within 5 standard errors with probability 1 - 6e-7.
TEST_CASE("without fields the mean cluster fraction is the mean squared magnetisation") {
  const auto model =
      make_model("{name: ising, sides: [4], coupling: " + number_text(critical) + "}");
  const Batch starts = exact_draws(*model, 20000, Stream(1));
  for (const std::string& name : cluster_kernels) {
    const auto kernel = make_sampler(name, *model);
    Chains chains = kernel->init(starts);
    kernel->step(chains, Stream(2));
    Moments fraction;
    for (const double value : chains.statistics.row(0)) fraction.add(value);
    CHECK(std::abs(fraction.mean - .7613589086) < 5 * std::sqrt(fraction.variance() / 20000));
  }
}

// <s s'> of a bond on the ring of 4, likewise.
TEST_CASE("after steps of a cluster kernel the 2 x 2 ring has its mean bond energy") {
  const auto model = make_model("{name: ising, sides: [2], boundary: open, coupling: .4}");
  for (const std::string& name : cluster_kernels) {
    const auto kernel = make_sampler(name, *model);
    Chains chains = kernel->init(exact_draws(*model, 20000, Stream(3)));
    for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(4).at(n));
    Row energy;
    model->energy(chains.x, energy);
    Moments bond;
    for (const double value : energy) bond.add(-value / (4 * .4));
    CHECK(std::abs(bond.mean - .425922561312) < 5 * std::sqrt(bond.variance() / 20000));
  }
}

TEST_CASE("every Wolff cluster moves without fields, and each move is of one cluster") {
  const auto model = make_model("{name: potts, sides: [6], levels: 3, coupling: 1}");
  const auto kernel = make_sampler("wolff", *model);
  Chains chains = kernel->init(Batch::Zero(36, 50));
  for (std::uint64_t n = 0; n < 20; ++n) {
    const Batch before = chains.x;
    kernel->step(chains, Stream(4).at(n));
    CHECK((chains.statistics.row(1) == 1).all());
    for (Index c = 0; c < 50; ++c) {
      const auto moved = (before.col(c).array() != chains.x.col(c).array()).count();
      CHECK(double(moved) / 36 == doctest::Approx(chains.statistics(0, c)));
    }
  }
}

TEST_CASE("cluster kernels follow the parameters of their model") {
  const auto model = make_model("{name: ising, sides: [2], coupling: .1}");
  auto& parametric = *model->capability<Parametric>();
  const auto kernel = make_sampler("swendsen_wang", *model);
  parametric.set_parameters(2 * parametric.parameters());
  CHECK(invariance_defect(transition_matrix(*kernel, *model), *model) < tolerance(1e-12, 1e-6));
}

TEST_CASE("cluster kernels refuse models that they cannot make clusters of") {
  const auto repulsive = make_model("{name: potts, sides: [3], levels: 3, coupling: -.1}");
  const auto grades =
      make_model("{name: discrete_boltzmann, units: 3, levels: 3, weight_scale: 1}");
  for (const std::string& name : cluster_kernels) {
    CHECK(error_of([&] { make_sampler(name, *repulsive); }) ==
          "sampler " + name +
              ": the energy of units 0 and 1 must have J >= 0 in -J δ(k, l), as more than two "
              "states need");
    CHECK(error_of([&] {
            make_sampler(name, *grades);
          }).find("sampler " + name + ": the energy of units 0 and 1 must be -J δ(k, l)") == 0);
    CHECK(error_of([&] { make_sampler(name, *recipe_rbm(3, 2, 1)); }).find("pairwise") !=
          std::string::npos);
  }
}
