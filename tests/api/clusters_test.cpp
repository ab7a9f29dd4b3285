// The form in which cluster kernels see an energy, and merging sets.
#include <gibbsite/api/clusters.hpp>
#include <gibbsite/api/state_numbers.hpp>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const Pairwise& pairs(const EnergyModel& model) { return *model.capability<Pairwise>(); }

// max |E(x) - E(x_0) - (form(x) - form(x_0))| over all states.
double form_defect(const EnergyModel& model) {
  const ClusterForm form = cluster_form(pairs(model).graph(), "test");
  const Batch x = all_states(model.domain());
  Row difference = energies(model, x);
  for (Index n = 0; n < x.cols(); ++n) {
    const std::vector<Index> state = state_numbers(model.domain(), x.col(n));
    for (std::size_t i = 0; i < state.size(); ++i) difference(n) -= form.fields[i](state[i]);
    for (const auto& bond : form.bonds)
      if (bond.is_satisfied(state)) difference(n) += bond.strength;
  }
  return (difference - difference(0)).abs().maxCoeff();
}

std::string refusal(const PairwiseGraph& graph) {
  return error_of([&] { cluster_form(graph, "test"); });
}

}  // namespace

TEST_CASE("the cluster form has the differences of the energy, whatever coding and signs") {
  const double rounding = tolerance(1e-13, 1e-5);
  CHECK(form_defect(*recipe_boltzmann(6, 1, true)) < rounding);
  CHECK(form_defect(*make_model("{name: ising, sides: [2, 3], coupling: -.7, field: [.3]}")) <
        rounding);
  CHECK(form_defect(*make_model("{name: sherrington_kirkpatrick, units: 6, field: [.2]}")) <
        rounding);
  CHECK(form_defect(*make_model(
            "{name: potts, sides: [2], levels: 3, coupling: .7, field: [.1, -.2, .4]}")) <
        rounding);
}

TEST_CASE("a bond is 2|K| strong, and satisfied by unlike spins where K < 0") {
  for (const double K : {.4, -.4}) {
    const auto model = make_model("{name: ising, sides: [2], coupling: " + number_text(K) + "}");
    const ClusterForm form = cluster_form(pairs(*model).graph(), "test");
    CHECK(form.bonds.size() == 8);  // two between each pair of neighbours
    for (const auto& bond : form.bonds) {
      CHECK(near(bond.strength, .8, tolerance(1e-14, 1e-6)));
      CHECK(near(std::exp(bond.log_probability), 1 - std::exp(-.8), tolerance(1e-14, 1e-6)));
      CHECK(bond.unlike == (K < 0));
    }
  }
}

TEST_CASE("tables of more than two states need the form of Potts and attraction") {
  const auto repulsive = make_model("{name: potts, sides: [3], levels: 3, coupling: -.1}");
  CHECK(refusal(pairs(*repulsive).graph()) ==
        "test: the energy of units 0 and 1 must have J >= 0 in -J δ(k, l), as more than two states "
        "need");
  const std::string other =
      "test: the energy of units 0 and 1 must be -J δ(k, l) in their states k and l, plus terms of "
      "one of them alone";
  const auto quadratic =
      make_model("{name: discrete_boltzmann, units: 3, levels: 3, weight_scale: 1}");
  CHECK(refusal(pairs(*quadratic).graph()) == other);
  PairwiseGraph graph;
  graph.sites = {Eigen::VectorXd::Zero(2), Eigen::VectorXd::Zero(3)};
  graph.edges.push_back({0, 1, Eigen::MatrixXd::Ones(2, 3)});
  CHECK(cluster_form(graph, "test").bonds.empty());
  graph.edges[0].energy(0, 0) = 2;
  CHECK(refusal(graph) == other);
  graph.edges[0].energy(0, 0) = std::nan("");
  CHECK(refusal(graph) == "test: the energy of units 0 and 1 must be finite");
}

TEST_CASE("sets merge and know their size") {
  DisjointSets sets(10);
  for (Index i = 0; i + 2 < 10; ++i) sets.join(i, i + 2);
  sets.join(8, 0);
  for (Index i = 0; i < 10; ++i) {
    CHECK(sets.size(i) == 5);
    for (Index j = 0; j < 10; ++j) CHECK((sets.find(i) == sets.find(j)) == (i % 2 == j % 2));
  }
  sets.join(3, 4);
  CHECK(sets.size(7) == 10);
}

TEST_CASE("states are numbered from 0 in every coding") {
  const Domain domain{{{Domain::Kind::spin, 2, 2},
                       {Domain::Kind::categorical, 1, 5},
                       {Domain::Kind::binary, 1, 2}}};
  Vector x(4), back(4);
  x << Real(-1), Real(1), Real(3), Real(1);
  CHECK(state_numbers(domain, x) == std::vector<Index>{0, 1, 3, 1});
  set_state_numbers(domain, {0, 1, 3, 1}, back);
  CHECK(x == back);
}
