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
      throw Error("a sum of energies needs equal domains, got " + domain().text() + " and " + model.domain().text());
    if (const Latent* latent = model.capability<Latent>()) {
      latent_possible = latent_possible && latent_ == nullptr;
      latent_ = latent;
      latent_part_ = k;
    } else if (dynamic_cast<const Independent*>(&model) == nullptr) {
      latent_possible = false;
    }
  }
  if (!latent_possible) latent_ = nullptr;
}

void WeightedSum::set_weights(const std::vector<double>& weights) {
  for (std::size_t k = 0; k < parts_.size(); ++k) parts_[k].weight = weights[k];
}

bool WeightedSum::offers(std::string_view capability) const {
  const auto every = [&](auto has) { return std::all_of(parts_.begin(), parts_.end(), has); };
  // The parts give gradients, conditionals and ln Z of their free energies, not those of a sum that
  // is weighted in the joint energy.
  if (capability == Differentiable::name)
    return latent_ == nullptr && every([](const Part& p) { return p.model->capability<Differentiable>() != nullptr; });
  if (capability == Conditional::name)
    return latent_ == nullptr && every([](const Part& p) { return p.model->capability<Conditional>() != nullptr; });
  if (capability == Latent::name) return latent_ != nullptr;
  if (capability == Parametric::name)
    return std::any_of(parts_.begin(), parts_.end(), [](const Part& p) { return p.model->capability<Parametric>() != nullptr; });
  if (capability == Normalized::name)
    return latent_ == nullptr && parts_.size() == 1 && parts_[0].model->capability<Normalized>() != nullptr;
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
  latent_->hidden_natural(v, natural);
  natural *= Real(parts_[latent_part_].weight);
}

void WeightedSum::do_visible_natural(const BatchView& h, Batch& natural) const {
  latent_->visible_natural(h, natural);
  natural *= Real(parts_[latent_part_].weight);
  for (std::size_t k = 0; k < parts_.size(); ++k)
    if (k != latent_part_)
      natural.colwise() += Real(parts_[k].weight) *
                           dynamic_cast<const Independent*>(parts_[k].model)->natural_parameters();
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

void WeightedSum::do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const {
  Batch part;
  for (std::size_t k = 0; k < parts_.size(); ++k) {
    parts_[k].model->capability<Conditional>()->natural(sites, x, part);
    if (k == 0)
      natural = Real(parts_[k].weight) * part;
    else
      natural += Real(parts_[k].weight) * part;
  }
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
      const bool taken = std::any_of(all.begin(), all.end(), [&](const auto& b) { return b.name == block.name; });
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

void WeightedSum::do_parameter_gradient(const BatchView& x, const Row& weights, Parameters& out) const {
  if (latent_ != nullptr) {
    // ∂F/∂θ = w E[∂E(v, h)/∂θ | v] with h under the weighted law, not the part's own.
    Batch natural;
    Latent::hidden_natural(x, natural);
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
  if (!parts_[0].model->capability<Normalized>()->expected_parameter_gradient(beta * weight, part)) return false;
  out += weight * part;
  return true;
}

Clamped::Clamped(EnergyModel& model, std::vector<Index> sites, Vector values)
    : model_(model), latent_(model.capability<Latent>()), clamped_(std::move(sites)), values_(std::move(values)) {
  if (Index(clamped_.size()) != values_.size())
    throw Error("clamp: needs as many values as coordinates, got " + std::to_string(values_.size()) + " and " + std::to_string(clamped_.size()));
  std::vector<bool> held(static_cast<std::size_t>(model.dim()), false);
  for (const Index i : clamped_) {
    if (i < 0 || i >= model.dim())
      throw Error("clamp: coordinate must be in [0, " + std::to_string(model.dim() - 1) + "], got " + std::to_string(i));
    if (held[std::size_t(i)]) throw Error("clamp: coordinate " + std::to_string(i) + " is given twice");
    held[std::size_t(i)] = true;
  }
  for (Index i = 0; i < model.dim(); ++i)
    if (!held[std::size_t(i)]) free_.push_back(i);
  if (free_.empty()) throw Error("clamp: no coordinate is left free");
  require_inside(model.domain().select(clamped_), values_);
  domain_ = model.domain().select(free_);
}

Batch Clamped::embed(const BatchView& free) const {
  Batch whole(model_.dim(), free.cols());
  for (std::size_t k = 0; k < free_.size(); ++k) whole.row(free_[k]) = free.row(Index(k));
  for (std::size_t k = 0; k < clamped_.size(); ++k) whole.row(clamped_[k]).setConstant(values_(Index(k)));
  return whole;
}

Batch Clamped::restrict(const BatchView& whole) const {
  Batch free(Index(free_.size()), whole.cols());
  for (std::size_t k = 0; k < free_.size(); ++k) free.row(Index(k)) = whole.row(free_[k]);
  return free;
}

bool Clamped::offers(std::string_view capability) const {
  if (capability == Differentiable::name)
    return model_.capability<Differentiable>() != nullptr && domain_.all(Domain::Kind::real);
  if (capability == Conditional::name) return model_.capability<Conditional>() != nullptr;
  return capability == Latent::name && latent_ != nullptr;
}

void Clamped::do_energy(const BatchView& x, Row& energy) const { model_.energy(embed(x), energy); }

void Clamped::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  Batch whole;
  model_.capability<Differentiable>()->energy_and_gradient(embed(x), energy, whole);
  gradient = restrict(whole);
}

std::vector<std::vector<Index>> Clamped::independent_sets() const {
  std::vector<Index> position(static_cast<std::size_t>(model_.dim()), -1);
  for (std::size_t k = 0; k < free_.size(); ++k) position[std::size_t(free_[k])] = Index(k);
  std::vector<std::vector<Index>> sets;
  for (const auto& whole : model_.capability<Conditional>()->independent_sets()) {
    std::vector<Index> set;
    for (const Index i : whole)
      if (position[std::size_t(i)] >= 0) set.push_back(position[std::size_t(i)]);
    if (!set.empty()) sets.push_back(std::move(set));
  }
  return sets;
}

void Clamped::do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const {
  std::vector<Index> whole;
  for (const Index k : sites) whole.push_back(free_[std::size_t(k)]);
  model_.capability<Conditional>()->natural(whole, embed(x), natural);
}

void Clamped::visible_energy(const BatchView& v, Row& energy) const {
  latent_->visible_energy(embed(v), energy);
}

void Clamped::do_hidden_natural(const BatchView& v, Batch& natural) const {
  latent_->hidden_natural(embed(v), natural);
}

void Clamped::do_visible_natural(const BatchView& h, Batch& natural) const {
  Batch whole;
  latent_->visible_natural(h, whole);
  Index row = 0, kept = 0;
  natural.resize(natural_rows(domain_), h.cols());
  std::size_t next = 0;
  for (Index i = 0; i < model_.dim(); ++i) {
    const Index site[] = {i};
    const Index rows = natural_rows(model_.domain().select(site));
    if (next < free_.size() && free_[next] == i) {
      natural.middleRows(kept, rows) = whole.middleRows(row, rows);
      kept += rows;
      ++next;
    }
    row += rows;
  }
}

}  // namespace gibbsite
