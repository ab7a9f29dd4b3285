#include "gibbsite/api/sandwich.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/api/exact_draws.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/log_weights.hpp"

namespace gibbsite {
namespace {

std::string nats(double value) {
  return number_text(std::abs(value) < .1 ? std::round(1e4 * value) / 1e4
                                          : std::round(10 * value) / 10) +
         " nats";
}

}  // namespace

void TargetDraws::fields(Fields& f) {
  f.choice("start", start, {"exact", "data"},
           "draws from the model: by its own method or by summing over states; or rows of the "
           "training data, which must have been drawn from this very model");
}

void TargetDraws::require(const Context& context, Index chains) const {
  if (start == "exact" && draw_method(*context.model).empty())
    throw Error(context.subject +
                ": start: exact draws need a model that offers them, at most 2^20 states of its "
                "units or hidden units, or pair interactions of small tree-width; give data that "
                "were simulated by it and start: data");
  if (start == "data" && context.require_train().size() < chains)
    throw Error(context.subject + ": runs: must be at most the training data's " +
                std::to_string(context.train->size()) + " rows, got " + std::to_string(chains));
}

Batch TargetDraws::draw(const Context& context, Index chains, const Stream& random) const {
  if (start == "exact") return exact_draws(*context.model, chains, random);
  const Dataset& data = context.require_train();
  std::vector<Index> rows;
  for (Index k = 0; k < chains; ++k) rows.push_back(k * data.size() / chains);
  Batch x(data.dim(), chains);
  data.columns(rows, random, x);
  return x;
}

std::string TargetDraws::assumption() const {
  return start == "exact" ? "" : "the training data are exact draws from this model";
}

Annealing::Leg downwards(const std::vector<double>& upward, Index chains,
                         std::function<Batch()> start) {
  return {.ladder = {upward.rbegin(), upward.rend()},
          .start = std::move(start),
          .chains = chains,
          .last_position = upward.size() - 1};
}

LogPartition reverse_log_partition(const Eigen::Ref<const Eigen::ArrayXd>& log_weights,
                                   double log_z0, const std::string& warning) {
  const LogWeights all = summarise(log_weights);
  const double n = double(log_weights.size());
  LogPartition out{.value = log_z0 - all.log_mean,
                   .standard_error = all.standard_error,
                   .lower = log_z0 - all.upper,
                   .upper = log_z0 - all.lower,
                   .bound = "upper",
                   .warning = warning};
  if (!out.warning.empty()) return out;
  if (all.effective_sample_size < .1 * n || (n > 1 && all.max_weight > .3))
    out.warning = "the " + number_text(n) + " weights are worth " +
                  number_text(std::round(10 * all.effective_sample_size) / 10) +
                  " equal ones: the bound is probably far too high and its interval too narrow";
  else if (n == 1)
    out.warning = all.warning;
  return out;
}

Verdict::Verdict(const Sandwich& bounds, double tolerance) {
  const double gap = bounds.gap(), noise = 3 * std::hypot(bounds.lower_error, bounds.upper_error);
  agree = std::abs(gap) <= tolerance && !std::isnan(noise);
  if (std::isnan(bounds.lower))
    text = "nothing here is a lower bound on log Z";
  else if (std::isnan(bounds.upper))
    text =
        "nothing here is an upper bound on log Z, so how far it may be off is not known: "
        "bidirectional_monte_carlo gives one";
  else if (!std::isfinite(gap))
    text = "one of the bounds is not finite";
  else if (std::isnan(noise))
    text = "a bound from a single run has no error to go by: use more runs";
  else if (agree)
    text = "lower and upper bound agree within " + nats(std::abs(gap));
  else if (gap > 0)
    text = bounds.temperatures > 0 ? "forward and reverse disagree by " + nats(gap) +
                                         ": not converged; use more than " +
                                         std::to_string(bounds.temperatures) + " temperatures"
                                   : "lower and upper bound are " + nats(gap) + " apart";
  else if (-gap <= noise)
    text = "the bounds cross by " + nats(-gap) + ", within their noise: use more runs";
  else
    text = "the lower bound is " + nats(-gap) +
           " above the upper one: one of them is no bound here, or its error is far too small";
}

}  // namespace gibbsite
