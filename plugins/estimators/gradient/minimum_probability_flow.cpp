// Minimum probability flow (Sohl-Dickstein, Battaglino & DeWeese 2011, equation 12), between
// configurations that differ in one coordinate:
//   J = -mean_n Σ_y e^{(E(x_n) - E(y))/2},
// the rate at which probability leaves the data for the model. The paper sums over those y that are
// no data. This is exact where data are sparse, but as they come to fill the space it takes away
// all of J; with every y it is consistent, and does not depend on how the data are cut into
// batches. Hence every y, unless `exclude_data` is set.
#include <cmath>
#include <gibbsite/api/local_objective.hpp>
#include <gibbsite/plugin.hpp>
#include <set>

namespace {
using namespace gibbsite;

class MinimumProbabilityFlow final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    bool exclude_data = false;
    void fields(Fields& f) {
      f.flag("exclude_data", exclude_data,
             "leave out flow between observations of the training data, as the paper does");
    }
  };

  MinimumProbabilityFlow(const Params& p, const Context& c) : objective_(c) {
    if (!p.exclude_data) return;
    const Dataset& train = c.require_train().observed();
    if (train.dim() != c.model->dim())
      throw Error(c.subject + ": exclude_data: must be false where data leave coordinates open");
    const Batch x = train.all(Stream(0));
    for (Index n = 0; n < x.cols(); ++n) data_.emplace(x.col(n).begin(), x.col(n).end());
  }

  GradientEstimate estimate(const BatchView& data, Saved&, Stream) const override {
    return objective_.estimate(
        data, [&](double energy, const BatchView& others, const Row& energies, Row& slopes) {
          slopes = 0.5 * ((energy - energies) / 2).exp();
          for (Index k = 0; k < others.cols() && !data_.empty(); ++k)
            if (data_.contains({others.col(k).begin(), others.col(k).end()})) slopes(k) = 0;
          return -2 * slopes.sum();
        });
  }

 private:
  LocalObjective objective_;
  std::set<std::vector<Real>> data_;  ///< that no probability flows to
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MinimumProbabilityFlow>(
      "minimum_probability_flow", "flow of probability from the data to configurations nearby",
      "Sohl-Dickstein, Battaglino & DeWeese 2011, Physical Review Letters 107:220601");
}
