// Single-site Metropolis on discrete coordinates (Metropolis et al. 1953, J. Chem. Phys. 21:1087).
//   A coordinate i and another of its states are drawn uniformly;
//   accept with probability min(1, e^{E(x) - E(x')}), E(x) - E(x') = η_i·(T(x'_i) - T(x_i)).
// For two states this is Metropolised Gibbs (Liu 1996, Biometrika 83:681).
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Metropolis final : public Sampler {
 public:
  using Needs = Abilities<Conditional>;
  struct Params {
    std::optional<Index> updates;
    void fields(Fields& f) {
      f.integer("updates", updates, "proposals per step",
                {.minimum = 1, .maximum = 1e9, .unset = "one per coordinate"});
    }
  };

  Metropolis(const Params& p, const Context& c)
      : domain_(c.model->domain()),
        updates_(p.updates.value_or(domain_.dim())),
        conditional_(c.require<Conditional>()) {
    if (!domain_.is_discrete())
      throw Error(c.subject + ": needs a model on discrete coordinates, got " + domain_.text());
  }

  std::vector<Statistic> statistics() const override { return {{"acceptance_rate"}}; }
  bool is_reversible() const override { return true; }

 private:
  void do_step(Chains& now, Stream random) const override {
    for (Index c = 0; c < now.x.cols(); ++c) {
      Stream own = random.chains_from(c);  // each chain visits coordinates of its own
      Index accepted = 0;
      for (Index n = 0; n < updates_; ++n) accepted += update(now.x.middleCols(c, 1), own) ? 1 : 0;
      now.statistics(0, c) = double(accepted) / double(updates_);
    }
  }

  bool update(Eigen::Ref<Batch> x, Stream& random) const {
    const Index site = random.below(domain_.dim(), 1)(0);
    const Index sites[] = {site};
    const Domain one = domain_.select(sites);
    const Domain::Part part = one.parts[0];
    const bool spin = part.kind == Domain::Kind::spin;
    Batch from = x.row(site), to = from, natural;
    const Index level = spin ? Index(from(0) + 1) / 2 : Index(from(0));
    const Index other = (level + 1 + random.below(part.levels - 1, 1)(0)) % part.levels;
    to(0) = spin ? Real(2 * other - 1) : Real(other);
    conditional_.natural(sites, x, natural);
    const double log_ratio =
        (natural_energy(one, natural, to) - natural_energy(one, natural, from))(0);
    if (!accept(log_ratio, random)) return false;
    x(site, 0) = to(0);
    return true;
  }

  Domain domain_;
  Index updates_;
  const Conditional& conditional_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Metropolis>("metropolis", "propose another state of one discrete coordinate",
                           "Metropolis et al. 1953, J. Chem. Phys. 21:1087-1092");
}
