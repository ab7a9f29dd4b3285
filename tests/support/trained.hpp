// Machines trained in a way that leaves nothing to chance.
#pragma once

#include <cmath>

#include "support/rows.hpp"

namespace gibbsite::test {

/// An RBM of nine visible units on 3 x 3 bars and stripes: W_ij = .1 sin(1 + .7i + 1.3j + .11ij)
/// and no biases at first, then ascent along the exact gradient by .1 of it.
class ExactTraining {
 public:
  explicit ExactTraining(Index hidden)
      : rows_(bars_and_stripes(3)),
        model_(make_model("{name: rbm, visible: 9, hidden: " + std::to_string(hidden) + "}")),
        theta_(Parameters::Zero(9 * hidden + 9 + hidden)) {
    for (Index i = 0; i < 9; ++i)
      for (Index j = 0; j < hidden; ++j)
        theta_(i * hidden + j) =
            .1 * std::sin(1 + .7 * double(i) + 1.3 * double(j) + .11 * double(i * j));
    model_->capability<Parametric>()->set_parameters(theta_);
    gradient_ = make_gradient("{name: exact}", context_with(*model_, &rows_));
    optimizer_ = make_optimizer("{name: sgd, step_size: 0.1}");
  }

  EnergyModel& model() { return *model_; }
  const Rows& rows() const { return rows_; }

  /// Goes on until `update` updates have been made.
  void advance(std::uint64_t update) {
    for (; made_ < update; ++made_) {
      optimizer_->update(theta_, gradient_->estimate(rows_.x(), saved_, Stream(1)).ascent, slots_,
                         made_);
      model_->capability<Parametric>()->set_parameters(theta_);
    }
  }

  /// Exact ln Z and mean log-likelihood.
  Result likelihood() {
    return evaluate(*make_evaluation("{name: exact_log_partition}", context_with(*model_, &rows_)),
                    1);
  }

 private:
  Rows rows_;
  std::unique_ptr<EnergyModel> model_;
  Parameters theta_;
  std::unique_ptr<GradientEstimator> gradient_;
  std::unique_ptr<Optimizer> optimizer_;
  Saved saved_;
  Slots slots_;
  std::uint64_t made_ = 0;
};

}  // namespace gibbsite::test
