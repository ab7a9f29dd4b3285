// Potts model (Potts 1952, Mathematical Proceedings of the Cambridge Philosophical Society 48(1);
// Wu 1982, Reviews of Modern Physics 54(1)).
//   E(x) = -Σ_bonds K_ij δ(x_i, x_j) - Σ_i h_i(x_i),  x ∈ {0 … q-1}^N, each bond once
//   P(x_i = k|rest) ∝ exp(h_i(k) + Σ_j K_ij δ(k, x_j))
// On the square lattice the transition is at K = ln(1 + √q). With q = 2 this is the Ising model of
// coupling K/2 but for a constant: δ = (1 + s s')/2.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Potts final : public EnergyModel,
                    public Conditional,
                    public DiscreteGradient,
                    public Pairwise,
                    public Parametric {
 public:
  struct Params {
    LatticeFields lattice;
    Index levels = 0;
    double coupling = 0;
    std::vector<double> field = {0};

    void fields(Fields& f) {
      lattice.declare(f);
      f.integer("levels", levels, "number q of states of a unit",
                {.minimum = 2, .maximum = 65536, .required = true});
      f.real("coupling", coupling,
             "K of each bond, counted once (ferromagnetic where > 0), times the factor in edges",
             {.required = true});
      f.reals("field", field, "h: one value for each of the q states, alike for all units, or 0");
    }
  };

  Potts(const Params& p, const Context& c)
      : lattice_(p.lattice.build(c.subject)),
        neighbors_(neighbors(lattice_)),
        sets_(gibbsite::independent_sets(neighbors_)),
        domain_(Domain::categorical(lattice_.sites, p.levels)),
        couplings_(Index(lattice_.bonds.size())),
        fields_(p.levels, lattice_.sites) {
    const std::size_t given = p.field.size();
    if (Index(given) != p.levels && (given != 1 || p.field[0] != 0))
      throw Error(c.subject + ": field: must have " + std::to_string(p.levels) +
                  " values (one per state), got " + std::to_string(given));
    for (std::size_t b = 0; b < lattice_.bonds.size(); ++b)
      couplings_(Index(b)) = Real(p.coupling * lattice_.bonds[b].factor);
    for (Index k = 0; k < p.levels; ++k)
      fields_.row(k).setConstant(Real(p.field[given == 1 ? 0 : std::size_t(k)]));
    set_parameters(parameters());
  }

  const Domain& domain() const override { return domain_; }
  std::vector<std::vector<Index>> independent_sets() const override { return sets_; }

  std::vector<ParameterBlock> blocks() const override {
    return {{"couplings", {"bond"}, {couplings_.size()}},
            {"fields", {"unit", "level"}, {dim(), fields_.rows()}}};
  }

  Parameters parameters() const override {
    Parameters theta(couplings_.size() + fields_.size());
    theta << couplings_.cast<double>(), fields_.reshaped().cast<double>();
    return theta;
  }

  void set_parameters(const Parameters& theta) override {
    const Vector rounded = theta.cast<Real>();
    if (!rounded.allFinite()) throw Error("potts: couplings and fields must be finite");
    couplings_ = rounded.head(couplings_.size());
    fields_.reshaped() = rounded.tail(fields_.size());
  }

  PairwiseGraph graph() const override {
    PairwiseGraph graph = graph_of_units(domain_, fields_.reshaped());
    const Eigen::MatrixXd same = Eigen::MatrixXd::Identity(fields_.rows(), fields_.rows());
    for (std::size_t b = 0; b < lattice_.bonds.size(); ++b)
      graph.edges.push_back({lattice_.bonds[b].first, lattice_.bonds[b].second,
                             -double(couplings_(Index(b))) * same});
    return graph;
  }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n) {
      const Real* state = x.col(n).data();
      double sum = 0;
      for (std::size_t b = 0; b < lattice_.bonds.size(); ++b) {
        const Bond& bond = lattice_.bonds[b];
        if (state[bond.first] == state[bond.second]) sum += double(couplings_(Index(b)));
      }
      for (Index i = 0; i < dim(); ++i) sum += double(fields_(Index(state[i]), i));
      energy(n) = -sum;
    }
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    const Index levels = fields_.rows();
    natural.resize(Index(sites.size()) * levels, x.cols());
    for (Index n = 0; n < x.cols(); ++n)
      for (std::size_t k = 0; k < sites.size(); ++k) {
        auto weights = natural.col(n).segment(Index(k) * levels, levels);
        weights = fields_.col(sites[k]);
        for (const Neighbor& other : neighbors_[std::size_t(sites[k])])
          weights(Index(x(other.site, n))) += couplings_(other.bond);
      }
  }

  // The conditionals are linear in the other units, so that this expansion is exact.
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override {
    do_energy(x, energy);
    do_natural(all_sites(dim()), x, natural);
  }

  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    for (Index n = 0; n < x.cols(); ++n) {
      const Real* state = x.col(n).data();
      for (std::size_t b = 0; b < lattice_.bonds.size(); ++b) {
        const Bond& bond = lattice_.bonds[b];
        if (state[bond.first] == state[bond.second]) out(Index(b)) -= weights(n);
      }
      for (Index i = 0; i < dim(); ++i)
        out(couplings_.size() + i * fields_.rows() + Index(state[i])) -= weights(n);
    }
  }

  Lattice lattice_;
  std::vector<std::vector<Neighbor>> neighbors_;
  std::vector<std::vector<Index>> sets_;
  Domain domain_;
  Vector couplings_;
  Batch fields_;  ///< levels x units
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Potts>("potts", "Potts model on a lattice or a list of edges",
                      "Wu 1982, Reviews of Modern Physics 54(1):235-268");
}
