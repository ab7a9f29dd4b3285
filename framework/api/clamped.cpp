#include "gibbsite/api/compose.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {

Clamped::Clamped(EnergyModel& model, std::vector<Index> sites, Vector values)
    : model_(model),
      latent_(model.capability<Latent>()),
      clamped_(std::move(sites)),
      values_(std::move(values)) {
  if (Index(clamped_.size()) != values_.size())
    throw Error("clamp: needs as many values as coordinates, got " +
                std::to_string(values_.size()) + " and " + std::to_string(clamped_.size()));
  std::vector<bool> held(static_cast<std::size_t>(model.dim()), false);
  for (const Index i : clamped_) {
    if (i < 0 || i >= model.dim())
      throw Error("clamp: coordinate must be in [0, " + std::to_string(model.dim() - 1) +
                  "], got " + std::to_string(i));
    if (held[std::size_t(i)])
      throw Error("clamp: coordinate " + std::to_string(i) + " is given twice");
    held[std::size_t(i)] = true;
  }
  for (Index i = 0; i < model.dim(); ++i)
    if (!held[std::size_t(i)]) free_.push_back(i);
  if (free_.empty()) throw Error("clamp: no coordinate is left free");
  require_inside(model.domain().select(clamped_), values_);
  domain_ = model.domain().select(free_);
  Index row = 0;
  for (Index i = 0; i < model.dim(); ++i) {
    const Index site[] = {i};
    const Index rows = natural_rows(model.domain().select(site));
    for (Index r = row; r < row + rows; ++r)
      if (!held[std::size_t(i)]) free_rows_.push_back(r);
    row += rows;
  }
}

Batch Clamped::embed(const BatchView& free) const {
  Batch whole(model_.dim(), free.cols());
  for (std::size_t k = 0; k < free_.size(); ++k) whole.row(free_[k]) = free.row(Index(k));
  for (std::size_t k = 0; k < clamped_.size(); ++k)
    whole.row(clamped_[k]).setConstant(values_(Index(k)));
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
  if (capability == Conditional::name)
    return model_.capability<Conditional>() != nullptr || domain_.is_discrete();
  if (capability == DiscreteGradient::name) return model_.capability<DiscreteGradient>() != nullptr;
  if (capability == Pairwise::name) return model_.capability<Pairwise>() != nullptr;
  return capability == Latent::name && latent_ != nullptr;
}

void Clamped::do_energy(const BatchView& x, Row& energy) const { model_.energy(embed(x), energy); }

void Clamped::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  Batch whole;
  model_.capability<Differentiable>()->energy_and_gradient(embed(x), energy, whole);
  gradient = restrict(whole);
}

std::vector<std::vector<Index>> Clamped::independent_sets() const {
  const auto* conditional = model_.capability<Conditional>();
  if (conditional == nullptr) return {};
  std::vector<Index> position(static_cast<std::size_t>(model_.dim()), -1);
  for (std::size_t k = 0; k < free_.size(); ++k) position[std::size_t(free_[k])] = Index(k);
  std::vector<std::vector<Index>> sets;
  for (const auto& whole : conditional->independent_sets()) {
    std::vector<Index> set;
    for (const Index i : whole)
      if (position[std::size_t(i)] >= 0) set.push_back(position[std::size_t(i)]);
    if (!set.empty()) sets.push_back(std::move(set));
  }
  return sets;
}

void Clamped::do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const {
  const auto* conditional = model_.capability<Conditional>();
  if (conditional == nullptr) return natural_from_energies(sites, x, natural);
  std::vector<Index> whole;
  for (const Index k : sites) whole.push_back(free_[std::size_t(k)]);
  conditional->natural(whole, embed(x), natural);
}

Batch Clamped::free_rows(const Batch& natural) const {
  Batch free(Index(free_rows_.size()), natural.cols());
  for (std::size_t k = 0; k < free_rows_.size(); ++k)
    free.row(Index(k)) = natural.row(free_rows_[k]);
  return free;
}

void Clamped::do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const {
  Batch whole;
  model_.capability<DiscreteGradient>()->energy_and_local_natural(embed(x), energy, whole);
  natural = free_rows(whole);
}

void Clamped::count_site_updates(Index count) const {
  Pairwise::count_site_updates(count);
  model_.capability<Pairwise>()->count_site_updates(count);
}

// Edges to coordinates that are held become terms of their other end.
PairwiseGraph Clamped::graph() const {
  const PairwiseGraph whole = model_.capability<Pairwise>()->graph();
  std::vector<Index> position(whole.sites.size(), -1), state(whole.sites.size(), 0);
  PairwiseGraph graph;
  graph.constant = whole.constant;
  for (std::size_t k = 0; k < free_.size(); ++k) {
    position[std::size_t(free_[k])] = Index(k);
    graph.sites.push_back(whole.sites[std::size_t(free_[k])]);
  }
  for (std::size_t k = 0; k < clamped_.size(); ++k) {
    const Index i = clamped_[k];
    const bool spin = model_.domain().site(i).kind == Domain::Kind::spin;
    state[std::size_t(i)] = spin ? Index(values_(Index(k)) > 0) : Index(values_(Index(k)));
    graph.constant += whole.sites[std::size_t(i)](state[std::size_t(i)]);
  }
  for (const PairwiseGraph::Edge& edge : whole.edges) {
    const Index first = position[std::size_t(edge.first)], k = state[std::size_t(edge.first)];
    const Index second = position[std::size_t(edge.second)], l = state[std::size_t(edge.second)];
    if (first >= 0 && second >= 0)
      graph.edges.push_back({first, second, edge.energy});
    else if (first >= 0)
      graph.sites[std::size_t(first)] += edge.energy.col(l);
    else if (second >= 0)
      graph.sites[std::size_t(second)] += edge.energy.row(k).transpose();
    else
      graph.constant += edge.energy(k, l);
  }
  return graph;
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
  natural = free_rows(whole);
}

}  // namespace gibbsite
