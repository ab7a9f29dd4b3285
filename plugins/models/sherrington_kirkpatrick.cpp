// Sherrington-Kirkpatrick spin glass (1975, Physical Review Letters 35(26)).
//   E(s) = -Σ_{i<j} J_ij s_i s_j - Σ_i h_i s_i,  s ∈ {-1,+1}^N,  J_ij ~ N(0, J²/N) at the start
// The temperature is that of the spec: p ∝ e^{-E/T}; the glass transition is at T = J.
#include <cmath>
#include <gibbsite/api/swept_spins.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class SherringtonKirkpatrick final : public SweptSpins {
 public:
  struct Params {
    std::optional<Index> units;
    double coupling_scale = 1;
    std::vector<double> couplings, field = {0};

    void fields(Fields& f) {
      f.integer("units", units, "number N of spins",
                {.minimum = 2, .maximum = 1e4, .unset = "the width of the data"});
      f.real("coupling_scale", coupling_scale, "J, √N times the standard deviation of each J_ij",
             {.minimum = 0});
      f.reals("couplings", couplings, "J_ij for i < j, row by row, instead of random ones",
              {.unset = "normal with variance J²/N"});
      f.reals("field", field, "h: one value for all units or one per unit");
    }
  };

  SherringtonKirkpatrick(const Params& p, const Context& c)
      : SweptSpins(c, graph(p, c), 1, p.field) {}

 private:
  static Lattice graph(const Params& p, const Context& c) {
    Lattice lattice = complete_graph(p.units ? *p.units : c.require_train().dim());
    const std::size_t bonds = lattice.bonds.size();
    if (!p.couplings.empty() && p.couplings.size() != bonds)
      throw Error(c.subject + ": couplings: must have one value per pair, " +
                  std::to_string(bonds) + " in all, got " + std::to_string(p.couplings.size()));
    Batch normal(Index(bonds), 1);
    Stream random = c.random;
    random.normal(normal);
    normal *= Real(p.coupling_scale / std::sqrt(double(lattice.sites)));
    for (std::size_t b = 0; b < bonds; ++b)
      lattice.bonds[b].factor = p.couplings.empty() ? double(normal(Index(b))) : p.couplings[b];
    return lattice;
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<SherringtonKirkpatrick>(
      "sherrington_kirkpatrick", "spin glass of all pairs with normal couplings",
      "Sherrington & Kirkpatrick 1975, Physical Review Letters 35(26):1792-1796");
}
