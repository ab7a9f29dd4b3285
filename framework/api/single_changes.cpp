#include "gibbsite/api/single_changes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

SingleChanges::SingleChanges(const Domain& domain, const std::string& subject) {
  if (!domain.is_discrete())
    throw Error(subject + ": needs a model on discrete coordinates, got " + domain.text());
  Index row = 0;
  for (const Domain::Part& part : domain.parts)
    for (Index i = 0; i < part.count; ++i) {
      const Index site = sites();
      sites_.push_back({part.kind, part.levels, count(), row});
      for (Index k = 0; k < part.levels; ++k)
        pairs_.push_back({site, part.kind == Domain::Kind::spin ? Real(2 * k - 1) : Real(k)});
      row += part.kind == Domain::Kind::categorical ? part.levels : 1;
    }
}

Index SingleChanges::pair(Index site, Real value) const {
  const Site& unit = sites_[std::size_t(site)];
  return unit.first + (unit.kind == Domain::Kind::spin ? Index(value > 0) : Index(value));
}

Eigen::ArrayXd SingleChanges::log_ratios(const Eigen::Ref<const Vector>& natural,
                                         const Eigen::Ref<const Vector>& x) const {
  Eigen::ArrayXd ratios(count());
  for (Index i = 0; i < sites(); ++i) {
    const Site& unit = sites_[std::size_t(i)];
    const Index present = pair(i, x(i));
    for (Index n = unit.first; n < unit.first + unit.levels; ++n)
      if (n == present)
        ratios(n) = 0;
      else if (unit.kind == Domain::Kind::categorical)
        ratios(n) = double(natural(unit.row + n - unit.first)) -
                    double(natural(unit.row + present - unit.first));
      else
        ratios(n) = double(natural(unit.row)) * double(value(n) - x(i));
  }
  return ratios;
}

Eigen::ArrayXd SingleChanges::log_weights(const Eigen::Ref<const Vector>& natural,
                                          const Eigen::Ref<const Vector>& x,
                                          const std::function<double(double r)>& log_g) const {
  Eigen::ArrayXd weights = log_ratios(natural, x);
  const bool outside = (weights == infinity).any();
  for (double& w : weights)
    if (outside)
      w = w == infinity ? 0 : -infinity;
    else
      w = std::isfinite(w) ? log_g(w) : -infinity;
  for (Index i = 0; i < sites(); ++i) weights(pair(i, x(i))) = -infinity;
  return weights;
}

double SingleChanges::log_probability(const Eigen::ArrayXd& log_weights, Index pair) {
  return log_weights(pair) - log_sum_exp(log_weights);
}

void SingleChanges::exclude(Index site, Eigen::ArrayXd& log_weights) const {
  log_weights.segment(first(site), levels(site)).setConstant(-infinity);
}

Row SingleChanges::step(Chains& now, const Evaluate& evaluate,
                        const std::function<double(double r)>& log_g, Stream& random) const {
  const Index chains = now.x.cols();
  Row log_ratio(chains);
  Chains proposal;
  proposal.x = now.x;
  std::vector<Index> sites(std::size_t(chains), -1);
  for (Index c = 0; c < chains; ++c) {
    const Eigen::ArrayXd weights = log_weights(now.gradient.col(c), now.x.col(c), log_g);
    if (!any_weight(weights)) continue;
    Stream own = random.chains_from(c);
    const Index chosen = choose(weights, own);
    sites[std::size_t(c)] = site(chosen);
    proposal.x(site(chosen), c) = value(chosen);
    log_ratio(c) = -log_probability(weights, chosen);
  }
  random.skip();
  evaluate(proposal);
  Row probability(chains);
  for (Index c = 0; c < chains; ++c) {
    const Index site = sites[std::size_t(c)];
    if (site < 0) {
      log_ratio(c) = -infinity;
    } else {
      const Eigen::ArrayXd weights =
          log_weights(proposal.gradient.col(c), proposal.x.col(c), log_g);
      log_ratio(c) += log_probability(weights, pair(site, now.x(site, c)));
      log_ratio(c) = log_acceptance(now.energy(c), proposal.energy(c), log_ratio(c));
    }
    probability(c) = acceptance_probability(log_ratio(c));
  }
  metropolis(now, proposal, log_ratio, random);
  return probability;
}

double log_acceptance(double energy_from, double energy_to, double log_proposal_ratio) {
  if (!std::isfinite(energy_to)) return -infinity;
  if (energy_from == infinity) return infinity;
  return energy_from - energy_to + log_proposal_ratio;
}

double acceptance_probability(double log_ratio) {
  return std::isnan(log_ratio) ? 0.0 : std::exp(std::min(log_ratio, 0.0));
}

}  // namespace gibbsite
