#include "gibbsite/api/compose.hpp"

#include <algorithm>

#include "gibbsite/core/error.hpp"

namespace gibbsite {

WeightedSum::WeightedSum(std::vector<Part> parts) : parts_(std::move(parts)) {
  if (parts_.empty()) throw Error("a sum of energies needs at least one part");
  bool latent_possible = true;
  for (std::size_t k = 0; k < parts_.size(); ++k) {
    EnergyModel& model = *parts_[k].model;
    if (model.domain() != domain())
      throw Error("a sum of energies needs equal domains, got " + domain().text() + " and " +
                  model.domain().text());
    if (const Latent* latent = model.capability<Latent>()) {
      // Weight 0, where annealing starts, leaves real hidden units without a law.
      latent_possible = latent_possible && latent_ == nullptr && latent->hidden().is_discrete();
      latent_ = latent;
      latent_part_ = k;
    } else if (model.capability<Factorized>() == nullptr) {
      latent_possible = false;
    }
  }
  if (!latent_possible) latent_ = nullptr;
}

namespace {

bool has_two_states(const Domain& domain) {
  return std::all_of(domain.parts.begin(), domain.parts.end(),
                     [](const Domain::Part& p) { return p.levels == 2; });
}

}  // namespace

void WeightedSum::set_weights(const std::vector<double>& weights) {
  for (std::size_t k = 0; k < parts_.size(); ++k) parts_[k].weight = weights[k];
}

bool WeightedSum::offers(std::string_view capability) const {
  const auto every = [&](auto has) { return std::all_of(parts_.begin(), parts_.end(), has); };
  // The parts give gradients, conditionals and ln Z of their free energies, not those of a sum that
  // is weighted in the joint energy; conditionals of discrete units follow from its energies.
  if (capability == Differentiable::name)
    return latent_ == nullptr &&
           every([](const Part& p) { return p.model->capability<Differentiable>() != nullptr; });
  if (capability == Conditional::name)
    return latent_ != nullptr
               ? domain().is_discrete()
               : every([](const Part& p) { return p.model->capability<Conditional>() != nullptr; });
  if (capability == DiscreteGradient::name)
    return latent_ != nullptr ? domain().is_discrete() && has_two_states(hidden())
                              : every([](const Part& p) {
                                  return p.model->capability<DiscreteGradient>() != nullptr;
                                });
  if (capability == Pairwise::name)
    return latent_ == nullptr &&
           every([](const Part& p) { return p.model->capability<Pairwise>() != nullptr; });
  if (capability == Latent::name) return latent_ != nullptr;
  if (capability == PartlyObserved::name)
    return latent_ != nullptr &&
           parts_[latent_part_].model->capability<PartlyObserved>() != nullptr;
  if (capability == Parametric::name)
    return std::any_of(parts_.begin(), parts_.end(),
                       [](const Part& p) { return p.model->capability<Parametric>() != nullptr; });
  if (capability == Normalized::name)
    return latent_ == nullptr && parts_.size() == 1 &&
           parts_[0].model->capability<Normalized>() != nullptr;
  return false;
}

void WeightedSum::do_energy(const BatchView& x, Row& energy) const {
  if (latent_ != nullptr) {
    visible_energy(x, energy);
    Batch natural;
    latent_->hidden_natural(x, natural);
    energy -= gibbsite::log_partition(hidden(), natural, parts_[latent_part_].weight);
    return;
  }
  energy.setZero();
  Row part;
  for (const Part& p : parts_) {
    if (p.weight == 0) continue;  // an infinite energy of weight 0 does not count
    p.model->energy(x, part);
    energy += p.weight * part;
  }
}

Row WeightedSum::energy_difference(const BatchView& x, const std::vector<double>& weights_from,
                                   const std::vector<double>& weights_to) const {
  Row difference = Row::Zero(x.cols()), part;
  for (std::size_t k = 0; k < parts_.size(); ++k) {
    const double step = weights_from[k] - weights_to[k];
    if (step == 0) continue;
    if (latent_ != nullptr && k == latent_part_) {
      latent_->visible_energy(x, part);
      difference += step * part;
      Batch natural;
      latent_->hidden_natural(x, natural);
      difference += gibbsite::log_partition(hidden(), natural, weights_to[k]) -
                    gibbsite::log_partition(hidden(), natural, weights_from[k]);
      if (shared_) *shared_ = {x, std::move(natural)};
    } else {
      parts_[k].model->energy(x, part);
      difference += step * part;
    }
  }
  return difference;
}

void WeightedSum::visible_energy(const BatchView& v, Row& energy) const {
  energy = Row::Zero(v.cols());
  Row part;
  for (const Part& p : parts_) {
    if (p.model->capability<Latent>() == latent_)
      latent_->visible_energy(v, part);
    else
      p.model->energy(v, part);
    energy += p.weight * part;
  }
}

void WeightedSum::do_hidden_natural(const BatchView& v, Batch& natural) const {
  if (shared_ && shared_->x.cols() == v.cols() && shared_->x == v)
    natural = shared_->natural;
  else
    latent_->hidden_natural(v, natural);
  natural *= Real(parts_[latent_part_].weight);
}

void WeightedSum::do_visible_natural(const BatchView& h, Batch& natural) const {
  latent_->visible_natural(h, natural);
  natural *= Real(parts_[latent_part_].weight);
  for (std::size_t k = 0; k < parts_.size(); ++k)
    if (k != latent_part_)
      natural.colwise() +=
          Real(parts_[k].weight) * parts_[k].model->capability<Factorized>()->natural_parameters();
}

void WeightedSum::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  energy.setZero();
  gradient.setZero();
  Row part;
  Batch part_gradient;
  for (const Part& p : parts_) {
    if (p.weight == 0) continue;
    p.model->capability<Differentiable>()->energy_and_gradient(x, part, part_gradient);
    energy += p.weight * part;
    gradient += Real(p.weight) * part_gradient;
  }
}

