#include "gibbsite/api/belief_propagation.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <utility>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

// The messages of both directions of every edge, and the rules by which they change.
class Messages {
 public:
  Messages(const PairwiseGraph& graph, Eigen::ArrayXd weights)
      : graph_(graph), weights_(std::move(weights)), ends_(graph.sites.size()) {
    for (std::size_t e = 0; e < graph.edges.size(); ++e) {
      const PairwiseGraph::Edge& edge = graph.edges[e];
      for (const bool forward : {true, false}) {
        const Index to = forward ? edge.second : edge.first;
        ends_[std::size_t(to)].push_back(Index(messages_.size()));
        messages_.push_back({Index(e), Eigen::ArrayXd::Zero(graph.sites[std::size_t(to)].size())});
        Eigen::ArrayXXd& interaction = interaction_.emplace_back(edge.energy.array());
        if (!forward) interaction.transposeInPlace();
        interaction /= -weights_(Index(e));
      }
    }
  }

  void randomise(Stream random) {
    Batch normal;
    for (Message& message : messages_) {
      normal.resize(message.log_value.size(), 1);
      random.normal(normal);
      message.log_value = normal.col(0).cast<double>().array();
      message.log_value -= message.log_value.maxCoeff();
    }
  }

  void store(std::vector<double>& to) const {
    for (const Message& message : messages_)
      to.insert(to.end(), message.log_value.begin(), message.log_value.end());
  }

  void restore(const double* from) {
    for (Message& message : messages_)
      for (double& value : message.log_value) value = *from++;
  }

  // Sends every message of `site` anew; returns the largest change, damping aside.
  double send(Index site, double damping) {
    belief(site, belief_);
    double largest = 0;
    for (const Index in : ends_[std::size_t(site)]) {
      const Index out = in ^ 1;  // the two directions of an edge stand side by side
      cavity_ = belief_ - messages_[std::size_t(in)].log_value;
      Eigen::ArrayXd& message = messages_[std::size_t(out)].log_value;
      const Eigen::ArrayXXd& interaction = interaction_[std::size_t(out)];
      fresh_.resize(message.size());
      for (Index x = 0; x < message.size(); ++x) {
        term_ = interaction.col(x) + cavity_;
        const double highest = term_.maxCoeff();
        fresh_(x) = highest + std::log((term_ - highest).exp().sum());
      }
      fresh_ -= fresh_.maxCoeff();
      largest = std::max(largest, (fresh_ - message).abs().maxCoeff());
      message = (1 - damping) * fresh_ + damping * message;
    }
    return largest;
  }

  // The largest change that sending a message would make.
  double residual() {
    double largest = 0;
    for (const Index site : all_sites(Index(graph_.sites.size())))
      largest = std::max(largest, send(site, 1));
    return largest;
  }

  double log_partition() const {
    std::vector<Eigen::ArrayXd> beliefs(ends_.size());
    Eigen::ArrayXd log_sites(Index(ends_.size()));
    for (const Index i : all_sites(log_sites.size())) {
      belief(i, beliefs[std::size_t(i)]);
      log_sites(i) = log_sum_exp(beliefs[std::size_t(i)]);
    }
    double sum = log_sites.sum() - graph_.constant;
    for (std::size_t e = 0; e < graph_.edges.size(); ++e) {
      const Index i = graph_.edges[e].first, j = graph_.edges[e].second;
      Eigen::ArrayXXd pair = interaction_[2 * e];
      pair.colwise() += beliefs[std::size_t(i)] - messages_[2 * e + 1].log_value;
      pair.rowwise() += (beliefs[std::size_t(j)] - messages_[2 * e].log_value).transpose();
      sum += weights_(Index(e)) * (log_sum_exp(pair.reshaped()) - log_sites(i) - log_sites(j));
    }
    return sum;
  }

 private:
  struct Message {
    Index edge = 0;
    Eigen::ArrayXd log_value;  // one entry per state of the receiving site
  };

  void belief(Index site, Eigen::ArrayXd& out) const {
    out = -graph_.sites[std::size_t(site)].array();
    for (const Index in : ends_[std::size_t(site)]) {
      const Message& message = messages_[std::size_t(in)];
      out += weights_(message.edge) * message.log_value;
    }
  }

