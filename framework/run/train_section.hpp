// The train section.
#pragma once

#include <cmath>

#include "gibbsite/run/centring.hpp"
#include "gibbsite/run/evaluate_section.hpp"
#include "gibbsite/run/pretrain_section.hpp"
#include "gibbsite/run/regularization.hpp"
#include "gibbsite/run/sections.hpp"

namespace gibbsite {

/// The train section, built.
struct TrainStage {
  std::vector<PretrainStage> pretraining;  ///< parts of the model, trained before it
  std::unique_ptr<GradientEstimator> gradient;
  std::unique_ptr<Optimizer> optimizer;
  Index batch = 100;
  Index updates = 0;
  double budget = HUGE_VAL;  ///< evaluations after which training ends
  Index record_every = 1;
  std::unique_ptr<Centring> centring;        ///< null where gradients stay as they are
  std::unique_ptr<Regularizer> regularizer;  ///< null without penalties
  ClipParams clip;
  std::optional<double> average;          ///< share kept by the running mean of θ
  std::vector<EvaluateStage> scheduled;   ///< evaluations during training
  std::optional<StopParams> stop;         ///< which parameters are kept, and when training ends
  std::optional<DivergenceParams> retry;  ///< nothing: the first divergence ends the cell
};

/// Reads and builds it; null where there are faults. `resolved` becomes the section with every
/// default.
std::unique_ptr<TrainStage> build_train_section(const Node& node, const SectionTools& tools,
                                                Node& resolved);

/// The label and the number that a metric `label.number` names; both empty where it has no dot.
std::pair<std::string, std::string> split_metric(const std::string& metric);

}  // namespace gibbsite
