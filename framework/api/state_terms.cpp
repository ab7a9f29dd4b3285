#include "gibbsite/api/state_terms.hpp"

#include <cmath>
#include <numbers>

namespace gibbsite {
namespace {

class VisibleTerms final : public StateTerms {
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
class HiddenTerms final : public StateTerms {
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

}  // namespace

std::uint64_t StateTerms::count() const {
  return std::uint64_t(std::llround(std::exp(domain().log_states())));
}

std::string summation_method(const EnergyModel& model, ExactLimit limit) {
  const double most = limit.max_log2_states * std::numbers::ln2 + 1e-9;
  const auto* latent = model.capability<Latent>();
  const double visible = model.domain().log_states();
  const double hidden = latent == nullptr ? visible : latent->hidden().log_states();
  if (latent != nullptr && hidden <= most && hidden < visible) return "hidden_sum";
  return visible <= most ? "enumeration" : "";
}

std::unique_ptr<StateTerms> state_terms(const EnergyModel& model, const std::string& method) {
  if (method == "hidden_sum") return std::make_unique<HiddenTerms>(model);
  return std::make_unique<VisibleTerms>(model);
}

}  // namespace gibbsite