std::vector<std::vector<Index>> WeightedSum::independent_sets() const {
  if (latent_ != nullptr) return {};
  std::vector<std::vector<Index>> sets;
  bool first = true;
  for (const Part& p : parts_) {
    auto own = p.model->capability<Conditional>()->independent_sets();
    if (own.size() == 1) continue;  // independent units do not restrict the others
    if (!first && own != sets) return {};
    sets = std::move(own);
    first = false;
  }
  return first ? parts_[0].model->capability<Conditional>()->independent_sets() : sets;
}

void WeightedSum::do_natural(std::span<const Index> sites, const BatchView& x,
                             Batch& natural) const {
  if (latent_ != nullptr) {
    // With an energy that is a sum over hidden units, the conditionals of the parts do not add.
    return natural_from_energies(sites, x, natural);
  }
  Batch part;
  for (std::size_t k = 0; k < parts_.size(); ++k) {
    parts_[k].model->capability<Conditional>()->natural(sites, x, part);
    if (k == 0)
      natural = Real(parts_[k].weight) * part;
    else
      natural += Real(parts_[k].weight) * part;
  }
}

void WeightedSum::do_energy_and_local_natural(const BatchView& x, Row& energy,
                                              Batch& natural) const {
  if (latent_ != nullptr) return free_energy_and_local_natural(x, energy, natural);
  energy.setZero();
  natural = Batch::Zero(natural_rows(domain()), x.cols());
  Row part;
  Batch part_natural;
  for (const Part& p : parts_) {
    if (p.weight == 0) continue;
    p.model->capability<DiscreteGradient>()->energy_and_local_natural(x, part, part_natural);
    energy += p.weight * part;
    natural += Real(p.weight) * part_natural;
  }
}

