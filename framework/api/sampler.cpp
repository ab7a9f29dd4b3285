#include "gibbsite/api/sampler.hpp"

#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {

Chains Sampler::init(Batch x) const {
  Chains chains;
  chains.x = std::move(x);
  chains.statistics = Table::Zero(Index(statistics().size()), chains.x.cols());
  do_init(chains);
  do_refresh(chains);
  return chains;
}

namespace {

// Calls visit(array of whole, array of part) for the arrays that have columns.
template <class Visit>
void each_array(auto& whole, auto& part, Visit visit) {
  visit(whole.x, part.x);
  visit(whole.energy, part.energy);
  visit(whole.gradient, part.gradient);
  visit(whole.aux, part.aux);
  visit(whole.tuning, part.tuning);
  visit(whole.statistics, part.statistics);
}

}  // namespace

Chains columns(const Chains& chains, Index first, Index count) {
  Chains part;
  each_array(chains, part, [&](const auto& from, auto& to) {
    if (from.cols() > 0) to = from.middleCols(first, count);
  });
  for (const Chains& inner : chains.nested) {
    const Index each = inner.x.cols() / chains.x.cols();
    part.nested.push_back(columns(inner, first * each, count * each));
  }
  return part;
}

void set_columns(Chains& chains, Index first, const Chains& part) {
  each_array(chains, part, [&](auto& to, const auto& from) {
    if (from.cols() > 0) to.middleCols(first, from.cols()) = from;
  });
  for (std::size_t k = 0; k < chains.nested.size(); ++k) {
    const Index each = chains.nested[k].x.cols() / chains.x.cols();
    set_columns(chains.nested[k], first * each, part.nested[k]);
  }
}

namespace {

// The numbers of the `each` inner chains that belong to each of the chosen ones.
std::vector<Index> inner_chains(std::span<const Index> chosen, Index each) {
  std::vector<Index> all;
  for (const Index c : chosen)
    for (Index k = 0; k < each; ++k) all.push_back(c * each + k);
  return all;
}

}  // namespace

Chains columns(const Chains& chains, std::span<const Index> chosen) {
  Chains part;
  each_array(chains, part, [&](const auto& from, auto& to) {
    if (from.cols() == 0) return;
    to.resize(from.rows(), Index(chosen.size()));
    for (std::size_t k = 0; k < chosen.size(); ++k) to.col(Index(k)) = from.col(chosen[k]);
  });
  for (const Chains& inner : chains.nested)
    part.nested.push_back(columns(inner, inner_chains(chosen, inner.x.cols() / chains.x.cols())));
  return part;
}

void set_columns(Chains& chains, std::span<const Index> chosen, const Chains& part) {
  each_array(chains, part, [&](auto& to, const auto& from) {
    if (from.cols() == 0) return;
    for (std::size_t k = 0; k < chosen.size(); ++k) to.col(chosen[k]) = from.col(Index(k));
  });
  for (std::size_t k = 0; k < chains.nested.size(); ++k)
    set_columns(chains.nested[k], inner_chains(chosen, chains.nested[k].x.cols() / chains.x.cols()),
                part.nested[k]);
}

Row metropolis(Chains& now, const Chains& proposal, const Row& log_ratio, Stream& random) {
  if (proposal.x.rows() != now.x.rows() || proposal.x.cols() != now.x.cols() ||
      log_ratio.size() != now.x.cols())
    throw Error("metropolis: proposal and log_ratio must have a column for each of the " +
                std::to_string(now.x.cols()) + " chains, got " + std::to_string(proposal.x.rows()) +
                " x " + std::to_string(proposal.x.cols()) + " and " +
                std::to_string(log_ratio.size()));
  Row accepted = Row::Zero(now.x.cols());
  for (Index c = 0; c < now.x.cols(); ++c) {
    Stream own = random.chains_from(c);
    if (!accept(log_ratio(c), own)) continue;
    accepted(c) = 1;
    now.x.col(c) = proposal.x.col(c);
    if (now.energy.size() > 0) now.energy(c) = proposal.energy(c);
    if (now.gradient.size() > 0) now.gradient.col(c) = proposal.gradient.col(c);
  }
  random.skip();
  return accepted;
}

}  // namespace gibbsite
