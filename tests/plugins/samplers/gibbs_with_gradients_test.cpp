// Gibbs with gradients, by its transition matrix.
#include "support/discrete_models.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("Gibbs with gradients keeps every discrete law reversibly to 1e-12") {
  discrete_models().check_kept("{name: gibbs_with_gradients}");
}

TEST_CASE("Gibbs with gradients is metropolised e^{(E(x) - E(x'))/2} where units act in pairs") {
  for (const std::string yaml :
       {"{name: potts, lattice: chain, sides: [3], levels: 3, coupling: .8}",
        "{name: ising, sides: [2, 3], boundary: open, coupling: .4, field: [.2]}"}) {
    const auto model = make_model(yaml);
    const auto proposal = single_change_proposals(*model, [](double t) { return std::sqrt(t); });
    CHECK(largest_difference(matrix_of("{name: gibbs_with_gradients}", *model),
                             metropolised(proposal, *model)) < 1e-12);
  }
}

// Reference values to the digits given, from the same machine (with biases) in another language.
TEST_CASE("Gibbs with gradients doubles the spectral gap of random-scan Gibbs") {
  for (const auto& [scale, with_gradients, gibbs] :
       {std::array{.5, .195802, .097917}, std::array{1.5, .099591, .040539}}) {
    const auto model = recipe_boltzmann(6, scale, true);
    CHECK(std::abs(gap_of("{name: gibbs_with_gradients}", *model) - with_gradients) < 1e-6);
    // One coordinate drawn anew, chosen at random.
    const auto drawn = single_change_proposals(*model, [](double) { return 1.0; });
    const Eigen::VectorXd law = probabilities(*model);
    Eigen::MatrixXd K = drawn;
    for (Index x = 0; x < law.size(); ++x) {
      for (Index y = 0; y < law.size(); ++y) K(x, y) *= law(y) / (law(x) + law(y));
      K(x, x) = 1 - (K.row(x).sum() - K(x, x));
    }
    CHECK(std::abs(spectral_gap(K, *model) - gibbs) < 1e-6);
  }
  const auto model = recipe_boltzmann(6, .5, true);
  CHECK(std::abs(gap_of("{name: metropolis, updates: 1}", *model) - .151012) < 1e-6);
}

TEST_CASE("two updates in a step are two steps") {
  const auto model = recipe_rbm(4, 3, 1);
  const Eigen::MatrixXd K = matrix_of("{name: gibbs_with_gradients}", *model);
  CHECK(largest_difference(matrix_of("{name: gibbs_with_gradients, updates: 2}", *model), K * K) <
        1e-12);
}

TEST_CASE("Gibbs with gradients takes a gradient per update and chain, and one at the start") {
  const auto model = recipe_rbm(5, 3, 1);
  const auto kernel = make_sampler("{name: gibbs_with_gradients, updates: 4}", *model);
  const Evaluations before = model->evaluations();
  Chains chains = kernel->init(Batch::Zero(5, 7));
  for (std::uint64_t n = 0; n < 3; ++n) kernel->step(chains, Stream(1).at(n));
  CHECK(model->evaluations() - before == Evaluations{.gradient = 7 * (1 + 3 * 4)});
}

// On independent units with two states alike each proposal is accepted and flips one unit.
TEST_CASE("acceptance_rate and hop_distance are those of the step") {
  Independent model = Independent::uniform(Domain::binary(8));
  const auto kernel = make_sampler("{name: gibbs_with_gradients}", model);
  Chains chains = kernel->init(Batch::Zero(8, 20));
  kernel->step(chains, Stream(1));
  CHECK((chains.statistics.row(0) == 1).all());
  CHECK((chains.statistics.row(1) == 1.0 / 8).all());
  CHECK((chains.x.colwise().sum().array() == 1).all());
}
