#include "gibbsite/api/enumerate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

constexpr Index block = 256;

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

// The log weights of some states, and their weighted Σ w E[∂E/∂θ].
class Terms {
 public:
  virtual ~Terms() = default;
  virtual const Domain& domain() const = 0;
  virtual Row log_weights(const Batch& states) const = 0;
  virtual void gradient(const Batch& states, const Row& weights, Parameters& out) const = 0;
};

class VisibleTerms final : public Terms {
 public:
  explicit VisibleTerms(const EnergyModel& model) : model_(model) {}
  const Domain& domain() const override { return model_.domain(); }
  Row log_weights(const Batch& states) const override {
    Row energy;
    model_.energy(states, energy);
    return -energy;
  }
  void gradient(const Batch& states, const Row& weights, Parameters& out) const override {
    model_.capability<Parametric>()->parameter_gradient(states, weights, out);
  }

 private:
  const EnergyModel& model_;
};

// ln Σ_v e^{-E(v, h)} = ln Z(ξ(h)) - B(h), and B(h) = A(v₀) - η(v₀)·T(h) + ξ(h)·T(v₀) for any v₀.
class HiddenTerms final : public Terms {
 public:
  explicit HiddenTerms(const EnergyModel& model)
      : model_(model), latent_(*model.capability<Latent>()) {
    origin_ = Batch::Zero(model.dim(), 1);
    Index first = 0;
    for (const auto& part : model.domain().parts) {
      if (part.kind == Domain::Kind::spin) origin_.middleRows(first, part.count).setOnes();
      first += part.count;
      vanishes_ =
          vanishes_ && part.kind != Domain::Kind::spin && part.kind != Domain::Kind::categorical;
    }
    latent_.visible_energy(origin_, energy_);
    latent_.hidden_natural(origin_, natural_);
  }
  const Domain& domain() const override { return latent_.hidden(); }
  Row log_weights(const Batch& h) const override {
    Batch xi;
    latent_.visible_natural(h, xi);
    Row out = log_partition(model_.domain(), xi) - energy_(0) +
              natural_energy(latent_.hidden(), natural_.replicate(1, h.cols()), h);
    if (!vanishes_) out -= natural_energy(model_.domain(), xi, origin_.replicate(1, h.cols()));
    return out;
  }
  void gradient(const Batch& h, const Row& weights, Parameters& out) const override {
    Batch xi;
    latent_.visible_natural(h, xi);
    latent_.gradient_over_visible(xi, h, weights, out);
  }

 private:
  const EnergyModel& model_;
  const Latent& latent_;
  Batch origin_, natural_;  // v₀ and η(v₀)
  bool vanishes_ = true;    // T(v₀) = 0
  Row energy_;
};

std::uint64_t state_count(const Domain& domain) {
  return std::uint64_t(std::llround(std::exp(domain.log_states())));
}

Partial sum_range(const Terms& terms, std::uint64_t first, std::uint64_t last, Index parameters) {
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

std::unique_ptr<Terms> terms_of(const EnergyModel& model, const std::string& method) {
  if (method == "hidden_sum") return std::make_unique<HiddenTerms>(model);
  return std::make_unique<VisibleTerms>(model);
}

// The layer whose states are fewer, where they are not too many.
std::string summation(const EnergyModel& model, ExactLimit limit) {
  const double most = limit.max_log2_states * std::numbers::ln2 + 1e-9;
  const auto* latent = model.capability<Latent>();
  const double visible = model.domain().log_states();
  const double hidden = latent == nullptr ? visible : latent->hidden().log_states();
  if (latent != nullptr && hidden <= most && hidden < visible) return "hidden_sum";
  return visible <= most ? "enumeration" : "";
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
  return summation(model, limit);
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
  const auto terms = terms_of(model, result.method);
  const std::uint64_t count = state_count(terms->domain());
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

Batch exact_draws(const EnergyModel& model, Index count, Stream random) {
  Batch x(model.dim(), count);
  if (const auto* exact = model.capability<Exact>()) {
    exact->draw(random, x);
    return x;
  }
  const ExactLimit limit{.max_log2_states = 20};
  const std::string method = summation(model, limit);
  if (method.empty())
    throw Error("exact draws need a model that offers them or at most 2^20 states");
  const auto terms = terms_of(model, method);
  const Index total = Index(state_count(terms->domain()));
  Eigen::ArrayXd log_weights(total);
  for (Index first = 0; first < total; first += block) {
    const Index size = std::min(block, total - first);
    log_weights.segment(first, size) =
        terms->log_weights(states(terms->domain(), std::uint64_t(first), size)).transpose();
  }
  Eigen::ArrayXd cumulative = (log_weights - log_sum_exp(log_weights)).exp();
  for (Index n = 1; n < total; ++n) cumulative(n) += cumulative(n - 1);
  const Row u = random.uniform(count) * cumulative(total - 1);
  Batch chosen(terms->domain().dim(), count);
  for (Index c = 0; c < count; ++c) {
    const auto at =
        std::upper_bound(cumulative.begin(), cumulative.end(), u(c)) - cumulative.begin();
    chosen.col(c) = states(terms->domain(), std::uint64_t(std::min<Index>(at, total - 1)), 1);
  }
  if (method == "enumeration") return chosen;
  Batch natural;
  model.capability<Latent>()->visible_natural(chosen, natural);
  sample(model.domain(), natural, random, x);
  return x;
}

}  // namespace gibbsite
