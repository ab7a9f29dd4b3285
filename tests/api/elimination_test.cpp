// Elimination against tabulated sums, counting problems and brute force.
#include <gibbsite/api/elimination.hpp>
#include <gibbsite/api/state_numbers.hpp>
#include <numbers>
#include <numeric>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const double critical = .5 * std::log(1 + std::numbers::sqrt2);

PairwiseGraph graph_of(const std::string& yaml) {
  return make_model(yaml)->capability<Pairwise>()->graph();
}
PairwiseGraph ising(const std::string& sides, double coupling, const std::string& rest = "") {
  return graph_of("{name: ising, sides: [" + sides + "], coupling: " + number_text(coupling) +
                  rest + "}");
}
PairwiseGraph potts(Index side, Index levels, double coupling) {
  return graph_of("{name: potts, sides: [" + std::to_string(side) + "], levels: " +
                  std::to_string(levels) + ", coupling: " + number_text(coupling) + "}");
}

// Unstructured tables on units of 2, 3, 4, 2 and 1 states; units 0 and 1 are joined twice, the
// second time the other way round.
PairwiseGraph rugged() {
  PairwiseGraph graph;
  graph.constant = .7;
  const std::vector<Index> levels = {2, 3, 4, 2, 1};
  double n = 0;
  const auto next = [&] {
    n += 1;
    return 2 * std::sin(1 + 1.7 * n * n);
  };
  for (const Index K : levels) {
    Eigen::VectorXd& site = graph.sites.emplace_back(K);
    for (double& a : site) a = next();
  }
  for (const auto& [i, j] :
       std::vector<std::pair<Index, Index>>{{0, 1}, {1, 2}, {2, 0}, {3, 1}, {1, 0}, {4, 2}}) {
    Eigen::MatrixXd b(levels[std::size_t(i)], levels[std::size_t(j)]);
    for (double& entry : b.reshaped()) entry = next();
    graph.edges.push_back({i, j, b});
  }
  return graph;
}

Domain domain_of(const PairwiseGraph& graph) {
  Domain domain;
  for (const Eigen::VectorXd& site : graph.sites)
    domain.parts.push_back({Domain::Kind::categorical, 1, site.size()});
  return domain;
}

// -E of every state, in the order of `states`.
Eigen::ArrayXd log_weights(const PairwiseGraph& graph) {
  const Domain domain = domain_of(graph);
  const Batch x = all_states(domain);
  Eigen::ArrayXd out = Eigen::ArrayXd::Constant(x.cols(), -graph.constant);
  for (Index n = 0; n < x.cols(); ++n) {
    const std::vector<Index> state = state_numbers(domain, x.col(n));
    for (std::size_t i = 0; i < state.size(); ++i) out(n) -= graph.sites[i](state[i]);
    for (const auto& [first, second, energy] : graph.edges)
      out(n) -= energy(state[std::size_t(first)], state[std::size_t(second)]);
  }
  return out;
}

// max |p - q| of the law of draws, by walking through their choices, and the enumerated law.
double law_defect(const PairwiseGraph& graph) {
  const Domain domain = domain_of(graph);
  const Elimination elimination(graph);
  Eigen::ArrayXd p = log_weights(graph);
  p = (p - log_sum_exp(p)).exp();
  Vector x(domain.dim());
  Outcomes::walk(
      [&] {
        Stream random(1);
        set_state_numbers(domain, elimination.draw(random), x);
      },
      [&](double probability) { p(Index(state_number(domain, x, 0))) -= probability; });
  return p.abs().maxCoeff();
}

// No two neighbours on a chain may both be in state 1.
PairwiseGraph hard_core_chain(Index count) {
  PairwiseGraph graph;
  Eigen::Matrix2d exclusion = Eigen::Matrix2d::Zero();
  exclusion(1, 1) = std::numeric_limits<double>::infinity();
  for (Index i = 0; i < count; ++i) graph.sites.emplace_back(Eigen::Vector2d::Zero());
  for (Index i = 0; i + 1 < count; ++i) graph.edges.push_back({i, i + 1, exclusion});
  return graph;
}

}  // namespace

// Relative to |ln Z|; tables hold sums of at most 2^12 terms.
TEST_CASE("elimination has the tabulated ln Z of Ising models on tori, rings and squares") {
  const auto check = [](const PairwiseGraph& graph, double expected) {
    CHECK(near(log_partition(graph), expected, tolerance(2e-12, 1e-6)));
  };
  check(ising("4", .1), 11.252588451586);
  check(ising("4", .3), 12.785523325714);
  check(ising("4", critical), 15.521915458755);
  check(ising("4", .6), 20.056532884347);
  check(ising("4", 1), 32.698721401879);
  check(ising("2", .4, ", boundary: open"), 3.105028638401);
  check(ising("10", .7, ", lattice: chain"), 9.210654547333);
  check(ising("10", .7, ", lattice: chain, field: [.3]"), 10.627232294500);
}

