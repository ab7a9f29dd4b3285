// Hopfield network (Hopfield 1982, PNAS 79(8)), at a temperature (Amit, Gutfreund & Sompolinsky
// 1985, Physical Review A 32(2)).
//   E(s) = -sᵀJs/2 - hᵀs,  s ∈ {-1,+1}^N,  J = Σ_μ ξ^μ ξ^μᵀ / N with zero diagonal (Hebb's rule)
// J starts from the patterns ξ and can be trained on.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Hopfield final : public PairwiseSpins {
 public:
  struct Params {
    std::optional<Index> units;
    std::vector<double> patterns, field = {0};

    void fields(Fields& f) {
      f.integer("units", units, "number N of spins",
                {.minimum = 2, .maximum = 1e4, .unset = "the width of the data"});
      f.reals("patterns", patterns, "the stored patterns one after the other, N values ±1 each",
              {.minimum = -1, .maximum = 1, .unset = "the training data"});
      f.reals("field", field, "h: one value for all units or one per unit");
    }
  };

  Hopfield(const Params& p, const Context& c) : PairwiseSpins(c, graph(p, c), 1, p.field) {}

 private:
  // One pattern per column.
  static Batch patterns(const Params& p, const Context& c) {
    if (p.patterns.empty()) return c.require_train().all(c.random);
    const Index values = Index(p.patterns.size());
    const Index units = p.units ? *p.units : c.require_train().dim();
    if (values % units != 0)
      throw Error(c.subject + ": patterns: must have a multiple of " + std::to_string(units) +
                  " values (one per unit), got " + std::to_string(values));
    return Eigen::Map<const Eigen::MatrixXd>(p.patterns.data(), units, values / units).cast<Real>();
  }

  static Lattice graph(const Params& p, const Context& c) {
    const Eigen::MatrixXd xi = patterns(p, c).cast<double>();
    const Index units = p.units ? *p.units : xi.rows();
    try {
      require_inside(Domain::spin(units), xi.cast<Real>());
    } catch (const Error& error) {
      throw Error(c.subject + ": patterns: " + error.what());
    }
    Lattice lattice = complete_graph(units);
    for (Bond& bond : lattice.bonds)
      bond.factor = xi.row(bond.first).dot(xi.row(bond.second)) / double(units);
    return lattice;
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Hopfield>("hopfield", "Hopfield network with patterns stored by Hebb's rule",
                         "Hopfield 1982, PNAS 79(8):2554-2558");
}
