// Exact sums and draws for pairwise energies on chains, trees and graphs of small tree-width, by
// eliminating one site after the other (Bertelè & Brioschi 1972; Lauritzen & Spiegelhalter 1988,
// J. R. Stat. Soc. B 50:157; Dechter 1999, Artificial Intelligence 113:41).
#pragma once

#include <optional>
#include <vector>

#include "gibbsite/api/abilities.hpp"

namespace gibbsite {

/// Which eliminations are worth starting: all tables together have at most 2^max_log2_entries
/// entries of 8 bytes. An L x L lattice with open boundaries has about L² 2^L, a torus L² 4^L.
struct EliminationLimit {
  double max_log2_entries = 24;
};

/// An order in which to eliminate the sites: next the one that joins the fewest pairs of its
/// neighbours anew (min-fill; Kjærulff 1990), then of the smallest table, then of the least number.
/// Nothing where the tables exceed the limit.
GIBBSITE_API std::optional<std::vector<Index>> elimination_order(const PairwiseGraph& graph,
                                                                 EliminationLimit limit = {});

/// The law p(x) = e^{-E(x)}/Z of a pairwise energy with one site after the other summed out: site v
/// leaves behind m_v(x_N) = ln Σ_{x_v} e^{…} on its neighbours N, in double throughout.
class GIBBSITE_API Elimination {
 public:
  /// Throws Error where the tables exceed the limit, and Diverged where an energy is NaN or -∞ or
  /// where no state has an energy below +∞.
  explicit Elimination(const PairwiseGraph& graph, EliminationLimit limit = {});

  double log_partition() const { return log_partition_; }
  /// One draw from p: the state of each site, numbered from 0, last eliminated first. Takes one
  /// draw per site of the first chain of `random`.
  std::vector<Index> draw(Stream& random) const;

 private:
  /// Log weights on the states of some sites, the first site of `scope` varying fastest.
  struct Factor {
    std::vector<Index> scope, strides;
    Eigen::ArrayXd log_weights;
  };
  /// A factor on `scope` whose log weights are yet to be filled in.
  Factor factor(std::vector<Index> scope) const;
  /// Files a factor under the site of its scope that goes first.
  void keep(Factor made);
  void eliminate(Index site);

  std::vector<Index> levels_;                ///< states of each site
  std::vector<Index> order_, rank_;          ///< sites in order, and the place of each there
  std::vector<Factor> factors_;              ///< those of the energy, then the messages
  std::vector<std::vector<Index>> buckets_;  ///< per site: factors of which it goes first
  double log_partition_ = 0;
};

/// ln Z of a pairwise energy by elimination. Throws what Elimination throws.
GIBBSITE_API double log_partition(const PairwiseGraph& graph, EliminationLimit limit = {});

}  // namespace gibbsite
