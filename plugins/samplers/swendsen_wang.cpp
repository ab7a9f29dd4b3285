// Swendsen-Wang cluster sampling (Swendsen & Wang 1987, Phys. Rev. Lett. 58:86), as Gibbs sampling
// of bonds and units (Edwards & Sokal 1988, Phys. Rev. D 38:2009):
//   E(x) = Σ_i a_i(x_i) - Σ_b J_b [x satisfies b], J_b > 0
//   each satisfied bond joins its ends with probability p_b = 1 - e^{-J_b},
//   each cluster C of joined units moves by s states with probability ∝ exp(-Σ_{i∈C} a_i(x_i + s)).
// For E = -K Σ s_i s_j a bond is 2K strong. Bonds of two-state units may be of either sign: those
// with K < 0 are satisfied by unlike neighbours, and s = 1 flips the whole cluster. Any fields are
// exact, but large clusters follow their summed field and may seldom move against it; where bonds
// are frustrated, clusters that span the system come long before correlations do.
#include <gibbsite/api/clusters.hpp>
#include <gibbsite/api/state_numbers.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class SwendsenWang final : public Sampler {
 public:
  using Needs = Abilities<Pairwise>;
  struct Params {
    Index sweeps = 1;
    void fields(Fields& f) { f.count("sweeps", sweeps, "updates of all bonds and units per step"); }
  };

  SwendsenWang(const Params& p, const Context& c)
      : sweeps_(p.sweeps),
        subject_(c.subject),
        domain_(c.model->domain()),
        pairwise_(c.require<Pairwise>()) {
    cluster_form(pairwise_.graph(), subject_);
  }

  // The mean over units of the fraction of all units that are in their cluster. In an Ising model
  // without fields s_i s_j has mean 1 within clusters and 0 between them, so that the expectation
  // of this is that of (Σ s / N)².
  std::vector<Statistic> statistics() const override { return {{"cluster_fraction"}}; }
  bool is_reversible() const override { return true; }

 private:
  void do_step(Chains& now, Stream random) const override {
    const ClusterForm form = cluster_form(pairwise_.graph(), subject_);
    for (Index c = 0; c < now.x.cols(); ++c) {
      Stream own = random.chains_from(c);
      std::vector<Index> state = state_numbers(domain_, now.x.col(c));
      double fraction = 0;
      for (Index sweep = 0; sweep < sweeps_; ++sweep) fraction += update(form, state, own);
      set_state_numbers(domain_, state, now.x.col(c));
      now.statistics(0, c) = fraction / double(sweeps_);
    }
    pairwise_.count_site_updates(sweeps_ * now.x.size());
  }

  static double update(const ClusterForm& form, std::vector<Index>& state, Stream& random) {
    const Index count = Index(state.size());
    DisjointSets clusters(count);
    for (const ClusterForm::Bond& bond : form.bonds)
      if (bond.is_satisfied(state) && accept(bond.log_probability, random))
        clusters.join(bond.first, bond.second);
    Index most = 0;
    for (const Eigen::VectorXd& a : form.fields) most = std::max(most, a.size());
    // By state and by the unit that stands for the cluster.
    Eigen::ArrayXXd log_weights = Eigen::ArrayXXd::Zero(most, count);
    double squares = 0;
    for (Index i = 0; i < count; ++i) {
      const Eigen::VectorXd& a = form.fields[std::size_t(i)];
      auto sum = log_weights.col(clusters.find(i));
      for (Index s = 0; s < a.size(); ++s) sum(s) -= a(form.shifted(i, state[std::size_t(i)], s));
      squares += double(clusters.size(i));
    }
    std::vector<Index> shift(state.size());
    for (Index i = 0; i < count; ++i)
      if (clusters.find(i) == i)
        shift[std::size_t(i)] =
            choose(log_weights.col(i).head(form.fields[std::size_t(i)].size()), random);
    for (Index i = 0; i < count; ++i) {
      Index& k = state[std::size_t(i)];
      k = form.shifted(i, k, shift[std::size_t(clusters.find(i))]);
    }
    return squares / double(count * count);
  }

  Index sweeps_;
  std::string subject_;
  Domain domain_;
  const Pairwise& pairwise_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<SwendsenWang>("swendsen_wang", "move clusters of units that random bonds join",
                             "Swendsen & Wang 1987, Phys. Rev. Lett. 58:86-88");
}
