#include "gibbsite/api/elimination.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// The graph that is left while sites are eliminated, and what each of them would cost.
class Ordering {
 public:
  Ordering(const PairwiseGraph& graph, double max_entries)
      : max_entries_(max_entries), around_(graph.sites.size()), costs_(graph.sites.size()) {
    for (const Eigen::VectorXd& site : graph.sites) levels_.push_back(double(site.size()));
    for (const PairwiseGraph::Edge& edge : graph.edges) connect(edge.first, edge.second);
    for (Index i = 0; i < Index(around_.size()); ++i) {
      costs_[std::size_t(i)] = cost(i);
      queue_.insert(costs_[std::size_t(i)]);
    }
  }

  std::optional<std::vector<Index>> run() {
    std::vector<Index> order;
    double entries = 0;
    while (!queue_.empty()) {
      const auto [fill, table, site] = *queue_.begin();
      entries += table;
      if (!(entries <= max_entries_)) return {};
      queue_.erase(queue_.begin());
      eliminate(site);
      order.push_back(site);
    }
    return order;
  }

 private:
  using Cost = std::tuple<double, double, Index>;  // pairs to join, entries of the table, site

  void connect(Index i, Index j) {
    if (i == j) return;
    around_[std::size_t(i)].insert(j);
    around_[std::size_t(j)].insert(i);
  }

  Cost cost(Index site) const {
    const std::set<Index>& others = around_[std::size_t(site)];
    double table = 1, fill = 0;
    for (const Index i : others) {
      table *= levels_[std::size_t(i)];
      if (table > max_entries_) return {infinity, infinity, site};
    }
    for (auto i = others.begin(); i != others.end(); ++i)
      for (auto j = std::next(i); j != others.end(); ++j)
        fill += around_[std::size_t(*i)].contains(*j) ? 0 : 1;
    return {fill, table, site};
  }

  void eliminate(Index site) {
    const std::set<Index> others = std::move(around_[std::size_t(site)]);
    std::set<Index> touched = others;
    for (const Index i : others) {
      around_[std::size_t(i)].erase(site);
      for (const Index j : others) connect(i, j);
    }
    for (const Index i : others)
      touched.insert(around_[std::size_t(i)].begin(), around_[std::size_t(i)].end());
    for (const Index i : touched) {
      queue_.erase(costs_[std::size_t(i)]);
      costs_[std::size_t(i)] = cost(i);
      queue_.insert(costs_[std::size_t(i)]);
    }
  }

  double max_entries_;
  std::vector<double> levels_;
  std::vector<std::set<Index>> around_;
  std::vector<Cost> costs_;
  std::set<Cost> queue_;
};

// What goes into a table: log weights, where they are read, and how far a step leads in them.
struct Input {
  const double* log_weights = nullptr;
  Index own_stride = 0;        ///< of the site that is summed out
  std::vector<Index> strides;  ///< of each site of the table, 0 where it is none of the factor's
};

// How a factor is read while `site` is summed out into a table on the sites `table`, in order.
Input input_of(const std::vector<Index>& scope, const std::vector<Index>& strides, Index site,
               const std::vector<Index>& table) {
  Input input;
  input.strides.assign(table.size(), 0);
  for (std::size_t k = 0; k < scope.size(); ++k) {
    const auto at = std::lower_bound(table.begin(), table.end(), scope[k]) - table.begin();
    (scope[k] == site ? input.own_stride : input.strides[std::size_t(at)]) = strides[k];
  }
  return input;
}

}  // namespace

std::optional<std::vector<Index>> elimination_order(const PairwiseGraph& graph,
                                                    EliminationLimit limit) {
  return Ordering(graph, std::exp2(limit.max_log2_entries)).run();
}

