#include "gibbsite/api/lowest_energy.hpp"

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#include <numbers>
#include <utility>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
struct Node {
  boost::default_color_type color = boost::white_color;
  long distance = 0;
  Traits::edge_descriptor predecessor;
};
struct Arc {
  double capacity = 0, residual = 0;
  Traits::edge_descriptor reverse;
};
using Network = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, Node, Arc>;

void connect(Network& network, Index from, Index to, double capacity) {
  const auto u = Network::vertex_descriptor(from), v = Network::vertex_descriptor(to);
  const auto there = boost::add_edge(u, v, network).first;
  const auto back = boost::add_edge(v, u, network).first;
  network[there].capacity = capacity;
  network[there].reverse = back;
  network[back].reverse = there;
}

double max_flow(Network& network, Index source, Index sink) {
  return boost::boykov_kolmogorov_max_flow(
      network, boost::get(&Arc::capacity, network), boost::get(&Arc::residual, network),
      boost::get(&Arc::reverse, network), boost::get(&Node::predecessor, network),
      boost::get(&Node::color, network), boost::get(&Node::distance, network),
      boost::get(boost::vertex_index, network), Network::vertex_descriptor(source),
      Network::vertex_descriptor(sink));
}

}  // namespace

std::string LowestEnergy::method(const PairwiseGraph& graph, double max_log2_states) {
  if (attractive_flips(graph)) return "graph_cut";
  return log_states(graph) <= max_log2_states * std::numbers::ln2 + 1e-9 ? "enumeration" : "";
}

LowestEnergy::LowestEnergy(PairwiseGraph graph, double max_log2_states)
    : graph_(std::move(graph)), method_(method(graph_, max_log2_states)) {
  if (method_.empty())
    throw Error("the lowest energy needs two-state units without frustrated cycles or at most 2^" +
                number_text(max_log2_states) + " states, got 2^" +
                number_text(std::round(log_states(graph_) / std::numbers::ln2)) + " states");
  for (const Eigen::VectorXd& site : graph_.sites) states_ += site.size();
  if (method_ == "graph_cut")
    flips_ = *attractive_flips(graph_);
  else
    energies_ = energies_of_states(graph_);
}

double LowestEnergy::operator()(const Eigen::Ref<const Eigen::ArrayXd>& added) const {
  return method_ == "graph_cut" ? by_graph_cut(added, nullptr) : by_enumeration(added, nullptr);
}

std::vector<Index> LowestEnergy::configuration(
    const Eigen::Ref<const Eigen::ArrayXd>& added) const {
  std::vector<Index> found(graph_.sites.size());
  if (method_ == "graph_cut")
    by_graph_cut(added, &found);
  else
    by_enumeration(added, &found);
  return found;
}

double LowestEnergy::by_graph_cut(const Eigen::Ref<const Eigen::ArrayXd>& added,
                                  std::vector<Index>* configuration) const {
  const Index sites = Index(graph_.sites.size()), source = sites, sink = sites + 1;
  Network network{std::size_t(sites + 2)};
  double constant = graph_.constant;
  Eigen::ArrayXd slope(sites);  // what state 1 costs more than state 0
  for (const Index i : all_sites(sites)) {
    const Index f = flips_[std::size_t(i)];
    const auto& a = graph_.sites[std::size_t(i)];
    constant += a(f) + added(2 * i + f);
    slope(i) = a(1 - f) + added(2 * i + 1 - f) - a(f) - added(2 * i + f);
  }
  for (const PairwiseGraph::Edge& edge : graph_.edges) {
    const Index f = flips_[std::size_t(edge.first)], g = flips_[std::size_t(edge.second)];
    const Eigen::MatrixXd& b = edge.energy;
    // b(x, y) = b00 + (b10 - b00) x + (b11 - b10) y + (b01 + b10 - b00 - b11) (1 - x) y
    constant += b(f, g);
    slope(edge.first) += b(1 - f, g) - b(f, g);
    slope(edge.second) += b(1 - f, 1 - g) - b(1 - f, g);
    connect(network, edge.first, edge.second,
            b(f, 1 - g) + b(1 - f, g) - b(f, g) - b(1 - f, 1 - g));
  }
  for (const Index i : all_sites(sites)) {
    if (slope(i) > 0) connect(network, source, i, slope(i));
    if (slope(i) < 0) connect(network, i, sink, -slope(i));
    constant += std::min(0., slope(i));
  }
  const double lowest = constant + max_flow(network, source, sink);
  if (configuration == nullptr) return lowest;
  // Sites on the source's side, which the search has coloured black, are in their state 0.
  for (const Index i : all_sites(sites)) {
    const bool one = network[Network::vertex_descriptor(i)].color != boost::black_color;
    (*configuration)[std::size_t(i)] = flips_[std::size_t(i)] ^ Index(one);
  }
  return lowest;
}

double LowestEnergy::by_enumeration(const Eigen::Ref<const Eigen::ArrayXd>& added,
                                    std::vector<Index>* configuration) const {
  Eigen::ArrayXd sums(energies_.size());
  sums(0) = 0;
  Index filled = 1, row = 0;
  for (const Eigen::VectorXd& site : graph_.sites) {
    const Index levels = site.size();
    for (Index k = levels; k-- > 0;)  // the first part last: the others are made from it
      sums.segment(k * filled, filled) = sums.head(filled) + added(row + k);
    filled *= levels;
    row += levels;
  }
  Index number = 0;
  const double lowest = (energies_ + sums).minCoeff(&number);
  if (configuration == nullptr) return lowest;
  for (std::size_t i = 0; i < graph_.sites.size(); number /= graph_.sites[i++].size())
    (*configuration)[i] = number % graph_.sites[i].size();
  return lowest;
}

}  // namespace gibbsite
