// Changes of one discrete coordinate: their numbering, their weights and the step that makes one.
#pragma once

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "gibbsite/api/sampler.hpp"

namespace gibbsite {

/// Every pair of a coordinate i and one of its states k, coordinate by coordinate, states in the
/// order of their values: what kernels choose from that change one coordinate at a time. "Weights"
/// have one entry per pair.
class GIBBSITE_API SingleChanges {
 public:
  /// Throws Error, beginning with `subject`, where a coordinate of `domain` is not discrete.
  SingleChanges(const Domain& domain, const std::string& subject);

  /// Number of pairs Σ_i K_i.
  Index count() const { return Index(pairs_.size()); }
  /// Number of coordinates.
  Index sites() const { return Index(sites_.size()); }
  /// Whether the states of a coordinate are numbers of categories.
  bool is_category(Index site) const {
    return sites_[std::size_t(site)].kind == Domain::Kind::categorical;
  }
  /// K_i.
  Index levels(Index site) const { return sites_[std::size_t(site)].levels; }
  /// The pair of coordinate `site` and its lowest state; the others follow.
  Index first(Index site) const { return sites_[std::size_t(site)].first; }
  /// The coordinate of a pair.
  Index site(Index pair) const { return pairs_[std::size_t(pair)].site; }
  /// The value x_i of the state of a pair.
  Real value(Index pair) const { return pairs_[std::size_t(pair)].value; }
  /// The pair of coordinate `site` at the value x_i.
  Index pair(Index site, Real value) const;

  /// ln p(x with x_i = k) - ln p(x) by the natural parameters η of all coordinates (domain.hpp):
  /// η_i·(T(k) - T(x_i)), and 0 at the states that x has. Not to be trusted where these are not
  /// finite; `log_weights` is.
  Eigen::ArrayXd log_ratios(const Eigen::Ref<const Vector>& natural,
                            const Eigen::Ref<const Vector>& x) const;

  /// ln of the weight g(e^r) of every pair, r its log ratio, `log_g` giving ln g(e^r). States that
  /// x has, and changes whose log ratio is NaN or -∞, have -∞; a log ratio of +∞, where x itself
  /// has probability 0, leaves weight to such changes alone. So no entry is NaN or +∞.
  Eigen::ArrayXd log_weights(const Eigen::Ref<const Vector>& natural,
                             const Eigen::Ref<const Vector>& x,
                             const std::function<double(double r)>& log_g) const;

  /// ln of the probability of a pair that is drawn by these weights; NaN where none has any.
  static double log_probability(const Eigen::ArrayXd& log_weights, Index pair);

  /// Sets the weights of all states of coordinate `site` to -∞.
  void exclude(Index site, Eigen::ArrayXd& log_weights) const;

  /// What a kernel knows of its chains: x, energy, and in `gradient` natural parameters of all
  /// coordinates. Computes the others from x.
  using Evaluate = std::function<void(Chains&)>;

  /// One Metropolis-Hastings step of every chain that changes one coordinate, drawn with
  /// probability ∝ g(e^r) and accepted with min(1, e^{E(x) - E(x')} q(x|x') / q(x'|x)) (Zanella
  /// 2020, J. Am. Stat. Assoc. 115:852). Returns that probability per chain, 0 where no change has
  /// any weight. `now` is evaluated.
  Row step(Chains& now, const Evaluate& evaluate, const std::function<double(double r)>& log_g,
           Stream& random) const;

 private:
  struct Site {
    Domain::Kind kind;
    Index levels, first;
    Index row;  ///< of its natural parameters
  };
  struct Pair {
    Index site;
    Real value;
  };
  std::vector<Site> sites_;
  std::vector<Pair> pairs_;
};

/// ln of the ratio that a proposal from x to x' is accepted by, E(x) - E(x') +
/// `log_proposal_ratio`: -∞ where E(x') is not finite, else +∞ where E(x) = +∞, whatever the
/// proposal.
GIBBSITE_API double log_acceptance(double energy_from, double energy_to, double log_proposal_ratio);

/// The probability min(1, e^r) of an acceptance by the log ratio r, 0 where that is NaN.
GIBBSITE_API double acceptance_probability(double log_ratio);

/// Whether some entry of weights as `SingleChanges::log_weights` has them can be chosen.
inline bool any_weight(const Eigen::ArrayXd& log_weights) {
  return log_weights.maxCoeff() > -std::numeric_limits<double>::infinity();
}

/// The fraction of coordinates in which two batches of configurations differ, per chain.
inline Row hop_distance(const Batch& from, const Batch& to) {
  return (from.array() != to.array()).cast<double>().colwise().mean();
}

}  // namespace gibbsite
