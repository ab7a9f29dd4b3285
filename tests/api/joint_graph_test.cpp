#include <gibbsite/api/joint_graph.hpp>

#include "support/graphs.hpp"
#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// F(v) of every v from the joint energies: sites of h vary slowest.
Row free_energies(const PairwiseGraph& graph, Index visible_states) {
  const Eigen::ArrayXd joint = -energies_of_states(graph);
  const Eigen::Map<const Eigen::ArrayXXd> table(joint.data(), visible_states,
                                                joint.size() / visible_states);
  Row out(visible_states);
  for (Index v = 0; v < visible_states; ++v) out(v) = -log_sum_exp(table.row(v).transpose());
  return out;
}

// A cycle of spins.
PairwiseGraph ring(Index sites, double J) {
  PairwiseGraph graph = spins(Eigen::VectorXd::Zero(sites));
  for (Index i = 0; i < sites; ++i) graph.edges.push_back(spin_edge(i, (i + 1) % sites, J));
  return graph;
}

}  // namespace

TEST_CASE("the joint graph of a latent model gives back the free energy of every v") {
  for (const std::string spec :
       {"{name: rbm, visible: 4, hidden: 3, weight_scale: 1}",
        "{name: rbm, visible: 4, hidden: 3, weight_scale: 1, units: spin}",
        "{name: rbm, visible: 4, hidden: 5, weight_scale: 1, centred: true, visible_offsets: [0.2, "
        "0.5, 0.9, 0.1]}",
        "{name: categorical_rbm, visible: 3, levels: 4, hidden: 4, weight_scale: 1}",
        "{name: clamped, model: {name: rbm, visible: 6, hidden: 4, weight_scale: 1}, coordinates: "
        "[1, 4], values: [0, 1]}",
        "{name: tempered, beta: 0.4, model: {name: rbm, visible: 6, hidden: 4, "
        "weight_scale: 1}}"}) {
    CAPTURE(spec);
    const auto model = make_model(spec);
    REQUIRE(model->capability<Latent>() != nullptr);
    const PairwiseGraph graph = joint_graph(*model);
    CHECK(Index(graph.sites.size()) == model->dim() + model->capability<Latent>()->hidden().dim());
    const Row truth = energies(*model, all_states(model->domain()));
    CHECK(distance(free_energies(graph, truth.size()), truth) < tolerance(1e-12, 1e-5));
  }
}

TEST_CASE("the joint graph of an RBM has its tabulated ln Z, and W as its couplings") {
  const auto model = recipe_rbm(8, 6, 1);
  const PairwiseGraph graph = joint_graph(*model);
  CHECK(near(log_z(graph), 11.494515093304, tolerance(1e-12, 1e-5)));
  REQUIRE(graph.edges.size() == 48);
  const Parameters theta = model->capability<Parametric>()->parameters();
  CHECK(graph.edges[6 * 2 + 3].first == 2);
  CHECK(graph.edges[6 * 2 + 3].second == 8 + 3);
  CHECK(near(graph.edges[6 * 2 + 3].energy(1, 1), -theta(6 * 2 + 3), tolerance(1e-14, 1e-6)));
  CHECK(graph.edges[6 * 2 + 3].energy.row(0).isZero(0));
}

TEST_CASE("the joint graph of a pairwise model has its ln Z") {
  for (const std::string spec :
       {"{name: ising, sides: [2], coupling: 0.4, field: [0.3, -0.1, 0, 0.2]}",
        "{name: potts, sides: [3], levels: 3, coupling: 0.5}",
        "{name: boltzmann_machine, units: 7, weight_scale: 0.5}",
        "{name: discrete_boltzmann, units: 4, levels: 5, weight_scale: 1, diagonal: -0.5}",
        "{name: bernoulli, probabilities: [0.2, 0.5, 0.9, 0.6]}"}) {
    CAPTURE(spec);
    const auto model = make_model(spec);
    CHECK(near(log_z(joint_graph(*model)), log_sum_over_states(*model), tolerance(1e-12, 1e-5)));
  }
}

