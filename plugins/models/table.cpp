// An energy per state of a few discrete coordinates: any law on them, for tests and teaching.
//   E(x) = θ_n,  n = x_0 + L_0 (x_1 + L_1 (x_2 + …)),  x_i ∈ {0 … L_i - 1}; coordinate 0 is fastest
//   ∂E/∂θ_n = 1 in state n, else 0
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr Index most_states = 10'000'000;

class Table final : public EnergyModel,
                    public Conditional,
                    public DiscreteGradient,
                    public Parametric {
 public:
  struct Params {
    std::vector<Index> levels;
    std::vector<double> energies;
    double energy_scale = 1;

    void fields(Fields& f) {
      f.integers("levels", levels, "number of states L_i of each coordinate",
                 {.minimum = 2, .maximum = 65536, .required = true});
      f.reals("energies", energies, "E of every state, coordinate 0 varying fastest",
              {.unset = "normal random ones"});
      f.real("energy_scale", energy_scale, "standard deviation of random energies", {.minimum = 0});
    }
  };

  Table(const Params& p, const Context& c) {
    Index states = 1;
    for (const Index count : p.levels) {
      if (count > most_states / states)
        throw Error(c.subject + ": levels: must give at most 10^7 states");
      strides_.push_back(states);
      states *= count;
      auto& parts = domain_.parts;
      if (parts.empty() || parts.back().levels != count)
        parts.push_back({Domain::Kind::categorical, 0, count});
      ++parts.back().count;
    }
    levels_ = p.levels;
    energies_.resize(states);
    if (!p.energies.empty() && Index(p.energies.size()) != states)
      throw Error(c.subject + ": energies: must have one value per state, " +
                  std::to_string(states) + " in all, got " + std::to_string(p.energies.size()));
    if (p.energies.empty()) {
      Batch normal(states, 1);
      Stream random = c.random;
      random.normal(normal);
      energies_ = p.energy_scale * normal.cast<double>();
    } else {
      energies_ = Eigen::Map<const Parameters>(p.energies.data(), states);
    }
  }

  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override {
    return {{"energies", {"state"}, {energies_.size()}}};
  }
  Parameters parameters() const override { return energies_; }
  void set_parameters(const Parameters& theta) override {
    if (!theta.allFinite()) throw Error("table: energies must be finite");
    energies_ = theta;
  }

 private:
  Index number(const BatchView& x, Index column) const {
    Index sum = 0;
    for (Index i = 0; i < x.rows(); ++i) sum += strides_[std::size_t(i)] * Index(x(i, column));
    return sum;
  }

  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n) energy(n) = energies_(number(x, n));
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    if (sites.size() != 1)
      throw Error("table: coordinates depend on each other, ask for one at a time");
    const std::size_t i = std::size_t(sites[0]);
    natural.resize(levels_[i], x.cols());
    for (Index n = 0; n < x.cols(); ++n) {
      const Index first = number(x, n) - strides_[i] * Index(x(sites[0], n));
      for (Index k = 0; k < levels_[i]; ++k)
        natural(k, n) = -Real(energies_(first + k * strides_[i]));
    }
  }

  // No expansion is needed where every energy is at hand.
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override {
    do_energy(x, energy);
    natural.resize(natural_rows(domain_), x.cols());
    Batch one;
    Index row = 0;
    for (const Index i : all_sites(dim())) {
      do_natural(std::span(&i, 1), x, one);
      natural.middleRows(row, one.rows()) = one;
      row += one.rows();
    }
  }

  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    for (Index n = 0; n < x.cols(); ++n) out(number(x, n)) += weights(n);
  }

  Domain domain_;
  std::vector<Index> levels_, strides_;
  Parameters energies_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<::Table>("table", "an energy for each state of a few discrete coordinates",
                        "LeCun et al. 2006, A Tutorial on Energy-Based Learning");
}
