#include "gibbsite/api/joint_graph.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

constexpr Index block = 256;

// Joins edges between the same two sites; those that couple nothing, b(x, y) = b(x, 0) + b(0, y) -
// b(0, 0), are given to their sites.
void join_edges(PairwiseGraph& graph) {
  std::map<std::pair<Index, Index>, Eigen::MatrixXd> joined;
  for (PairwiseGraph::Edge& edge : graph.edges) {
    if (edge.first > edge.second) {
      std::swap(edge.first, edge.second);
      edge.energy.transposeInPlace();
    }
    Eigen::MatrixXd& sum = joined[{edge.first, edge.second}];
    if (sum.size() == 0)
      sum = std::move(edge.energy);
    else
      sum += edge.energy;
  }
  graph.edges.clear();
  for (auto& [sites, energy] : joined) {
    const Eigen::VectorXd first = energy.col(0).array() - energy(0, 0), second = energy.row(0);
    if (((energy.colwise() - first).rowwise() - second.transpose()).isZero(0)) {
      graph.sites[std::size_t(sites.first)] += first;
      graph.sites[std::size_t(sites.second)] += second;
    } else {
      graph.edges.push_back({sites.first, sites.second, std::move(energy)});
    }
  }
}

// One unit of a layer: its states, first natural row, and T of each state (rows x states).
struct Unit {
  Index site = 0, row = 0;
  Eigen::MatrixXd statistics;
  Eigen::VectorXd values;  ///< x of each state
};

std::vector<Unit> units_of(const Domain& domain) {
  std::vector<Unit> units;
  Index row = 0;
  for (const Index i : all_sites(domain.dim())) {
    const Domain::Part part = domain.site(i);
    Unit unit{i, row, {}, Eigen::VectorXd::LinSpaced(part.levels, 0, double(part.levels - 1))};
    if (part.kind == Domain::Kind::spin) unit.values << -1, 1;
    if (part.kind == Domain::Kind::categorical)
      unit.statistics.setIdentity(part.levels, part.levels);
    else
      unit.statistics = unit.values.transpose();
    row += unit.statistics.rows();
    units.push_back(std::move(unit));
  }
  return units;
}

// The graph of E(v, h), from v with every unit in its state 0 and one unit in another.
class Probing {
 public:
  explicit Probing(const EnergyModel& model)
      : latent_(*model.capability<Latent>()),
        visible_(units_of(model.domain())),
        hidden_(units_of(latent_.hidden())),
        origin_(model.dim(), 1) {
    for (const Unit& unit : visible_) origin_(unit.site, 0) = Real(unit.values(0));
    latent_.visible_energy(origin_, energy_);
    latent_.hidden_natural(origin_, natural_);
  }

  PairwiseGraph graph() {
    PairwiseGraph graph;
    graph.constant = energy_(0);
    std::vector<std::pair<Index, Index>> probes;  // unit, state
    for (const Unit& unit : visible_) {
      graph.sites.emplace_back(Eigen::VectorXd::Zero(unit.values.size()));
      for (Index k = 1; k < unit.values.size(); ++k) probes.emplace_back(unit.site, k);
    }
    for (const Unit& unit : hidden_)
      graph.sites.emplace_back(
          -unit.statistics.transpose() *
          natural_.col(0).segment(unit.row, unit.statistics.rows()).cast<double>());
    for (const Unit& v : visible_)
      for (const Unit& h : hidden_)
        graph.edges.push_back({v.site, Index(visible_.size()) + h.site,
                               Eigen::MatrixXd::Zero(v.values.size(), h.values.size())});
    for (std::size_t first = 0; first < probes.size(); first += std::size_t(block))
      probe({probes.data() + first, std::min(std::size_t(block), probes.size() - first)}, graph);
    return graph;
  }

 private:
  void probe(std::span<const std::pair<Index, Index>> probes, PairwiseGraph& graph) const {
    Batch v = origin_.replicate(1, Index(probes.size())), natural;
    for (std::size_t n = 0; n < probes.size(); ++n) {
      const auto [i, k] = probes[n];
      v(i, Index(n)) = Real(visible_[std::size_t(i)].values(k));
    }
    Row energy;
    latent_.visible_energy(v, energy);
    latent_.hidden_natural(v, natural);
    const Eigen::MatrixXd change =
        natural.cast<double>().colwise() - natural_.col(0).cast<double>();
    for (std::size_t n = 0; n < probes.size(); ++n) {
      const auto [i, k] = probes[n];
      graph.sites[std::size_t(i)](k) = energy(Index(n)) - energy_(0);
      for (const Unit& h : hidden_)
        graph.edges[std::size_t(i) * hidden_.size() + std::size_t(h.site)].energy.row(k) =
            -change.col(Index(n)).segment(h.row, h.statistics.rows()).transpose() * h.statistics;
    }
  }

  const Latent& latent_;
  std::vector<Unit> visible_, hidden_;
  Batch origin_, natural_;  // v₀ and η(v₀)
  Row energy_;              // A(v₀)
};

std::vector<std::vector<Index>> edges_of_sites(const PairwiseGraph& graph) {
  std::vector<std::vector<Index>> edges(graph.sites.size());
  for (std::size_t e = 0; e < graph.edges.size(); ++e) {
    edges[std::size_t(graph.edges[e].first)].push_back(Index(e));
    edges[std::size_t(graph.edges[e].second)].push_back(Index(e));
  }
  return edges;
}

