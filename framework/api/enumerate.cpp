#include "gibbsite/api/enumerate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gibbsite/api/state_terms.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

constexpr Index block = StateTerms::block;

// A sum Σ e^{l_n} g_n kept as e^{highest} (sum, gradient).
struct Partial {
  double highest = -std::numeric_limits<double>::infinity();
  double sum = 0;
  Parameters gradient;

  void rescale(double to) {
    const double factor = std::isinf(highest) ? 0 : std::exp(highest - to);
    sum *= factor;
    gradient *= factor;
    highest = to;
  }
  void add(Partial other) {
    if (std::isinf(other.highest)) return;
    if (other.highest > highest) rescale(other.highest);
    other.rescale(highest);
    sum += other.sum;
    gradient += other.gradient;
  }
};

Partial sum_range(const StateTerms& terms, std::uint64_t first, std::uint64_t last,
                  Index parameters) {
  Partial total;
  total.gradient = Parameters::Zero(parameters);
  for (std::uint64_t at = first; at < last; at += std::uint64_t(block)) {
    const Batch x = states(terms.domain(), at, std::min(block, Index(last - at)));
    const Row log_weights = terms.log_weights(x);
    if (log_weights.isNaN().any()) throw Diverged("an energy is NaN in the exact sum");
    Partial part;
    part.highest = log_weights.maxCoeff();
    part.gradient = Parameters::Zero(parameters);
    if (part.highest > 0 && std::isinf(part.highest))
      throw Diverged("an energy is -infinite in the exact sum");
    if (std::isinf(part.highest)) continue;
    const Row weights = (log_weights - part.highest).exp();
    part.sum = weights.sum();
    if (parameters > 0) terms.gradient(x, weights, part.gradient);
    total.add(std::move(part));
  }
  return total;
}

}  // namespace

Batch states(const Domain& domain, std::uint64_t first, Index count) {
  Batch x(domain.dim(), count);
  for (Index n = 0; n < count; ++n) {
    std::uint64_t rest = first + std::uint64_t(n);
    Index i = 0;
    for (const auto& part : domain.parts)
      for (Index k = 0; k < part.count; ++k, ++i) {
        const auto levels = std::uint64_t(part.levels);
        const Real digit = Real(levels == 2 ? rest & 1 : rest % levels);  // a division is slow
        rest = levels == 2 ? rest >> 1 : rest / levels;
        x(i, n) = part.kind == Domain::Kind::spin ? 2 * digit - 1 : digit;
      }
  }
  return x;
}

std::string exact_method(const EnergyModel& model, ExactLimit limit) {
  const auto* normalized = model.capability<Normalized>();
  if (normalized != nullptr && normalized->log_partition(1)) return "closed_form";
  return summation_method(model, limit);
}

ExactSum exact_sum(const EnergyModel& model, const Workers& workers, bool with_gradient,
                   ExactLimit limit) {
  ExactSum result{
      .method = exact_method(model, limit), .log_partition = 0, .expected_gradient = {}};
  const auto* parametric = model.capability<Parametric>();
  const Index parameters =
      with_gradient && parametric != nullptr ? parametric->parameters().size() : 0;
  if (result.method == "closed_form") {
    const auto& closed = *model.capability<Normalized>();
    result.log_partition = *closed.log_partition(1);
    result.expected_gradient = Parameters::Zero(parameters);
    if (parameters == 0 || closed.expected_parameter_gradient(1, result.expected_gradient))
      return result;
    throw Error("the model has no closed form for the mean of its parameter gradient");
  }
  if (result.method.empty()) {
    const double states = model.domain().log_states() / std::numbers::ln2;
    const auto* latent = model.capability<Latent>();
    std::string text = "2^" + number_text(std::round(states)) + " states";
    if (latent != nullptr)
      text += " and 2^" +
              number_text(std::round(latent->hidden().log_states() / std::numbers::ln2)) +
              " hidden states";
    throw Error("the exact sum needs a closed form or at most 2^" +
                number_text(limit.max_log2_states) + " states, got " + text);
  }
  const auto terms = state_terms(model, result.method);
  const std::uint64_t count = terms->count();
  // The cut into tasks depends on the number of states alone, so sums do not depend on threads.
  const Index tasks = Index(std::min<std::uint64_t>(64, (count + block - 1) / block));
  const std::uint64_t share = (count + std::uint64_t(tasks) - 1) / std::uint64_t(tasks);
  std::vector<Partial> parts(static_cast<std::size_t>(tasks));
  workers.run(tasks, [&](Index t) {
    const std::uint64_t first = std::uint64_t(t) * share;
    parts[std::size_t(t)] = sum_range(*terms, first, std::min(count, first + share), parameters);
  });
  Partial total;
  total.gradient = Parameters::Zero(parameters);
  for (Partial& part : parts) total.add(std::move(part));
  result.log_partition = total.highest + std::log(total.sum);
  result.expected_gradient = total.gradient / total.sum;
  return result;
}

}  // namespace gibbsite
