// The Bethe approximation: ln Z of locally consistent beliefs b,
//   ln Z_B = Σ_i Σ b_i (-a_i) + Σ_ij Σ b_ij (-b_ij) + Σ_i H(b_i) - Σ_ij I(b_ij),
// at a fixed point of belief propagation (Yedidia, Freeman & Weiss 2005). Exact without cycles. A
// lower bound where units have two states and no cycle is frustrated, so that turning over some of
// them makes all couplings attractive (Ruozzi 2012). Else it may lie on either side of ln Z, and
// fixed points need not be unique.
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/belief_propagation.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Bethe final : public Evaluation {
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

  Bethe(const Params& p, const Context& c) : params_(p), context_(c) {
    if (c.model == nullptr) throw Error(c.subject + ": needs a model");
    require_joint_graph(*c.model, c.subject);
  }

  Result evaluate(const Input& input) const override {
    const PairwiseGraph graph = joint_graph(*context_.model);
    const BeliefPropagation found = propagate_beliefs(
        graph, Eigen::ArrayXd::Ones(Index(graph.edges.size())), params_.schedule, input.desk);
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
    if (value.bound == "none") value.standard_error = std::numeric_limits<double>::quiet_NaN();
    Result result =
        bound_result(context_, value, params_.per_observation, input.random.split("data"));
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
  registry.add<Bethe>("bethe", "log Z by loopy belief propagation",
                      "Yedidia, Freeman & Weiss 2005, IEEE Trans. Inf. Theory 51:2282-2312; Ruozzi "
                      "2012, NeurIPS (lower bound for attractive couplings)");
}