// Calls reach(site, edge, from) when each site is first met, depth first; edge is -1 where a
// component begins.
template <class Reach>
void traverse(const PairwiseGraph& graph, Reach reach) {
  const auto edges = edges_of_sites(graph);
  std::vector<bool> met(graph.sites.size());
  std::vector<Index> stack;
  for (const Index start : all_sites(Index(graph.sites.size()))) {
    if (met[std::size_t(start)]) continue;
    met[std::size_t(start)] = true;
    reach(start, Index(-1), Index(-1));
    stack.assign(1, start);
    while (!stack.empty()) {
      const Index site = stack.back();
      stack.pop_back();
      for (const Index e : edges[std::size_t(site)]) {
        const auto& edge = graph.edges[std::size_t(e)];
        const Index other = edge.first + edge.second - site;
        if (met[std::size_t(other)]) continue;
        met[std::size_t(other)] = true;
        reach(other, e, site);
        stack.push_back(other);
      }
    }
  }
}

// Positive where the two sites like to agree.
double attraction(const PairwiseGraph::Edge& edge) {
  return edge.energy(0, 1) + edge.energy(1, 0) - edge.energy(0, 0) - edge.energy(1, 1);
}

}  // namespace

void require_joint_graph(const EnergyModel& model, const std::string& subject) {
  if (model.capability<Pairwise>() != nullptr) return;
  const auto* latent = model.capability<Latent>();
  if (latent != nullptr && model.domain().is_discrete() && latent->hidden().is_discrete()) return;
  throw Error(subject +
              ": needs a pairwise model, or a latent one with discrete units in both layers, got " +
              model.domain().text() +
              (latent == nullptr ? "" : " with a hidden layer of " + latent->hidden().text()));
}

PairwiseGraph joint_graph(const EnergyModel& model) {
  require_joint_graph(model, "the joint graph");
  const auto* pairwise = model.capability<Pairwise>();
  PairwiseGraph graph = pairwise != nullptr ? pairwise->graph() : Probing(model).graph();
  join_edges(graph);
  bool finite = std::isfinite(graph.constant);
  for (const Eigen::VectorXd& site : graph.sites) finite = finite && site.allFinite();
  for (const PairwiseGraph::Edge& edge : graph.edges) finite = finite && edge.energy.allFinite();
  if (!finite) throw Diverged("an energy of the pairwise graph is not finite");
  return graph;
}

double log_states(const PairwiseGraph& graph) {
  double sum = 0;
  for (const Eigen::VectorXd& site : graph.sites) sum += std::log(double(site.size()));
  return sum;
}

Eigen::ArrayXd energies_of_states(const PairwiseGraph& graph) {
  std::vector<Index> strides;
  Index count = 1;
  for (const Eigen::VectorXd& site : graph.sites) {
    strides.push_back(count);
    count *= site.size();
  }
  const auto state = [&](Index number, Index site) {
    return number / strides[std::size_t(site)] % graph.sites[std::size_t(site)].size();
  };
  // A site keeps its state over as many configurations as its stride, and so do later sites.
  Eigen::ArrayXd energies = Eigen::ArrayXd::Constant(count, graph.constant);
  for (const Index i : all_sites(Index(graph.sites.size())))
    for (Index n = 0, run = strides[std::size_t(i)]; n < count; n += run)
      energies.segment(n, run) += graph.sites[std::size_t(i)](state(n, i));
  for (const PairwiseGraph::Edge& edge : graph.edges)
    for (Index n = 0, run = strides[std::size_t(edge.first)]; n < count; n += run)
      energies.segment(n, run) += edge.energy(state(n, edge.first), state(n, edge.second));
  return energies;
}

std::vector<Index> components(const PairwiseGraph& graph) {
  std::vector<Index> component(graph.sites.size());
  Index count = 0;
  traverse(graph, [&](Index site, Index edge, Index from) {
    component[std::size_t(site)] = edge < 0 ? count++ : component[std::size_t(from)];
  });
  return component;
}

bool is_forest(const PairwiseGraph& graph) {
  const std::vector<Index> component = components(graph);
  const Index count =
      component.empty() ? 0 : *std::max_element(component.begin(), component.end()) + 1;
  return Index(graph.edges.size()) + count == Index(graph.sites.size());
}

std::optional<std::vector<Index>> attractive_flips(const PairwiseGraph& graph) {
  for (const Eigen::VectorXd& site : graph.sites)
    if (site.size() != 2) return {};
  std::vector<Index> flips(graph.sites.size());
  traverse(graph, [&](Index site, Index edge, Index from) {
    const bool turned = edge >= 0 && attraction(graph.edges[std::size_t(edge)]) < 0;
    flips[std::size_t(site)] = edge < 0 ? 0 : flips[std::size_t(from)] ^ Index(turned);
  });
  for (const PairwiseGraph::Edge& edge : graph.edges) {
    const bool alike = flips[std::size_t(edge.first)] == flips[std::size_t(edge.second)];
    if ((alike ? 1 : -1) * attraction(edge) < 0) return {};
  }
  return flips;
}

}  // namespace gibbsite
