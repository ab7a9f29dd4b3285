#include "gibbsite/core/choice.hpp"

#include <cmath>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

thread_local Outcomes* walking = nullptr;

}  // namespace

Index choose(const Eigen::Ref<const Eigen::ArrayXd>& log_weights, Stream& random) {
  const double highest = log_weights.maxCoeff<Eigen::PropagateNaN>();
  if (!std::isfinite(highest)) throw Error("a random choice needs a weight that is finite");
  const auto weight = [&](Index k) { return std::exp(log_weights(k) - highest); };
  double total = 0;
  for (Index k = 0; k < log_weights.size(); ++k) total += weight(k);
  if (Outcomes* outcomes = Outcomes::current())
    return outcomes->next((log_weights - highest).exp() / total);
  double rest = random.number() * total;
  Index chosen = 0;
  for (Index k = 0; k < log_weights.size(); ++k) {
    const double w = weight(k);
    if (w == 0) continue;
    chosen = k;  // the last one that has any weight takes what rounding leaves over
    if (rest < w) break;
    rest -= w;
  }
  return chosen;
}

bool accept(double log_ratio, Stream& random) {
  if (Outcomes* outcomes = Outcomes::current())
    return outcomes->next(log_ratio >= 0 ? 1.0 : std::isnan(log_ratio) ? 0.0 : std::exp(log_ratio));
  return std::log(random.number()) < log_ratio;  // written so that NaN rejects
}

Outcomes* Outcomes::current() { return walking; }

Index Outcomes::next(const Eigen::Ref<const Eigen::ArrayXd>& probabilities) {
  if (at_ == options_.size()) {
    auto& all = options_.emplace_back();
    for (Index k = probabilities.size() - 1; k >= 0; --k)
      if (probabilities(k) > 0) all.push_back(k);
    if (all.empty()) throw Error("a random choice has no outcome of positive probability");
  }
  const Index chosen = options_[at_++].back();
  probability_ *= probabilities(chosen);
  return chosen;
}

bool Outcomes::next(double p) { return next(Eigen::Array2d(1 - p, p)) == 1; }

bool Outcomes::advance() {
  at_ = 0;
  probability_ = 1;
  while (!options_.empty()) {
    options_.back().pop_back();
    if (!options_.back().empty()) return true;
    options_.pop_back();
  }
  return false;
}

void Outcomes::walk(const std::function<void()>& body,
                    const std::function<void(double probability)>& done) {
  if (walking != nullptr) throw Error("outcomes are walked one code at a time");
  Outcomes outcomes;
  struct Restore {
    ~Restore() { walking = nullptr; }
  } restore;
  walking = &outcomes;
  do {
    body();
    done(outcomes.probability_);
  } while (outcomes.advance());
}

}  // namespace gibbsite