void WeightedSum::count_site_updates(Index count) const {
  Pairwise::count_site_updates(count);
  for (const Part& p : parts_) p.model->capability<Pairwise>()->count_site_updates(count);
}

PairwiseGraph WeightedSum::graph() const {
  PairwiseGraph sum = graph_of_units(domain(), Vector::Zero(natural_rows(domain())));
  for (const Part& p : parts_) {
    if (p.weight == 0) continue;
    PairwiseGraph part = p.model->capability<Pairwise>()->graph();
    sum.constant += p.weight * part.constant;
    for (std::size_t i = 0; i < sum.sites.size(); ++i) sum.sites[i] += p.weight * part.sites[i];
    for (PairwiseGraph::Edge& edge : part.edges) {
      edge.energy *= p.weight;
      sum.edges.push_back(std::move(edge));
    }
  }
  return sum;
}

const PartlyObserved& WeightedSum::partly_observed() const {
  return *parts_[latent_part_].model->capability<PartlyObserved>();
}

template <class Visit>
void WeightedSum::each_parametric(Visit visit) const {
  Index first = 0;
  for (const Part& p : parts_)
    if (auto* parametric = p.model->capability<Parametric>()) {
      visit(p, *parametric, first);
      first += parametric->parameters().size();
    }
}

std::vector<ParameterBlock> WeightedSum::blocks() const {
  std::vector<ParameterBlock> all;
  each_parametric([&](const Part& p, Parametric& own, Index) {
    const auto number = std::size_t(&p - parts_.data());
    for (ParameterBlock block : own.blocks()) {
      const bool taken =
          std::any_of(all.begin(), all.end(), [&](const auto& b) { return b.name == block.name; });
      if (taken) block.name += "_" + std::to_string(number + 1);
      all.push_back(std::move(block));
    }
  });
  return all;
}

Parameters WeightedSum::parameters() const {
  Parameters all;
  each_parametric([&](const Part&, Parametric& own, Index first) {
    const Parameters theta = own.parameters();
    all.conservativeResize(first + theta.size());
    all.tail(theta.size()) = theta;
  });
  return all;
}

void WeightedSum::set_parameters(const Parameters& theta) {
  each_parametric([&](const Part&, Parametric& own, Index first) {
    own.set_parameters(theta.segment(first, own.parameters().size()));
  });
}

void WeightedSum::do_parameter_gradient(const BatchView& x, const Row& weights,
                                        Parameters& out) const {
  if (latent_ != nullptr) {
    // ∂F/∂θ = w E[∂E(v, h)/∂θ | v] with h under the weighted law, not the part's own.
    Batch natural;
    do_hidden_natural(x, natural);
    latent_->gradient_over_hidden(x, natural, parts_[latent_part_].weight * weights, out);
    return;
  }
  each_parametric([&](const Part& p, Parametric& own, Index first) {
    Parameters part = Parameters::Zero(own.parameters().size());
    own.parameter_gradient(x, p.weight * weights, part);
    out.segment(first, part.size()) += part;
  });
}

void WeightedSum::gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural,
                                       const Row& weights, Parameters& out) const {
  latent_->gradient_over_hidden(v, hidden_natural, parts_[latent_part_].weight * weights, out);
}

void WeightedSum::gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                                        const Row& weights, Parameters& out) const {
  latent_->gradient_over_visible(visible_natural, h, parts_[latent_part_].weight * weights, out);
}

std::optional<double> WeightedSum::log_partition(double beta) const {
  return parts_[0].model->capability<Normalized>()->log_partition(beta * parts_[0].weight);
}

bool WeightedSum::expected_parameter_gradient(double beta, Parameters& out) const {
  const double weight = parts_[0].weight;
  Parameters part = Parameters::Zero(out.size());
  if (!parts_[0].model->capability<Normalized>()->expected_parameter_gradient(beta * weight, part))
    return false;
  out += weight * part;
  return true;
}

}  // namespace gibbsite
