#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// A symmetric matrix of zero diagonal and biases, without structure.
Eigen::MatrixXd some_matrix(Index units) {
  Eigen::MatrixXd J = Eigen::MatrixXd::Zero(units, units);
  for (Index i = 0; i < units; ++i)
    for (Index j = 0; j < i; ++j)
      J(i, j) = J(j, i) = .4 * std::sin(1 + .7 * double(i + j) + .37 * double(i * j));
  return J;
}

Eigen::VectorXd some_biases(Index units) {
  return (Eigen::VectorXd::LinSpaced(units, 1, double(units)).array().cos() * .3).matrix();
}

double spin_energy(const QuadraticEnergy& e, const Eigen::VectorXd& s) {
  return -.5 * s.dot(e.weights * s) - e.biases.dot(s);
}
double binary_energy(const QuadraticEnergy& e, const Eigen::VectorXd& x) {
  return -x.dot(e.weights * x) - e.biases.dot(x);
}

// The spins model of a matrix J and fields h.
class Spins final : public PairwiseSpins {
 public:
  Spins(const QuadraticEnergy& e, const Context& c)
      : PairwiseSpins(c, complete_graph(e.biases.size()), 1, {0}) {
    Parameters theta(couplings().size() + dim());
    for (Index b = 0; b < couplings().size(); ++b) {
      const Bond& bond = lattice().bonds[std::size_t(b)];
      theta(b) = e.weights(bond.first, bond.second);
    }
    theta.tail(dim()) = e.biases;
    set_parameters(theta);
  }
};

}  // namespace

TEST_CASE("energies of the two codings differ by the stated offset in every state") {
  const Index units = 7;
  const QuadraticEnergy spins{some_matrix(units), some_biases(units), 0};
  const QuadraticEnergy binary = binary_from_spins(spins.weights, spins.biases);
  const QuadraticEnergy again = spins_from_binary(binary.weights, binary.biases);
  CHECK((binary.weights - 2 * spins.weights).cwiseAbs().maxCoeff() == 0);
  for (Index n = 0; n < 1 << units; ++n) {
    const Eigen::VectorXd x =
        states(Domain::binary(units), std::uint64_t(n), 1).col(0).cast<double>();
    const Eigen::VectorXd s = 2 * x - Eigen::VectorXd::Ones(units);
    CHECK(std::abs(spin_energy(spins, s) - binary_energy(binary, x) - binary.offset) < 1e-13);
    CHECK(std::abs(binary_energy(binary, x) - spin_energy(again, s) - again.offset) < 1e-13);
  }
  CHECK((again.weights - spins.weights).cwiseAbs().maxCoeff() < 1e-15);
  CHECK((again.biases - spins.biases).cwiseAbs().maxCoeff() < 1e-15);
  CHECK(std::abs(again.offset + binary.offset) < 1e-14);
}

TEST_CASE("the spin model of a Boltzmann machine has its ln Z but for the offset") {
  for (const bool with_bias : {false, true}) {
    const auto machine = recipe_boltzmann(10, 1, with_bias);
    const Parameters theta = machine->capability<Parametric>()->parameters();
    const QuadraticEnergy e = spins_from_binary(theta.head(100).reshaped(10, 10), theta.tail(10));
    const Spins spins(e, context());
    // The tabulated ln Z of the recipe; ln Z(x) = ln Z(s) - offset.
    const double truth = with_bias ? 10.502846869318 : 10.926432215547;
    CHECK(near(log_sum_over_states(spins) - e.offset, truth, tolerance(1e-12, 1e-5)));
    CHECK(near(log_sum_over_states(*machine), truth, tolerance(1e-12, 1e-5)));
  }
}

TEST_CASE("pairwise spins have one name per site, and sets only where they help") {
  const Spins dense({some_matrix(4), some_biases(4), 0}, context());
  CHECK(dense.independent_sets().empty());
  CHECK(dense.blocks()[0].size() == 6);
  CHECK(dense.blocks()[1].size() == 4);
  CHECK(capabilities_of(dense) ==
        std::vector<std::string>{"conditional", "parameters", "discrete_gradient", "pairwise"});
}