TEST_CASE("edges between the same sites are joined, and those that couple nothing dissolved") {
  // Sides of 2 have two bonds between the same sites.
  const PairwiseGraph torus = joint_graph(*make_model("{name: ising, sides: [2], coupling: 0.25}"));
  REQUIRE(torus.edges.size() == 4);
  for (const auto& edge : torus.edges) {
    CHECK(edge.first < edge.second);
    CHECK(edge.energy(0, 0) == -.5);
  }
  PairwiseGraph graph = random_graph({2, 3, 2}, 1, 1, 1, Stream(1));
  const double truth = log_z(graph);
  std::swap(graph.edges[0].first, graph.edges[0].second);
  graph.edges[0].energy.transposeInPlace();
  PairwiseGraph::Edge half = graph.edges[1];
  graph.edges[1].energy *= .5;
  half.energy *= .5;
  graph.edges.push_back(half);
  const Eigen::MatrixXd f = Eigen::Vector3d(1, 2, 4).replicate(1, 2);
  graph.edges.push_back({1, 2, f + Eigen::RowVector2d(8, 16).replicate(3, 1)});  // f(x) + g(y)
  graph.edges.push_back({1, 2, Eigen::MatrixXd(-f)});
  graph.sites[2] -= Eigen::Vector2d(8, 16);
  const PairwiseGraph joined = joint_graph(GraphModel(graph));
  REQUIRE(joined.edges.size() == 3);
  CHECK(near(log_z(joined), truth, 1e-14));
  const PairwiseGraph alone =
      joint_graph(GraphModel({0, {Eigen::Vector3d::Zero(), Eigen::Vector2d::Zero()}, {{0, 1, f}}}));
  CHECK(alone.edges.empty());
  CHECK(near(log_z(alone), std::log(2 * (std::exp(-1.) + std::exp(-2.) + std::exp(-4.))), 1e-14));
}

TEST_CASE("energies of all configurations are those of the model, site 0 varying fastest") {
  const GraphModel model(random_graph({2, 3, 4, 2}, .8, 1, 1, Stream(4)));
  const Row truth = energies(model, all_states(model.domain()));
  const PairwiseGraph graph = joint_graph(model);
  CHECK(distance(Row(energies_of_states(graph).transpose()), truth) < 1e-14);
  CHECK(log_states(graph) == doctest::Approx(std::log(48.)).epsilon(1e-14));
}

TEST_CASE("models without a pairwise graph are refused, with what they have instead") {
  const auto real = make_model("{name: gaussian, units: 2}");
  CHECK(error_of([&] { require_joint_graph(*real, "evaluation bethe"); }) ==
        "evaluation bethe: needs a pairwise model, or a latent one with discrete units in both "
        "layers, got 2 real");
  const auto half = make_model("{name: gaussian_rbm, visible: 2, hidden: 3}");
  CHECK(error_of([&] { joint_graph(*half); }) ==
        "the joint graph: needs a pairwise model, or a latent one with discrete units in both "
        "layers, got 2 real with a hidden layer of 3 binary");
  PairwiseGraph broken = triangle(1, 0);
  broken.sites[1](0) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(joint_graph(GraphModel(broken)), Diverged);
}

TEST_CASE("components and forests are told apart") {
  PairwiseGraph graph = spins(Eigen::VectorXd::Zero(6));
  CHECK(components(graph) == std::vector<Index>{0, 1, 2, 3, 4, 5});
  CHECK(is_forest(graph));
  graph.edges = {spin_edge(0, 3, 1), spin_edge(1, 2, 1), spin_edge(3, 5, 1)};
  CHECK(components(graph) == std::vector<Index>{0, 1, 1, 0, 2, 0});
  CHECK(is_forest(graph));
  graph.edges.push_back(spin_edge(0, 5, 1));
  CHECK(components(graph) == std::vector<Index>{0, 1, 1, 0, 2, 0});
  CHECK_FALSE(is_forest(graph));
  CHECK(is_forest(PairwiseGraph{}));
}

TEST_CASE("spins can be turned over so that all couplings attract unless a cycle is frustrated") {
  CHECK(*attractive_flips(ring(5, .3)) == std::vector<Index>(5, 0));
  CHECK_FALSE(attractive_flips(ring(5, -.3)));
  CHECK(*attractive_flips(ring(6, -.3)) == std::vector<Index>{0, 1, 0, 1, 0, 1});
  CHECK_FALSE(attractive_flips(recipe_grid(3, 1, true)));
  CHECK(*attractive_flips(recipe_grid(3, 1, false)) == std::vector<Index>(9, 0));
  CHECK_FALSE(attractive_flips(random_graph({2, 3, 2}, 1, 1, 1, Stream(1))));
  for (std::uint64_t seed = 0; seed < 20; ++seed) {  // attractive, then some turned over
    PairwiseGraph graph = random_graph(std::vector<Index>(7, 2), .6, 1, 0, Stream(seed));
    const Row turned = Stream(seed).split("turned").uniform(7);
    for (auto& edge : graph.edges) {
      edge = spin_edge(edge.first, edge.second, .5);
      if ((turned(edge.first) < .5) != (turned(edge.second) < .5)) edge.energy *= -1;
    }
    const auto flips = attractive_flips(graph);
    REQUIRE(flips);
    for (const auto& edge : graph.edges)
      CHECK(((*flips)[std::size_t(edge.first)] != (*flips)[std::size_t(edge.second)]) ==
            ((turned(edge.first) < .5) != (turned(edge.second) < .5)));
  }
}
