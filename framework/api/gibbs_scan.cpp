#include "gibbsite/api/gibbs_scan.hpp"

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

double log_law(const Domain& domain, const Batch& natural, const Batch& x) {
  return natural_energy(domain, natural, x)(0) - log_partition(domain, natural)(0);
}

}  // namespace

GibbsScan::GibbsScan(const EnergyModel& model, const std::string& subject)
    : model_(model),
      latent_(model.capability<Latent>()),
      conditional_(model.capability<Conditional>()) {
  if (latent_ != nullptr) return;
  if (conditional_ == nullptr)
    throw Error(subject + ": needs a model with a hidden layer or conditional laws");
  sets_ = conditional_->independent_sets();
  if (sets_.empty())
    for (const Index i : all_sites(model_.dim())) sets_.push_back({i});
}

GibbsScan::State GibbsScan::at(Batch x, Stream random) const {
  State out{std::move(x), {}};
  if (latent_ != nullptr) draw_hidden(out, random);
  return out;
}

double GibbsScan::log_weight(const State& at) const {
  Row energy;
  if (latent_ == nullptr) {
    model_.energy(at.x, energy);
    return -energy(0);
  }
  Batch natural;
  latent_->visible_energy(at.x, energy);
  latent_->hidden_natural(at.x, natural);
  return natural_energy(latent_->hidden(), natural, at.h)(0) - energy(0);
}

void GibbsScan::forwards(State& now, Stream random) const {
  for (const auto& sites : sets_) draw(now, sites, random);
  if (latent_ == nullptr) return;
  draw_hidden(now, random);
  draw_visible(now, random);
}

void GibbsScan::backwards(State& now, Stream random) const {
  for (auto sites = sets_.rbegin(); sites != sets_.rend(); ++sites) draw(now, *sites, random);
  if (latent_ == nullptr) return;
  draw_visible(now, random);
  draw_hidden(now, random);
}

double GibbsScan::log_transition(const State& to, const State& from) const {
  Batch natural;
  if (latent_ != nullptr) {
    latent_->hidden_natural(from.x, natural);
    const double hidden = log_law(latent_->hidden(), natural, to.h);
    latent_->visible_natural(to.h, natural);
    return hidden + log_law(model_.domain(), natural, to.x);
  }
  Batch x = from.x;
  double sum = 0;
  for (const auto& sites : sets_) {
    conditional_->natural(sites, x, natural);
    x(sites, Eigen::all) = to.x(sites, Eigen::all);
    sum += log_law(model_.domain().select(sites), natural, x(sites, Eigen::all));
  }
  return sum;
}

void GibbsScan::draw(State& now, const std::vector<Index>& sites, Stream& random) const {
  Batch natural, fresh(Index(sites.size()), 1);
  conditional_->natural(sites, now.x, natural);
  sample(model_.domain().select(sites), natural, random, fresh);
  now.x(sites, Eigen::all) = fresh;
}

void GibbsScan::draw_hidden(State& now, Stream& random) const {
  Batch natural;
  latent_->hidden_natural(now.x, natural);
  now.h.resize(latent_->hidden().dim(), 1);
  sample(latent_->hidden(), natural, random, now.h);
}

void GibbsScan::draw_visible(State& now, Stream& random) const {
  Batch natural;
  latent_->visible_natural(now.h, natural);
  sample(model_.domain(), natural, random, now.x);
}

}  // namespace gibbsite
