// The Bethe approximation: ln Z of locally consistent beliefs b,
//   ln Z_B = Σ_i Σ b_i (-a_i) + Σ_ij Σ b_ij (-b_ij) + Σ_i H(b_i) - Σ_ij I(b_ij),
// at a fixed point of belief propagation (Yedidia, Freeman & Weiss 2005). Exact without cycles. A
// lower bound where units have two states and no cycle is frustrated, so that turning over some of
// them makes all couplings attractive (Ruozzi 2012). Else it may lie on either side of ln Z. Fixed
// points need not be unique: messages start at random several times, and the highest value counts,
// as Z_B is the maximum over beliefs.
#include <algorithm>
#include <cmath>
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/belief_propagation.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Bethe final : public Evaluation {
 public:
  struct Params {
    MessageSchedule schedule;
    Index restarts = 5;
    bool per_observation = true;

    void fields(Fields& f) {
      schedule.declare(f);
      f.count("restarts", restarts, "random starts; the highest converged value is reported");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  Bethe(const Params& p, const Context& c) : params_(p), context_(c) {
    if (c.model == nullptr) throw Error(c.subject + ": needs a model");
    require_joint_graph(*c.model, c.subject);
  }

  Result evaluate(const Input& input) const override {
    const PairwiseGraph graph = joint_graph(*context_.model);
    const std::vector<BeliefPropagation> all = start_often(graph, input);
    const BeliefPropagation& found = *std::max_element(all.begin(), all.end(), is_worse);
    const auto agreeing = std::count_if(all.begin(), all.end(), [&](const auto& other) {
      return other.converged && std::abs(other.log_partition - found.log_partition) <=
                                    1e-6 * std::max(1., std::abs(found.log_partition));
    });
    LogPartitionBound value{found.log_partition, 0, "none", ""};
    if (!found.converged)
      value.warning = "messages still changed by " + number_text(found.residual) +
                      " in the last sweep: the value means little";
    else if (is_forest(graph))
      value.bound = "exact";
    else if (attractive_flips(graph))
      value.bound = "lower";
    else
      value.warning = "no bound: the graph has frustrated cycles or units of more than two states";
    if (value.warning.empty() && agreeing < params_.restarts)
      value.warning = "only " + std::to_string(agreeing) + " of " +
                      std::to_string(params_.restarts) +
                      " starts found this fixed point; there may be a higher one";
    if (value.bound == "none") value.standard_error = std::numeric_limits<double>::quiet_NaN();
    Result result = bound_result(context_, value, params_.per_observation);
    result.scalar("agreeing_restarts", double(agreeing));
    result.scalar("residual", found.residual);
    result.scalar("iterations", double(found.iterations));
    return result;
  }

 private:
  static bool is_worse(const BeliefPropagation& a, const BeliefPropagation& b) {
    if (a.converged != b.converged) return b.converged;
    return a.converged ? a.log_partition < b.log_partition : a.residual > b.residual;
  }

  std::vector<BeliefPropagation> start_often(const PairwiseGraph& graph, const Input& input) const {
    const Eigen::ArrayXd ones = Eigen::ArrayXd::Ones(Index(graph.edges.size()));
    // What the starts have found, four numbers each; behind it the messages of the one under way.
    const std::size_t kept = 1 + 4 * std::size_t(params_.restarts);
    std::vector<double>& numbers = input.saved.numbers;
    numbers.resize(std::max(kept, numbers.size()));
    for (auto k = std::size_t(numbers[0]); k < std::size_t(params_.restarts); ++k) {
      const BeliefPropagation end =
          propagate_beliefs(graph, ones, params_.schedule, input.saved, input.desk,
                            input.random.split("starts").at(std::uint64_t(k)), kept);
      numbers.resize(kept);
      numbers[0] = double(k) + 1;
      numbers[1 + 4 * k] = end.log_partition;
      numbers[2 + 4 * k] = end.residual;
      numbers[3 + 4 * k] = double(end.iterations);
      numbers[4 + 4 * k] = double(end.converged);
      input.saved.position = 0;
      input.desk.report(double(k) + 1, double(params_.restarts), "start " + std::to_string(k + 1));
    }
    std::vector<BeliefPropagation> all;
    for (const double* at = numbers.data() + 1; all.size() < std::size_t(params_.restarts); at += 4)
      all.push_back({at[0], at[1], Index(at[2]), at[3] == 1});
    return all;
  }

  Params params_;
  Context context_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Bethe>("bethe", "log Z by loopy belief propagation",
                      "Yedidia, Freeman & Weiss 2005, IEEE Trans. Inf. Theory 51:2282-2312; Ruozzi "
                      "2012, NeurIPS (lower bound for attractive couplings)");
}
