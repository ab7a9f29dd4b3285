#include "gibbsite/api/coupled_gibbs.hpp"

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

// Replaces y by a draw from q that is coupled to x ~ p; natural parameters of all three's units.
void couple(const Domain& units, const BatchView& p, const BatchView& q, const BatchView& x,
            Eigen::Ref<Batch> y, Stream random) {
  const double log_zp = log_partition(units, p)(0), log_zq = log_partition(units, q)(0);
  const auto log_ratio = [&](const BatchView& at) {  // ln q - ln p
    return natural_energy(units, q, at)(0) - log_zq - (natural_energy(units, p, at)(0) - log_zp);
  };
  if (accept(log_ratio(x), random)) {
    y = x;
    return;
  }
  do sample(units, q, random, y);
  while (accept(-log_ratio(y), random));
}

Batch chosen(const Batch& all, std::span<const Index> columns) {
  Batch out(all.rows(), Index(columns.size()));
  for (std::size_t k = 0; k < columns.size(); ++k) out.col(Index(k)) = all.col(columns[k]);
  return out;
}

}  // namespace

CoupledGibbs::CoupledGibbs(const EnergyModel& model, const std::string& subject)
    : domain_(model.domain()),
      latent_(model.capability<Latent>()),
      conditional_(model.capability<Conditional>()) {
  if (latent_ != nullptr && !latent_->hidden().is_discrete()) latent_ = nullptr;
  if (!domain_.is_discrete() || (latent_ == nullptr && conditional_ == nullptr))
    throw Error(subject +
                ": needs a model on discrete coordinates with discrete hidden units or "
                "conditional laws, got " +
                domain_.text());
  if (latent_ == nullptr) sets_ = conditional_->independent_sets();
  if (latent_ == nullptr && sets_.empty())
    for (const Index i : all_sites(domain_.dim())) sets_.push_back({i});
}

void CoupledGibbs::step(Batch& x, Batch& y, std::span<const Index> together, Stream random) const {
  const Stream second = random.split("second");
  if (latent_ != nullptr) return move_layers(x, y, together, random, second);
  for (std::size_t k = 0; k < sets_.size(); ++k)
    move_sites(sets_[k], x, y, together, random, second.split(k));
}

void CoupledGibbs::move_layers(Batch& x, Batch& y, std::span<const Index> together, Stream& random,
                               const Stream& second) const {
  const Domain& hidden = latent_->hidden();
  const Index pairs = Index(together.size());
  Batch p, q, h(hidden.dim(), x.cols()), g(hidden.dim(), pairs);
  latent_->hidden_natural(x, p);
  if (pairs > 0) latent_->hidden_natural(chosen(y, together), q);
  sample(hidden, p, random, h);
  for (Index a = 0; a < pairs; ++a) {
    const Index c = together[std::size_t(a)];
    couple(hidden, p.col(c), q.col(a), h.col(c), g.col(a), second.split(0).chains_from(c));
  }
  latent_->visible_natural(h, p);
  if (pairs > 0) latent_->visible_natural(g, q);
  sample(domain_, p, random, x);
  for (Index a = 0; a < pairs; ++a) {
    const Index c = together[std::size_t(a)];
    couple(domain_, p.col(c), q.col(a), x.col(c), y.col(c), second.split(1).chains_from(c));
  }
}

void CoupledGibbs::move_sites(const std::vector<Index>& sites, Batch& x, Batch& y,
                              std::span<const Index> together, Stream& random,
                              const Stream& second) const {
  Batch p, q, fresh(Index(sites.size()), x.cols());
  conditional_->natural(sites, x, p);
  if (!together.empty()) conditional_->natural(sites, chosen(y, together), q);
  sample(domain_.select(sites), p, random, fresh);
  for (std::size_t k = 0; k < sites.size(); ++k) x.row(sites[k]) = fresh.row(Index(k));
  Index row = 0;
  for (std::size_t k = 0; k < sites.size(); ++k) {
    const Domain unit = domain_.select(std::span(&sites[k], 1));
    const Index rows = natural_rows(unit);
    for (Index a = 0; a < Index(together.size()); ++a) {
      const Index c = together[std::size_t(a)];
      couple(unit, p.block(row, c, rows, 1), q.block(row, a, rows, 1), x.block(sites[k], c, 1, 1),
             y.block(sites[k], c, 1, 1), second.split(k).chains_from(c));
    }
    row += rows;
  }
}

}  // namespace gibbsite
