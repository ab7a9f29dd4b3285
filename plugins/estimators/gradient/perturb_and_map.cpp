// Perturb-and-MAP learning (Papandreou & Yuille 2011, ICCV): the model's side of the likelihood
// gradient is taken at configurations of highest value under random perturbations γ with
// P(γ <= t) = exp(-e^{-t}),
//   g = -mean_data ∂E/∂θ + mean_s ∂E(x_s)/∂θ,  x_s = argmax_x (-E(x) + Σ_i γ_i(x_i)),
// so that training matches the moments of these: those of the model where units do not interact or
// where every configuration has a γ of its own (`full`), else of another law of the same θ, whose
// draws are independent. Maxima are exact: a minimum cut where units have two states and no cycle
// is frustrated, else enumeration. Hidden units are perturbed and maximised over as units of their
// own, then summed out given x_s.
#include <cmath>
#include <gibbsite/api/contrast.hpp>
#include <gibbsite/api/lowest_energy.hpp>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class PerturbAndMap final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    std::string perturbation = "unary";
    Index draws = 100;
    double max_log2_states = 20;

    void fields(Fields& f) {
      f.choice("perturbation", perturbation, {"unary", "full"},
               "of every unit, or of every configuration (draws from the model; small models)");
      f.count("draws", draws, "perturbations per update");
      f.real("max_log2_states", max_log2_states, "refuse to enumerate more than 2^this states",
             {.minimum = 0, .maximum = 26});
    }
  };

  PerturbAndMap(const Params& p, const Context& c)
      : params_(p),
        subject_(c.subject),
        model_(*c.model),
        contrast_(c, {}),
        full_(p.perturbation == "full") {
    require_joint_graph(model_, subject_);
    require_method(joint_graph(model_));
  }

  HiddenCoordinates takes() const override { return HiddenCoordinates::means; }

  GradientEstimate estimate(const BatchView& data, Saved&, Stream random) const override {
    const PairwiseGraph graph = joint_graph(model_);
    require_method(graph);  // training may have made couplings frustrated
    const Maximiser maximiser = full_ ? of_configurations(graph) : of_units(graph);
    const Stream perturbations = random.split("perturbations");
    return contrast_.gradient(
        data, params_.draws, [&](Index first, Index count, Contrast::Part& part) {
          Batch x(model_.dim(), count);
          for (Index n = 0; n < count; ++n)
            x.col(n) = visible(maximiser(perturbations.split(std::uint64_t(first + n))));
          contrast_.add(x, {}, Row::Constant(count, 1 / double(params_.draws)), part);
        });
  }

 private:
  using Maximiser = std::function<std::vector<Index>(Stream)>;  // the state of every site

  void require_method(const PairwiseGraph& graph) const {
    const double most = params_.max_log2_states;
    if (full_ ? log_states(graph) <= most * std::numbers::ln2 + 1e-9
              : !LowestEnergy::method(graph, most).empty())
      return;
    throw Error(subject_ + ": needs " +
                (full_ ? "" : "two-state units without frustrated cycles, or ") + "at most 2^" +
                number_text(most) + " states, got 2^" +
                number_text(std::ceil(log_states(graph) / std::numbers::ln2 - 1e-9)) + " states");
  }

  static Eigen::ArrayXd gumbel(Stream random, Index count) {
    return -(-random.uniform(count).log()).log().transpose();
  }

  static Maximiser of_configurations(const PairwiseGraph& graph) {
    std::vector<Index> levels;
    for (const Eigen::VectorXd& site : graph.sites) levels.push_back(site.size());
    return [levels, energies = energies_of_states(graph)](Stream random) {
      Index number = 0;
      (gumbel(random, energies.size()) - energies).maxCoeff(&number);
      std::vector<Index> found;
      for (const Index states : levels) {
        found.push_back(number % states);
        number /= states;
      }
      return found;
    };
  }

  Maximiser of_units(const PairwiseGraph& graph) const {
    return [lowest = LowestEnergy(graph, params_.max_log2_states)](Stream random) {
      return lowest.configuration(-gumbel(random, lowest.states()));
    };
  }

  // The model's coordinates, which come before its hidden units.
  Vector visible(const std::vector<Index>& sites) const {
    Vector x(model_.dim());
    for (Index i = 0; i < x.size(); ++i) {
      const Index state = sites[std::size_t(i)];
      const bool spin = model_.domain().site(i).kind == Domain::Kind::spin;
      x(i) = Real(spin ? 2 * state - 1 : state);
    }
    return x;
  }

  Params params_;
  std::string subject_;
  const EnergyModel& model_;
  Contrast contrast_;
  bool full_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<PerturbAndMap>("perturb_and_map",
                              "matches the moments of configurations of highest perturbed value",
                              "Papandreou & Yuille 2011, ICCV, 193-200");
}