Elimination::Elimination(const PairwiseGraph& graph, EliminationLimit limit)
    : rank_(graph.sites.size()), buckets_(graph.sites.size()), log_partition_(-graph.constant) {
  auto order = elimination_order(graph, limit);
  if (!order)
    throw Error("elimination needs tables of at most 2^" + number_text(limit.max_log2_entries) +
                " entries in all, more than this graph of " + std::to_string(graph.sites.size()) +
                " sites and " + std::to_string(graph.edges.size()) + " edges allows");
  order_ = std::move(*order);
  for (std::size_t n = 0; n < order_.size(); ++n) rank_[std::size_t(order_[n])] = Index(n);
  for (const Eigen::VectorXd& site : graph.sites) levels_.push_back(site.size());
  const auto add = [&](std::vector<Index> scope, const auto& energy) {
    Factor made = factor(std::move(scope));
    made.log_weights = -energy.reshaped().array();
    if (made.log_weights.isNaN().any() || (made.log_weights == infinity).any())
      throw Diverged("an energy is NaN or -infinite in the exact sum");
    keep(std::move(made));
  };
  for (std::size_t i = 0; i < graph.sites.size(); ++i) add({Index(i)}, graph.sites[i]);
  for (const PairwiseGraph::Edge& edge : graph.edges) add({edge.first, edge.second}, edge.energy);
  for (const Index site : order_) eliminate(site);
  if (!std::isfinite(log_partition_))
    throw Diverged("ln Z is " + number_text(log_partition_) + " in the exact sum");
}

Elimination::Factor Elimination::factor(std::vector<Index> scope) const {
  Factor made{.scope = std::move(scope), .strides = {}, .log_weights = {}};
  Index size = 1;
  for (const Index i : made.scope) {
    made.strides.push_back(size);
    size *= levels_[std::size_t(i)];
  }
  made.log_weights.resize(size);
  return made;
}

void Elimination::keep(Factor made) {
  const Index first = *std::min_element(
      made.scope.begin(), made.scope.end(),
      [&](Index i, Index j) { return rank_[std::size_t(i)] < rank_[std::size_t(j)]; });
  buckets_[std::size_t(first)].push_back(Index(factors_.size()));
  factors_.push_back(std::move(made));
}

void Elimination::eliminate(Index site) {
  const std::vector<Index>& bucket = buckets_[std::size_t(site)];
  std::set<Index> others;
  for (const Index n : bucket)
    for (const Index i : factors_[std::size_t(n)].scope)
      if (i != site) others.insert(i);
  Factor message = factor({others.begin(), others.end()});

  std::vector<Input> inputs;
  for (const Index n : bucket) {
    const Factor& from = factors_[std::size_t(n)];
    inputs.push_back(input_of(from.scope, from.strides, site, message.scope));
    inputs.back().log_weights = from.log_weights.data();
  }

  Eigen::ArrayXd log_weights(levels_[std::size_t(site)]);
  std::vector<Index> digits(message.scope.size(), 0);
  for (double& sum : message.log_weights) {
    log_weights.setZero();
    for (const Input& input : inputs)
      for (Index k = 0; k < log_weights.size(); ++k)
        log_weights(k) += input.log_weights[k * input.own_stride];
    sum = log_sum_exp(log_weights);
    for (std::size_t d = 0; d < digits.size(); ++d) {
      const Index last = levels_[std::size_t(message.scope[d])] - 1;
      const Index step = digits[d] < last ? 1 : -last;
      digits[d] += step;
      for (Input& input : inputs) input.log_weights += step * input.strides[d];
      if (step == 1) break;
    }
  }

  if (message.scope.empty()) {
    log_partition_ += message.log_weights(0);
    return;
  }
  keep(std::move(message));
}

std::vector<Index> Elimination::draw(Stream& random) const {
  std::vector<Index> state(levels_.size(), 0);
  Eigen::ArrayXd log_weights;
  for (auto site = order_.rbegin(); site != order_.rend(); ++site) {
    log_weights.setZero(levels_[std::size_t(*site)]);
    for (const Index n : buckets_[std::size_t(*site)]) {
      const Factor& from = factors_[std::size_t(n)];
      Index at = 0, own_stride = 0;
      for (std::size_t k = 0; k < from.scope.size(); ++k)
        if (from.scope[k] == *site)
          own_stride = from.strides[k];
        else
          at += from.strides[k] * state[std::size_t(from.scope[k])];
      for (Index k = 0; k < log_weights.size(); ++k)
        log_weights(k) += from.log_weights(at + k * own_stride);
    }
    state[std::size_t(*site)] = choose(log_weights, random);
  }
  return state;
}

double log_partition(const PairwiseGraph& graph, EliminationLimit limit) {
  return Elimination(graph, limit).log_partition();
}

}  // namespace gibbsite
