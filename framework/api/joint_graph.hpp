// The pairwise graph of a model, hidden units included, and what can be read off it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gibbsite/api/abilities.hpp"

namespace gibbsite {

/// Throws Error beginning with `subject` where joint_graph() could not serve this model, so that
/// plugins refuse when they are built.
GIBBSITE_API void require_joint_graph(const EnergyModel& model, const std::string& subject);

/// The graph of a pairwise model at its present parameters, or of E(v, h) of a latent model with
/// discrete units in both layers (hidden units follow the visible ones), whose e^{-E} sum to the
/// same Z. There E is affine in the sufficient statistics of either layer given the other, so that
/// A and η at v = 0 and at v with one unit in another state give every coupling.
///
/// Edges are joined, so that at most one connects two sites, first < second, in ascending order;
/// those that couple nothing, b(x, y) = f(x) + g(y), become part of their sites. Throws Error as
/// require_joint_graph, Diverged where an energy is not finite.
GIBBSITE_API PairwiseGraph joint_graph(const EnergyModel& model);

/// ln of the number of configurations.
GIBBSITE_API double log_states(const PairwiseGraph& graph);
/// The energies of all configurations, site 0 varying fastest: as many as e^{log_states}. Edges
/// are joined, as joint_graph has them; the caller sees to it that there is memory for all.
GIBBSITE_API Eigen::ArrayXd energies_of_states(const PairwiseGraph& graph);

/// The connected component of each site, numbered from 0 in the order of their first sites.
GIBBSITE_API std::vector<Index> components(const PairwiseGraph& graph);
/// Whether there is no cycle (edges joined, as joint_graph has them).
GIBBSITE_API bool is_forest(const PairwiseGraph& graph);

/// Which sites to turn over (state 0 for 1) so that every edge is attractive, b(0,0) + b(1,1) <=
/// b(0,1) + b(1,0); 1 for those. Nothing where there is no such choice, that is where some cycle
/// is frustrated (Harary 1953, Michigan Mathematical Journal 2:143-146), or a site has other than
/// two states. Edges are joined, as joint_graph has them.
GIBBSITE_API std::optional<std::vector<Index>> attractive_flips(const PairwiseGraph& graph);

}  // namespace gibbsite
