// Sum-product messages on a pairwise graph, each edge counted with a weight of its own.
#pragma once

#include "gibbsite/api/evaluation.hpp"
#include "gibbsite/api/fields.hpp"
#include "gibbsite/api/joint_graph.hpp"

namespace gibbsite {

/// How messages are iterated, as fields of a spec.
struct GIBBSITE_API MessageSchedule {
  double damping = 0.5;      ///< share of the old message (its logarithm) that is kept, in [0, 1)
  double tolerance = 1e-10;  ///< largest change of a log message that counts as none
  Index most_iterations = 10000;  ///< sweeps over all sites

  void declare(Fields& f);
};

/// Where the iteration ended.
struct BeliefPropagation {
  double log_partition = 0;  ///< the reweighted Bethe value of the last messages
  double residual = 0;       ///< largest change that an undamped last sweep would have made
  Index iterations = 0;      ///< sweeps made
  bool converged = false;    ///< residual <= tolerance
};

/// Messages in the log domain, sites in ascending and descending order by turns, of
///   B_i(x) = -a_i(x) + Σ_k ρ_ik M_k→i(x),
///   M_j→i(x) = ln Σ_y exp(-b_ij(x, y)/ρ_ij + B_j(y) - M_i→j(y)),
/// and the value that is stationary where they have converged,
///   Σ_i ln Z_i + Σ_ij ρ_ij (ln Z_ij - ln Z_i - ln Z_j),  Z_i = Σ e^{B_i},
///   Z_ij = Σ exp(-b_ij/ρ_ij + B_i - M_j→i + B_j - M_i→j).
/// ρ = 1 is belief propagation, and the value that of Bethe (Yedidia, Freeman & Weiss 2005, IEEE
/// Trans. Inf. Theory 51:2282-2312); ρ from spanning trees gives an upper bound on ln Z
/// (Wainwright, Jaakkola & Willsky 2005, IEEE Trans. Inf. Theory 51:2313-2335). `weights` has one ρ
/// in (0, 1] per edge of `graph`, whose edges are joined. Log messages start at 0, or at N(0, 1)
/// drawn from `start`: from 0 a symmetric model keeps its symmetry, broken or not. Reports to
/// `desk` now and then, and then keeps the messages in `saved.numbers` behind the first `kept`, and
/// the sweeps made in `saved.position`; where that is not 0 it goes on from there.
GIBBSITE_API BeliefPropagation propagate_beliefs(const PairwiseGraph& graph,
                                                 const Eigen::ArrayXd& weights,
                                                 const MessageSchedule& schedule, Saved& saved,
                                                 Desk& desk, std::optional<Stream> start = {},
                                                 std::size_t kept = 0);

/// The share of the spanning trees of its component that each edge is in (uniform over trees): the
/// effective resistance between its ends where every edge is a unit resistor (Kirchhoff 1847), from
/// the pseudo-inverse of the Laplacian. Sums to sites - components; 1 for bridges.
GIBBSITE_API Eigen::ArrayXd spanning_tree_shares(const PairwiseGraph& graph);

}  // namespace gibbsite
