// Data that cover a model's first coordinates alone: hidden coordinates are filled in for training,
// and summed out of likelihoods.
#pragma once

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/api/dataset.hpp"
#include "gibbsite/api/fields.hpp"
#include "gibbsite/api/gradient.hpp"
#include "gibbsite/core/parallel.hpp"

namespace gibbsite {

/// The parameters by which a model says how its hidden coordinates are filled in.
struct GIBBSITE_API InferenceParams {
  std::string inference = "mean_field";
  Index inference_steps = 50;
  double inference_tolerance = 1e-5;

  void fields(Fields& f);
  PartlyObserved::Inference inferred() const;
};

/// Observed rows v with the hidden coordinates of a PartlyObserved model.
struct Completion {
  Batch x;                ///< dim x observations
  Index unconverged = 0;  ///< observations whose mean field stopped at its limit of sweeps
};

/// The factorised law q(h) = Π_i q(h_i) of all hidden units and coordinates that is nearest to
/// p(h|v) in KL(q||p), as its means: from the middle of their range, the means of the units of the
/// hidden layer and those of the hidden coordinates are set in turn to their law given the means of
/// the others (Salakhutdinov & Hinton 2009, equation 9). Every such update raises the bound of
/// log_sum_bound(); the limit is a local maximum. Columns do not depend on each other. Throws Error
/// where `model` is not PartlyObserved.
GIBBSITE_API Completion mean_field(const EnergyModel& model, const BatchView& v, Index sweeps,
                                   double tolerance);

/// `v` completed by the model's own Inference: by means or by states.
GIBBSITE_API Completion complete(const EnergyModel& model, const BatchView& v, Stream random);

/// Configurations with every hidden coordinate of a PartlyObserved model drawn by its mean in `x`,
/// independently; one that is a state stays. Of other models, `x` itself.
GIBBSITE_API Batch draw_hidden(const EnergyModel& model, const BatchView& x, Stream random);

/// The rows of an update as `estimator` takes them: `v` itself where it holds whole configurations,
/// else completed, in blocks over the workers.
GIBBSITE_API Completion rows_for(const GradientEstimator& estimator, const EnergyModel& model,
                                 Batch v, const Workers& workers, Stream random);

/// The largest number of hidden coordinates' states that are summed over, as a power of 2.
inline constexpr double max_log2_hidden = 20;

/// log2 of the number of states of the coordinates of `model` beyond the first `observed` ones.
GIBBSITE_API double log2_hidden_states(const EnergyModel& model, Index observed);

/// ln Σ_h e^{-E(v, h)} over all states of the hidden coordinates, per column of `v`; adds
/// scale · Σ_n E[∂E/∂θ | v_n] to `gradient` where one is given. Throws Error for more than
/// 2^max_log2_hidden states.
GIBBSITE_API Row log_sum(const EnergyModel& model, const BatchView& v, double scale = 0,
                         Parameters* gradient = nullptr);

/// A lower bound on the same, by the mean field (converged to 1e-6, at most 1000 sweeps):
/// E_q[-E(v, h)] + H(q), whatever q is.
GIBBSITE_API Row log_sum_bound(const EnergyModel& model, const BatchView& v);

/// Data of v alone as whole configurations of `model`: hidden coordinates are drawn anew from
/// their law under the model's present parameters whenever columns are asked for.
class GIBBSITE_API CompletedData final : public Dataset {
 public:
  /// `v` and `model` outlive this. Throws Error where `model` is not PartlyObserved, or observes
  /// another number of coordinates than `v` has.
  CompletedData(const Dataset& v, const EnergyModel& model);
  Index size() const override { return v_.size(); }
  Index dim() const override { return model_.dim(); }
  void columns(std::span<const Index> indices, Stream random, Eigen::Ref<Batch> out) const override;
  std::vector<int> labels() const override { return v_.labels(); }
  const Dataset& observed() const override { return v_; }

 private:
  const Dataset& v_;
  const EnergyModel& model_;
};

}  // namespace gibbsite