  const PairwiseGraph& graph_;
  Eigen::ArrayXd weights_;
  std::vector<Message> messages_;
  std::vector<Eigen::ArrayXXd> interaction_;  // -b/ρ, states of the sender x of the receiver
  std::vector<std::vector<Index>> ends_;      // the messages that each site receives
  Eigen::ArrayXd belief_, cavity_, term_, fresh_;
};

}  // namespace

void MessageSchedule::declare(Fields& f) {
  f.real("damping", damping, "share of the old message (its logarithm) that is kept, below 1",
         {.minimum = 0, .maximum = .999});
  f.positive("tolerance", tolerance, "largest change of a log message that counts as converged");
  f.count("most_iterations", most_iterations, "sweeps over all units before giving up");
}

BeliefPropagation propagate_beliefs(const PairwiseGraph& graph, const Eigen::ArrayXd& weights,
                                    const MessageSchedule& schedule, Saved& saved, Desk& desk,
                                    std::optional<Stream> start, std::size_t kept) {
  Messages messages(graph, weights);
  if (start) messages.randomise(*start);
  const Index sites = Index(graph.sites.size());
  BeliefPropagation result;
  if (saved.position > 0) {
    messages.restore(saved.numbers.data() + kept);
    result.iterations = Index(saved.position);
  }
  while (result.iterations < schedule.most_iterations && !result.converged) {
    double largest = 0;
    for (Index n = 0; n < sites; ++n)
      largest = std::max(
          largest, messages.send(result.iterations % 2 == 0 ? n : sites - 1 - n, schedule.damping));
    if (std::isnan(largest)) throw Diverged("a message of belief propagation is NaN");
    ++result.iterations;
    if (largest <= schedule.tolerance) {
      result.residual = messages.residual();
      result.converged = result.residual <= schedule.tolerance;
    }
    if (result.iterations % 16 == 0 && !result.converged) {
      saved.position = std::uint64_t(result.iterations);
      saved.numbers.resize(kept);
      messages.store(saved.numbers);
      desk.report(double(result.iterations), double(schedule.most_iterations),
                  "residual " + number_text(largest));
    }
  }
  if (!result.converged) result.residual = messages.residual();
  result.log_partition = messages.log_partition();
  return result;
}

Eigen::ArrayXd spanning_tree_shares(const PairwiseGraph& graph) {
  const std::vector<Index> component = components(graph);
  std::vector<std::vector<Index>> members;
  std::vector<Index> place(component.size());
  for (std::size_t i = 0; i < component.size(); ++i) {
    if (component[i] == Index(members.size())) members.emplace_back();
    auto& others = members[std::size_t(component[i])];
    place[i] = Index(others.size());
    others.push_back(Index(i));
  }
  std::vector<Eigen::MatrixXd> inverses;
  for (const auto& sites : members)
    // (L + 11ᵀ/n)⁻¹ is the pseudo-inverse but for a constant that differences do not see.
    inverses.emplace_back(Eigen::MatrixXd::Constant(Index(sites.size()), Index(sites.size()),
                                                    1 / double(sites.size())));
  for (const PairwiseGraph::Edge& edge : graph.edges) {
    const Index i = place[std::size_t(edge.first)], j = place[std::size_t(edge.second)];
    Eigen::MatrixXd& laplacian = inverses[std::size_t(component[std::size_t(edge.first)])];
    laplacian(i, i) += 1;
    laplacian(j, j) += 1;
    laplacian(i, j) -= 1;
    laplacian(j, i) -= 1;
  }
  for (Eigen::MatrixXd& matrix : inverses)
    matrix = matrix.llt().solve(Eigen::MatrixXd::Identity(matrix.rows(), matrix.cols())).eval();
  Eigen::ArrayXd shares(Index(graph.edges.size()));
  for (Index e = 0; e < shares.size(); ++e) {
    const PairwiseGraph::Edge& edge = graph.edges[std::size_t(e)];
    const Index i = place[std::size_t(edge.first)], j = place[std::size_t(edge.second)];
    const Eigen::MatrixXd& inverse = inverses[std::size_t(component[std::size_t(edge.first)])];
    shares(e) = std::min(1., inverse(i, i) + inverse(j, j) - 2 * inverse(i, j));
  }
  return shares;
}

}  // namespace gibbsite
