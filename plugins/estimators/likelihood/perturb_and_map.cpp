// Perturb and MAP: the mean of highest values under random perturbations γ of zero mean,
// P(γ <= t) = exp(-e^{-(t + c)}) with Euler's constant c, against ln Z:
//   full            E max_x (-E(x) + γ(x))              = ln Z  one γ per configuration
//   unary           E max_x (-E(x) + Σ_i γ_i(x_i))      >= ln Z  one γ per unit and state
//   averaged_unary  E max_x (-E(x) + Σ_i γ_i(x_i) / n)  <= ln Z  n units
// (Papandreou & Yuille 2011; Hazan & Jaakkola 2012; Hazan, Maji & Jaakkola 2013 for the last).
// Maxima are exact: a minimum cut where units have two states and no cycle is frustrated, else
// enumeration. The bounds hold for the mean; the standard error says how far the average of the
// draws may be from it. Hidden units take part as units of their own.
#include <cmath>
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/lowest_energy.hpp>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class PerturbAndMap final : public Evaluation {
 public:
  struct Params {
    std::string perturbation = "unary";
    Index draws = 1000;
    double max_log2_states = 20;
    bool per_observation = true;

    void fields(Fields& f) {
      f.choice(
          "perturbation", perturbation, {"full", "unary", "averaged_unary"},
          "of every configuration (ln Z itself; small models), of every unit (upper bound), or "
          "that divided by the number of units (lower bound)");
      f.integer("draws", draws, "perturbations to average over", {.minimum = 2});
      f.real("max_log2_states", max_log2_states, "refuse to enumerate more than 2^this states",
             {.minimum = 0, .maximum = 26});
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  PerturbAndMap(const Params& p, const Context& c)
      : params_(p), context_(c), full_(p.perturbation == "full") {
    if (c.model == nullptr) throw Error(c.subject + ": needs a model");
    require_joint_graph(*c.model, c.subject);
    require_method(joint_graph(*c.model), c.subject);
  }

  Result evaluate(const Input& input) const override {
    const PairwiseGraph graph = joint_graph(*context_.model);
    require_method(graph, context_.subject);  // training may have made couplings frustrated
    const Maximum maximum = full_ ? of_configurations(graph) : of_units(graph);
    Saved& saved = input.saved;
    saved.numbers.resize(std::size_t(params_.draws));
    const Stream random = input.random.split("draws");
    while (Index(saved.position) < params_.draws) {
      const Index first = Index(saved.position), count = std::min(block, params_.draws - first);
      context_.workers->run(count, [&](Index k) {
        saved.numbers[std::size_t(first + k)] = maximum(random.at(std::uint64_t(first + k)));
      });
      saved.position = std::uint64_t(first + count);
      input.desk.report(double(first + count), double(params_.draws), "perturbations");
    }
    const Eigen::Map<const Eigen::ArrayXd> maxima(saved.numbers.data(), params_.draws);
    Moments moments;
    for (const double value : maxima) moments.add(value);
    const std::string bound =
        full_ ? "none" : (params_.perturbation == "unary" ? "upper" : "lower");
    Result result =
        bound_result(context_,
                     {moments.mean, std::sqrt(moments.variance() / moments.count), bound,
                      params_.draws < 30 ? "fewer than 30 draws: the interval is too narrow" : ""},
                     params_.per_observation);
    result.vector("maxima", "draw", maxima);
    result.attributes["method"] =
        full_ ? "enumeration" : LowestEnergy::method(graph, params_.max_log2_states);
    return result;
  }

 private:
  static constexpr Index block = 64;  // draws between reports
  using Maximum = std::function<double(Stream)>;

  static Eigen::ArrayXd gumbel(Stream random, Index count) {
    return -(-random.uniform(count).log()).log().transpose() - std::numbers::egamma;
  }

  void require_method(const PairwiseGraph& graph, const std::string& subject) const {
    const double most = params_.max_log2_states;
    if (full_ ? log_states(graph) <= most * std::numbers::ln2 + 1e-9
              : !LowestEnergy::method(graph, most).empty())
      return;
    throw Error(subject + ": needs " +
                (full_ ? "" : "two-state units without frustrated cycles, or ") + "at most 2^" +
                number_text(most) + " states, got 2^" +
                number_text(std::ceil(log_states(graph) / std::numbers::ln2 - 1e-9)) + " states");
  }

  static Maximum of_configurations(const PairwiseGraph& graph) {
    return [energies = energies_of_states(graph)](Stream random) {
      return (gumbel(random, energies.size()) - energies).maxCoeff();
    };
  }

  Maximum of_units(const PairwiseGraph& graph) const {
    const double scale = params_.perturbation == "unary" ? 1 : 1 / double(graph.sites.size());
    return [scale, lowest = LowestEnergy(graph, params_.max_log2_states)](Stream random) {
      return -lowest(-scale * gumbel(random, lowest.states()));
    };
  }

  Params params_;
  Context context_;
  bool full_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<PerturbAndMap>(
      "perturb_and_map", "log Z, or bounds on it, by the highest values of perturbed energies",
      "Papandreou & Yuille 2011, ICCV; Hazan & Jaakkola 2012, ICML; Hazan, Maji & Jaakkola 2013, "
      "NeurIPS");
}
