// What cluster kernels see of a pairwise energy: bonds that hold two units together, and fields
// that pull each unit to a state of its own (Fortuin & Kasteleyn 1972, Physica 57:536).
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/abilities.hpp"

namespace gibbsite {

/// E(x) = constant + Σ_i a_i(x_i) - Σ_b J_b [x satisfies b], J_b > 0, over discrete units with
/// states numbered from 0.
struct GIBBSITE_API ClusterForm {
  struct Bond {
    Index first = 0, second = 0;
    double strength = 0;  ///< J_b
    bool unlike = false;  ///< satisfied by two different states (units of two states only)
    /// ln(1 - e^{-J}): of the probability with which a satisfied bond joins its ends.
    double log_probability = 0;
    bool is_satisfied(const std::vector<Index>& state) const {
      return (state[std::size_t(first)] != state[std::size_t(second)]) == unlike;
    }
  };
  std::vector<Eigen::VectorXd> fields;  ///< a_i, one entry per state
  std::vector<Bond> bonds;              ///< several may join the same two units

  /// The state of unit `i` after `shift` states, around.
  Index shifted(Index i, Index state, Index shift) const {
    return (state + shift) % fields[std::size_t(i)].size();
  }
};

/// Takes apart each table of energies b(k, l) = f(k) + g(l) - J δ(k, l). Two states may have any
/// table and J of either sign; more need this form with J >= 0. Throws Error, beginning with
/// `subject`, for any other table, naming the pair.
GIBBSITE_API ClusterForm cluster_form(PairwiseGraph graph, const std::string& subject);

/// The numbers 0 … count - 1 in sets that merge: union by size, paths halved (Tarjan 1975, Journal
/// of the ACM 22:215).
class GIBBSITE_API DisjointSets {
 public:
  explicit DisjointSets(Index count);
  /// The number that stands for the set of `i`.
  Index find(Index i);
  /// Merges the sets of `i` and `j`.
  void join(Index i, Index j);
  /// How many numbers the set of `i` has.
  Index size(Index i) { return size_[std::size_t(find(i))]; }

 private:
  std::vector<Index> parent_, size_;
};

}  // namespace gibbsite
