// Maximum entropy (Jaynes 1957): of all laws with given means μ of features φ, the one of largest
// entropy is p ∝ e^{θ·φ(x)} where the dual function
//   J(θ) = θ·μ - ln Z(θ),  dJ/dθ = μ - E_p[φ],
// is largest, and there -J is its entropy. For models E(x) = -θ·φ(x) that are linear in θ. With the
// means of data J is their mean log-likelihood.
#include <cmath>
#include <gibbsite/api/averages.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class MomentMatching final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    std::vector<double> targets;
    double max_log2_states = 26;

    void fields(Fields& f) {
      f.reals("targets", targets, "μ: the wanted mean of -∂E/∂θ for every parameter in turn",
              {.unset = "the means of the data"});
      f.real("max_log2_states", max_log2_states, "refuse sums over more than 2^this states",
             {.minimum = 0, .maximum = 40});
    }
  };

  MomentMatching(const Params& p, const Context& c)
      : subject_(c.subject),
        model_(*c.model),
        parametric_(c.require<Parametric>()),
        workers_(*c.workers),
        limit_{p.max_log2_states},
        targets_(Eigen::Map<const Parameters>(p.targets.data(), Index(p.targets.size()))) {
    const Index size = parametric_.parameters().size();
    if (targets_.size() != 0 && targets_.size() != size)
      throw Error(subject_ + ": targets: must have one value per parameter, " +
                  std::to_string(size) + ", got " + std::to_string(targets_.size()));
    require_exact_sum(model_, limit_, WithGradient::yes, subject_);
    probes_.resize(model_.dim(), 4);
    Independent::uniform(model_.domain()).draw(Stream(0), probes_);
    require_linear();
  }

  std::vector<std::string> statistics() const override { return {"entropy"}; }

  GradientEstimate estimate(const BatchView& data, Saved&, Stream) const override {
    require_linear();
    const Parameters theta = parametric_.parameters();
    const ExactSum sum = exact_sum(model_, workers_, true, limit_);  // its gradient is -E_p[φ]
    Parameters means = targets_;
    if (means.size() == 0) {
      means.setZero(theta.size());
      add_mean_gradient(parametric_, data, -1, workers_, means);
    }
    return {.ascent = means + sum.expected_gradient,
            .objective = theta.dot(means) - sum.log_partition,
            .statistics = {sum.log_partition + theta.dot(sum.expected_gradient)}};
  }

 private:
  // E = θ·∂E/∂θ holds for other energies than linear ones at single θ, not all along a training.
  void require_linear() const {
    const Parameters theta = parametric_.parameters();
    Row energy;
    model_.energy(probes_, energy);
    for (Index n = 0; n < probes_.cols(); ++n) {
      Parameters gradient = Parameters::Zero(theta.size());
      parametric_.parameter_gradient(probes_.col(n), Row::Ones(1), gradient);
      const double size = theta.cwiseAbs().dot(gradient.cwiseAbs());
      const double rounding = 1e3 * double(std::numeric_limits<Real>::epsilon());
      if (!(std::abs(energy(n) - theta.dot(gradient)) <= rounding * (1 + size)))
        throw Error(subject_ + ": needs a model with energy -θ·φ(x), linear in all its parameters");
    }
  }

  std::string subject_;
  const EnergyModel& model_;
  const Parametric& parametric_;
  const Workers& workers_;
  ExactLimit limit_;
  Parameters targets_;
  Batch probes_;  ///< some configurations at which energies are looked at
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MomentMatching>("moment_matching",
                               "maximum entropy for given means, exactly, or for those of the data",
                               "Jaynes 1957, Physical Review 106:620-630");
}
