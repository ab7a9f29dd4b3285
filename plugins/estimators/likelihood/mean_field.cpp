// Naive mean field: the best lower bound on ln Z by independent units q(x) = Π_i q_i(x_i),
//   ln Z >= -E_q[E(x)] + H(q),
// raised by coordinate ascent, one unit after the other, from random starts:
//   q_i(x) ∝ exp(-a_i(x) - Σ_j Σ_y b_ij(x, y) q_j(y)).
// A bound at every step, converged or not; each start climbs to an optimum of its own, so that the
// best of several is reported with the number of starts that found it. Hidden units take part
// as units of their own.
#include <algorithm>
#include <cmath>
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/joint_graph.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class MeanField final : public Evaluation {
 public:
  struct Params {
    Index restarts = 10, most_iterations = 10000;
    double tolerance = 1e-9;
    bool per_observation = true;

    void fields(Fields& f) {
      f.count("restarts", restarts, "random starts; the best bound is reported");
      f.count("most_iterations", most_iterations, "sweeps over all units before giving up");
      f.positive("tolerance", tolerance, "largest change of a probability that counts as none");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  MeanField(const Params& p, const Context& c) : params_(p), context_(c) {
    if (c.model == nullptr) throw Error(c.subject + ": needs a model");
    require_joint_graph(*c.model, c.subject);
  }

  Result evaluate(const Input& input) const override {
    const PairwiseGraph graph = joint_graph(*context_.model);
    const auto edges = edges_of(graph);
    const Index restarts = params_.restarts;
    std::vector<double>& numbers = input.saved.numbers;  // bound, residual, sweeps of each start
    numbers.resize(std::size_t(3 * restarts));
    const Eigen::Map<const Eigen::Array3Xd> found(numbers.data(), 3, restarts);
    for (Index first = Index(input.saved.position); first < restarts;) {
      const Index count = std::min<Index>(context_.workers->threads(), restarts - first);
      context_.workers->run(count, [&](Index k) {
        const Stream start = input.random.split("starts").at(std::uint64_t(first + k));
        const Eigen::Array3d end = climb(graph, edges, start);
        std::copy(end.begin(), end.end(), numbers.begin() + 3 * (first + k));
      });
      input.saved.position = std::uint64_t(first += count);
      input.desk.report(double(first), double(restarts),
                        "best bound " + number_text(found.row(0).head(first).maxCoeff()));
    }
    return conclude(found);
  }

 private:
  struct End {
    Index edge = 0, other = 0;
    bool is_first = false;
  };

  static std::vector<std::vector<End>> edges_of(const PairwiseGraph& graph) {
    std::vector<std::vector<End>> ends(graph.sites.size());
    for (std::size_t e = 0; e < graph.edges.size(); ++e) {
      const auto& edge = graph.edges[e];
      ends[std::size_t(edge.first)].push_back({Index(e), edge.second, true});
      ends[std::size_t(edge.second)].push_back({Index(e), edge.first, false});
    }
    return ends;
  }

  Eigen::Array3d climb(const PairwiseGraph& graph, const std::vector<std::vector<End>>& edges,
                       Stream random) const {
    std::vector<Eigen::VectorXd> q;
    for (const Eigen::VectorXd& site : graph.sites) {  // uniform on the simplex
      q.emplace_back(-random.uniform(site.size()).log().transpose());
      q.back() /= q.back().sum();
    }
    double residual = 1;
    Index sweeps = 0;
    Eigen::VectorXd energy;
    for (; sweeps < params_.most_iterations && residual > params_.tolerance; ++sweeps) {
      residual = 0;
      for (std::size_t i = 0; i < q.size(); ++i) {
        energy = graph.sites[i];
        for (const End& end : edges[i]) {
          const Eigen::MatrixXd& b = graph.edges[std::size_t(end.edge)].energy;
          if (end.is_first)
            energy.noalias() += b * q[std::size_t(end.other)];
          else
            energy.noalias() += b.transpose() * q[std::size_t(end.other)];
        }
        energy = (energy.minCoeff() - energy.array()).exp();
        energy /= energy.sum();
        residual = std::max(residual, (energy - q[i]).cwiseAbs().maxCoeff());
        q[i] = energy;
      }
    }
    return {bound(graph, q), residual, double(sweeps)};
  }

  static double bound(const PairwiseGraph& graph, const std::vector<Eigen::VectorXd>& q) {
    double value = -graph.constant;
    for (std::size_t i = 0; i < q.size(); ++i)
      for (Index x = 0; x < q[i].size(); ++x)  // 0 ln 0 = 0
        value -= q[i](x) * (graph.sites[i](x) + (q[i](x) > 0 ? std::log(q[i](x)) : 0));
    for (const PairwiseGraph::Edge& edge : graph.edges)
      value -= q[std::size_t(edge.first)].dot(edge.energy * q[std::size_t(edge.second)]);
    return value;
  }

  Result conclude(const Eigen::Ref<const Eigen::Array3Xd>& found) const {
    Index best = 0;
    const double value = found.row(0).maxCoeff(&best), residual = found(1, best);
    const Index agreeing = (found.row(0) > value - 1e-6 * std::max(1., std::abs(value))).count();
    std::string warning;
    if (residual > params_.tolerance)
      warning = "the ascent was stopped at residual " + number_text(residual) +
                "; the value is a lower bound, but not the best";
    else if (agreeing < params_.restarts)
      warning = "only " + std::to_string(agreeing) + " of " + std::to_string(params_.restarts) +
                " starts found this optimum; there may be a better one";
    Result result = bound_result(context_, {value, 0, "lower", warning}, params_.per_observation);
    result.vector("bounds", "restart", found.row(0).transpose());
    result.scalar("agreeing_restarts", double(agreeing));
    result.scalar("residual", residual);
    result.scalar("iterations", found(2, best));
    return result;
  }

  Params params_;
  Context context_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MeanField>("mean_field", "lower bound on log Z by independent units",
                          "Jordan, Ghahramani, Jaakkola & Saul 1999, Machine Learning 37:183-233");
}
