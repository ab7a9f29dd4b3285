#include "gibbsite/api/exact_draws.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/api/state_numbers.hpp"
#include "gibbsite/api/state_terms.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {

std::string draw_method(const EnergyModel& model) {
  if (model.capability<Exact>() != nullptr) return "own";
  std::string method = summation_method(model, {.max_log2_states = 20});
  if (!method.empty()) return method;
  const auto* pairwise = model.capability<Pairwise>();
  return pairwise != nullptr && elimination_order(pairwise->graph()) ? "elimination" : "";
}

ExactDraws::ExactDraws(const EnergyModel& model) : model_(model), method_(draw_method(model)) {
  if (method_.empty())
    throw Error(
        "exact draws need a model that offers them, at most 2^20 states, or pair interactions of "
        "small tree-width");
  if (method_ == "elimination")
    elimination_ = std::make_unique<Elimination>(model.capability<Pairwise>()->graph());
  else if (method_ != "own")
    accumulate();
}

void ExactDraws::accumulate() {
  const auto terms = state_terms(model_, method_);
  summed_ = terms->domain();
  const Index total = Index(terms->count());
  Eigen::ArrayXd log_weights(total);
  for (Index first = 0; first < total; first += StateTerms::block) {
    const Index size = std::min(StateTerms::block, total - first);
    log_weights.segment(first, size) =
        terms->log_weights(states(summed_, std::uint64_t(first), size)).transpose();
  }
  const double log_partition = log_sum_exp(log_weights);
  if (!std::isfinite(log_partition))
    throw Diverged("ln Z is " + number_text(log_partition) + " in the exact sum");
  cumulative_ = (log_weights - log_partition).exp();
  for (Index n = 1; n < total; ++n) cumulative_(n) += cumulative_(n - 1);
}

void ExactDraws::draw(Stream random, Eigen::Ref<Batch> x) const {
  if (method_ == "own") {
    model_.capability<Exact>()->draw(random, x);
  } else if (method_ == "elimination") {
    for (Index c = 0; c < x.cols(); ++c) {
      Stream own = random.chains_from(c);
      set_state_numbers(model_.domain(), elimination_->draw(own), x.col(c));
    }
  } else if (method_ == "enumeration") {
    draw_state(random, x);
  } else {
    Batch hidden(summed_.dim(), x.cols()), natural;
    draw_state(random, hidden);
    model_.capability<Latent>()->visible_natural(hidden, natural);
    sample(model_.domain(), natural, random, x);
  }
}

void ExactDraws::draw_state(Stream& random, Eigen::Ref<Batch> x) const {
  const Index last = cumulative_.size() - 1;
  const Row u = random.uniform(x.cols()) * cumulative_(last);
  for (Index c = 0; c < x.cols(); ++c) {
    const auto at =
        std::upper_bound(cumulative_.begin(), cumulative_.end(), u(c)) - cumulative_.begin();
    x.col(c) = states(summed_, std::uint64_t(std::min<Index>(at, last)), 1);
  }
}

Batch exact_draws(const EnergyModel& model, Index count, Stream random) {
  Batch x(model.dim(), count);
  ExactDraws(model).draw(random, x);
  return x;
}

}  // namespace gibbsite
