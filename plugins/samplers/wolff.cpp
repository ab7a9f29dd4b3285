// Wolff's single-cluster sampling (Wolff 1989, Phys. Rev. Lett. 62:361):
//   E(x) = Σ_i a_i(x_i) - Σ_b J_b [x satisfies b], J_b > 0
//   a cluster C grows from a unit drawn uniformly: each satisfied bond that leads out of it takes
//   in the other end with probability p_b = 1 - e^{-J_b}; all of C moves by s states, s ≠ 0
//   uniform, with probability min(1, exp(Σ_{i∈C} a_i(x_i) - a_i(x_i + s))).
// C is the Swendsen-Wang cluster of that unit, so that a Metropolis step on its state given all
// bonds is exact for any fields and any number of states; without fields each cluster moves, as in
// the paper. (A ghost spin would do for two states, but fields of more states have no ghost.) Bonds
// of two-state units may be of either sign, as in swendsen_wang.
#include <gibbsite/api/clusters.hpp>
#include <gibbsite/api/state_numbers.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Wolff final : public Sampler {
 public:
  using Needs = Abilities<Pairwise>;
  struct Params {
    Index clusters = 1;
    void fields(Fields& f) { f.count("clusters", clusters, "clusters grown per step"); }
  };

  Wolff(const Params& p, const Context& c)
      : clusters_(p.clusters),
        subject_(c.subject),
        domain_(c.model->domain()),
        pairwise_(c.require<Pairwise>()) {
    cluster_form(pairwise_.graph(), subject_);
  }

  // Of the fraction of units in a cluster and of moves, the means over the clusters of a step.
  std::vector<Statistic> statistics() const override {
    return {{"cluster_fraction"}, {"acceptance_rate"}};
  }
  bool is_reversible() const override { return true; }

 private:
  // The energy, and for each unit its bonds: entries from[i] … from[i + 1] - 1 of `around`.
  struct Graph {
    ClusterForm form;
    std::vector<std::size_t> from, around;

    explicit Graph(ClusterForm taken_apart)
        : form(std::move(taken_apart)),
          from(form.fields.size() + 1),
          around(2 * form.bonds.size()) {
      for (const auto& bond : form.bonds)
        for (const Index end : {bond.first, bond.second}) ++from[std::size_t(end)];
      for (std::size_t i = 0, sum = 0; i < from.size(); ++i) from[i] = sum += from[i];
      for (std::size_t b = 0; b < form.bonds.size(); ++b)
        for (const Index end : {form.bonds[b].first, form.bonds[b].second})
          around[--from[std::size_t(end)]] = b;
    }
  };

  void do_step(Chains& now, Stream random) const override {
    const Graph graph(cluster_form(pairwise_.graph(), subject_));
    for (Index c = 0; c < now.x.cols(); ++c) {
      Stream own = random.chains_from(c);
      std::vector<Index> state = state_numbers(domain_, now.x.col(c));
      Index grown = 0, moved = 0;
      for (Index n = 0; n < clusters_; ++n) {
        const std::vector<Index> cluster = grow(graph, state, own);
        grown += Index(cluster.size());
        moved += move(graph.form, cluster, state, own) ? 1 : 0;
      }
      set_state_numbers(domain_, state, now.x.col(c));
      now.statistics(0, c) = double(grown) / double(clusters_ * Index(state.size()));
      now.statistics(1, c) = double(moved) / double(clusters_);
      pairwise_.count_site_updates(grown);
    }
  }

  static std::vector<Index> grow(const Graph& graph, const std::vector<Index>& state,
                                 Stream& random) {
    std::vector<bool> inside(state.size());
    std::vector<Index> cluster = {random.below(Index(state.size()), 1)(0)};
    inside[std::size_t(cluster[0])] = true;
    for (std::size_t n = 0; n < cluster.size(); ++n) {
      const auto i = std::size_t(cluster[n]);
      for (std::size_t k = graph.from[i]; k < graph.from[i + 1]; ++k) {
        const ClusterForm::Bond& bond = graph.form.bonds[graph.around[k]];
        const Index other = bond.first + bond.second - Index(i);
        if (inside[std::size_t(other)] || !bond.is_satisfied(state) ||
            !accept(bond.log_probability, random))
          continue;
        inside[std::size_t(other)] = true;
        cluster.push_back(other);
      }
    }
    return cluster;
  }

  static bool move(const ClusterForm& form, const std::vector<Index>& cluster,
                   std::vector<Index>& state, Stream& random) {
    const Index levels = form.fields[std::size_t(cluster[0])].size();
    const Index shift = 1 + random.below(levels - 1, 1)(0);
    double log_ratio = 0;
    for (const Index i : cluster) {
      const Eigen::VectorXd& a = form.fields[std::size_t(i)];
      const Index k = state[std::size_t(i)];
      log_ratio += a(k) - a(form.shifted(i, k, shift));
    }
    if (!accept(log_ratio, random)) return false;
    for (const Index i : cluster) {
      Index& k = state[std::size_t(i)];
      k = form.shifted(i, k, shift);
    }
    return true;
  }

  Index clusters_;
  std::string subject_;
  Domain domain_;
  const Pairwise& pairwise_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Wolff>("wolff", "move one cluster of units that random bonds join",
                      "Wolff 1989, Phys. Rev. Lett. 62:361-364");
}
