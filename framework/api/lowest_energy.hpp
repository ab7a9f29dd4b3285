// The lowest energy of a pairwise graph, exactly (the configuration of highest probability, MAP).
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/joint_graph.hpp"

namespace gibbsite {

/// Lowest energies of one graph with changing energies of its sites; const calls are safe from
/// several threads at once.
class GIBBSITE_API LowestEnergy {
 public:
  /// How the lowest energy of `graph` can be had: `graph_cut` where all sites have two states and
  /// no cycle is frustrated (attractive_flips), else `enumeration` of at most 2^max_log2_states
  /// configurations, else empty.
  static std::string method(const PairwiseGraph& graph, double max_log2_states);

  /// `graph` as joint_graph has it. Throws Error where method() is empty.
  LowestEnergy(PairwiseGraph graph, double max_log2_states);

  const std::string& method() const { return method_; }
  /// Number of states of all sites together.
  Index states() const { return states_; }
  /// min_x E(x) + Σ_i c_i(x_i); `added` has c_i one site after the other, states() entries.
  double operator()(const Eigen::Ref<const Eigen::ArrayXd>& added) const;
  /// The state of every site in a configuration that has this energy.
  std::vector<Index> configuration(const Eigen::Ref<const Eigen::ArrayXd>& added) const;

 private:
  /// The minimum cut between sites in state 0 and in state 1 (Greig, Porteous & Seheult 1989, JRSS
  /// B 51:271-279; Kolmogorov & Zabih 2004, IEEE TPAMI 26:147-159), sites turned over by flips_.
  double by_graph_cut(const Eigen::Ref<const Eigen::ArrayXd>& added,
                      std::vector<Index>* configuration) const;
  double by_enumeration(const Eigen::Ref<const Eigen::ArrayXd>& added,
                        std::vector<Index>* configuration) const;

  PairwiseGraph graph_;
  std::string method_;
  Index states_ = 0;
  std::vector<Index> flips_;
  Eigen::ArrayXd energies_;  ///< of every configuration, for enumeration
};

}  // namespace gibbsite