TEST_CASE("elimination has the tabulated ln Z of Potts models on tori") {
  const auto check = [](const PairwiseGraph& graph, double expected) {
    CHECK(near(log_partition(graph), expected, tolerance(2e-12, 1e-6)));
  };
  check(potts(3, 3, .5), 13.517143942467);
  check(potts(3, 3, std::log(1 + std::sqrt(3))), 19.688939731847);
  check(potts(3, 3, 1.5), 28.151065723494);
  check(potts(4, 3, .5), 23.901345310609);
  check(potts(4, 3, std::log(1 + std::sqrt(3))), 34.172608137824);
  check(potts(4, 3, 1.5), 49.189032458123);
  check(potts(4, 4, .5), 27.021515747648);
  check(potts(4, 4, std::log(3.)), 37.498931787159);
}

TEST_CASE("elimination has the tabulated ln Z of complete graphs of binary units") {
  const auto check = [](const EnergyModel& model, double expected) {
    CHECK(near(log_partition(model.capability<Pairwise>()->graph()), expected,
               tolerance(2e-12, 1e-6)));
  };
  check(*recipe_boltzmann(10, 1, true), 10.502846869318);
  check(*recipe_boltzmann(16, 1, true), 20.371619649985);
  check(*recipe_boltzmann(16, .3, false), 12.012092115161);
}

TEST_CASE("elimination has Kaufman's ln Z of the 8 x 8 torus") {
  CHECK(near(log_partition(ising("8", .4)), 56.599388760425, tolerance(2e-12, 1e-6)));
}

TEST_CASE("elimination sums units of different numbers of states, joined more than once") {
  const PairwiseGraph graph = rugged();
  CHECK(near(log_partition(graph), log_sum_exp(log_weights(graph)), 1e-13));
}

// The number of such states is a Fibonacci number, F(62).
TEST_CASE("elimination counts the states that infinite energies leave") {
  CHECK(near(log_partition(hard_core_chain(60)), std::log(4052739537881.), 1e-14));
}

TEST_CASE("a graph in pieces has the sum of their ln Z") {
  PairwiseGraph both = rugged(), other = hard_core_chain(5);
  const double expected = log_partition(both) + log_partition(other);
  const Index shift = Index(both.sites.size());
  both.sites.insert(both.sites.end(), other.sites.begin(), other.sites.end());
  for (const auto& edge : other.edges)
    both.edges.push_back({edge.first + shift, edge.second + shift, edge.energy});
  CHECK(near(log_partition(both), expected, 1e-13));
}

TEST_CASE("draws by elimination have the enumerated law, to 1e-13 over all their choices") {
  CHECK(law_defect(rugged()) < 1e-13);
  CHECK(law_defect(ising("2, 3", .6, ", field: [.2, 0, -.4, .1, .3, -.2]")) < 1e-13);
  CHECK(law_defect(recipe_boltzmann(6, 2, true)->capability<Pairwise>()->graph()) < 1e-13);
  CHECK(law_defect(hard_core_chain(7)) < 1e-13);
}

TEST_CASE(
    "the order is of all sites, and joins no more of them than a chain, a tree or a ring asks") {
  PairwiseGraph tree;
  for (Index i = 0; i < 3000; ++i) {
    tree.sites.emplace_back(Eigen::Vector2d::Zero());
    if (i > 0) tree.edges.push_back({(i * i / 3 + 5) % i, i, Eigen::Matrix2d::Identity()});
  }
  // A table of 2 entries for each site but the last, which has 1.
  CHECK_FALSE(elimination_order(tree, {.max_log2_entries = std::log2(5998.)}));
  auto order = elimination_order(tree, {.max_log2_entries = std::log2(5999.) + 1e-9});
  REQUIRE(order);
  std::sort(order->begin(), order->end());
  CHECK(*order == all_sites(3000));
  CHECK(log_partition(tree) ==
        doctest::Approx(std::log(2.) + 2999 * std::log(1 + std::exp(-1.))).epsilon(1e-12));
  // On a ring of 10: 8 tables of 4 entries, then one of 2 and one of 1.
  const PairwiseGraph ring = ising("10", .7, ", lattice: chain");
  CHECK(elimination_order(ring, {.max_log2_entries = std::log2(35.) + 1e-9}));
  CHECK_FALSE(elimination_order(ring, {.max_log2_entries = std::log2(34.)}));
}

TEST_CASE("elimination refuses a graph whose tables are too large, and energies that are none") {
  const PairwiseGraph dense = recipe_boltzmann(40, 1, true)->capability<Pairwise>()->graph();
  CHECK(error_of([&] { log_partition(dense); }) ==
        "elimination needs tables of at most 2^24 entries in all, more than this graph of 40 sites "
        "and 780 edges allows");
  PairwiseGraph broken = rugged();
  broken.edges[2].energy(1, 1) = std::nan("");
  CHECK_THROWS_AS(log_partition(broken), Diverged);
  broken = rugged();
  broken.sites[0](1) = -std::numeric_limits<double>::infinity();
  CHECK_THROWS_AS(log_partition(broken), Diverged);
  broken = rugged();
  broken.sites[0].setConstant(std::numeric_limits<double>::infinity());
  CHECK_THROWS_AS(log_partition(broken), Diverged);
}
