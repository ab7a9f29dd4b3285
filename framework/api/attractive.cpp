#include "gibbsite/api/attractive.hpp"

#include <algorithm>

#include "gibbsite/api/abilities.hpp"

namespace gibbsite {
namespace {

bool has_two_states(const Domain& domain) {
  return std::all_of(domain.parts.begin(), domain.parts.end(), [](const Domain::Part& part) {
    return part.kind == Domain::Kind::binary || part.kind == Domain::Kind::spin;
  });
}

// η(v) of two-state units is affine in v, so that its changes from the bottom, one unit up at a
// time, are the weights.
std::string negative_weight(const Domain& domain, const Latent& latent) {
  if (!has_two_states(latent.hidden()))
    return "needs hidden units of two states, got " + latent.hidden().text();
  Batch probes = extreme_configuration(domain, false).replicate(1, domain.dim() + 1), natural;
  probes.leftCols(domain.dim()).diagonal() = extreme_configuration(domain, true);
  latent.hidden_natural(probes, natural);
  for (Index i = 0; i < domain.dim(); ++i)
    for (Index j = 0; j < natural.rows(); ++j)
      if (!(natural(j, i) >= natural(j, domain.dim())))
        return "needs weights >= 0, got a negative one between visible unit " + std::to_string(i) +
               " and hidden unit " + std::to_string(j);
  return "";
}

std::string repulsion(const PairwiseGraph& graph) {
  for (const PairwiseGraph::Edge& edge : graph.edges) {
    const Eigen::MatrixXd& b = edge.energy;
    if (!(b(0, 1) + b(1, 0) >= b(0, 0) + b(1, 1)))
      return "needs attraction, got units " + std::to_string(edge.first) + " and " +
             std::to_string(edge.second) + " that favour unlike states";
  }
  return "";
}

}  // namespace

Vector extreme_configuration(const Domain& domain, bool up) {
  Vector x(domain.dim());
  Index first = 0;
  for (const Domain::Part& part : domain.parts) {
    const Real down = part.kind == Domain::Kind::spin ? Real(-1) : Real(0);
    x.segment(first, part.count).setConstant(up ? Real(1) : down);
    first += part.count;
  }
  return x;
}

std::string obstacle_to_order(const EnergyModel& model) {
  if (!has_two_states(model.domain()))
    return "needs units of two states, got " + model.domain().text();
  if (const auto* latent = model.capability<Latent>())
    return negative_weight(model.domain(), *latent);
  if (const auto* pairwise = model.capability<Pairwise>()) return repulsion(pairwise->graph());
  return "needs a model of pair interactions or with a hidden layer";
}

}  // namespace gibbsite
