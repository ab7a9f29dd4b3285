// Tree-reweighted belief propagation (Wainwright, Jaakkola & Willsky 2005): ln Z is convex, so that
// a mixture of spanning trees whose parameters average to the model's bounds it from above,
//   ln Z <= Σ_i Σ b_i (-a_i) + Σ_ij Σ b_ij (-b_ij) + Σ_i H(b_i) - Σ_ij ρ_ij I(b_ij)  (max over b),
// ρ_ij the probability that edge ij is in the tree. Trees are uniform over all spanning trees of
// a component: ρ_ij is the effective resistance of the edge. The maximum is that of a concave
// function, but only a converged value is a bound.
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/belief_propagation.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr std::size_t most_units = 5000;

class TreeReweighted final : public Evaluation {
 public:
  struct Params {
    MessageSchedule schedule;
    bool per_observation = true;

    void fields(Fields& f) {
      schedule.declare(f);
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  TreeReweighted(const Params& p, const Context& c) : params_(p), context_(c) {
    if (c.model == nullptr) throw Error(c.subject + ": needs a model");
    require_joint_graph(*c.model, c.subject);
    const auto units = joint_graph(*c.model).sites.size();
    if (units > most_units)
      throw Error(c.subject + ": needs at most " + std::to_string(most_units) +
                  " units, whose spanning trees are counted by a dense matrix, got " +
                  std::to_string(units));
  }

  Result evaluate(const Input& input) const override {
    const PairwiseGraph graph = joint_graph(*context_.model);
    const Eigen::ArrayXd shares = spanning_tree_shares(graph);
    const BeliefPropagation found =
        propagate_beliefs(graph, shares, params_.schedule, input.saved, input.desk);
    LogPartitionBound value{found.log_partition, 0, is_forest(graph) ? "exact" : "upper", ""};
    if (!found.converged)
      value = {found.log_partition, std::numeric_limits<double>::quiet_NaN(), "none",
               "no bound: messages still changed by " + number_text(found.residual) +
                   " in the last sweep"};
    Result result = bound_result(context_, value, params_.per_observation);
    result.vector("edge_appearance", "edge", shares);
    result.scalar("residual", found.residual);
    result.scalar("iterations", double(found.iterations));
    return result;
  }

 private:
  Params params_;
  Context context_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<TreeReweighted>(
      "tree_reweighted", "upper bound on log Z by a mixture of spanning trees",
      "Wainwright, Jaakkola & Willsky 2005, IEEE Trans. Inf. Theory 51:2313-2335");
}
