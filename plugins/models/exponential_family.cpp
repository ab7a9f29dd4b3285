// Exponential family: laws of maximal entropy for given means of φ (Jaynes 1957, Physical Review
// 106; Wainwright & Jordan 2008, Graphical Models, Exponential Families, Variational Inference).
//   p(x) = e^{η·φ(x)} / Z,  E(x) = -η·φ(x),  ∂E/∂η = -φ(x)
// φ: chosen powers of every coordinate, products x_i x_j of pairs, and indicators x_i = k of
// categorical ones. On R^d the law is proper if and only if the highest power with η ≠ 0 of each
// coordinate is even with η < 0 and the quadratic form of those where it is the square is definite.
#include <Eigen/Cholesky>
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <set>

namespace {
using namespace gibbsite;

class ExponentialFamily final : public EnergyModel,
                                public Differentiable,
                                public Conditional,
                                public Parametric {
 public:
  struct Params {
    std::optional<Index> units;
    Index levels = 0;
    std::vector<Index> powers = {1, 2};
    bool pairs = false, indicators = false;
    std::vector<double> coefficients;

    void fields(Fields& f) {
      f.integer("units", units, "number of coordinates",
                {.minimum = 1, .maximum = 1e5, .unset = "the width of the data"});
      f.integer("levels", levels, "number of states of a coordinate; 0: they are real numbers");
      f.integers("powers", powers, "powers of every coordinate that are features",
                 {.minimum = 1, .maximum = 20});
      f.flag("pairs", pairs, "take the products of two coordinates as features");
      f.flag("indicators", indicators, "take the indicators of each category as features");
      f.reals("coefficients", coefficients,
              "initial η: rising powers of each coordinate, pairs (0, 1), (0, 2), …, indicators",
              {.unset = "0, but -1/2 for squares of real coordinates"});
    }
  };
  ExponentialFamily(const Params& p, const Context& c) {
    const Index d = p.units ? *p.units : c.require_train().dim(), levels = p.levels;
    domain_ = levels == 0 ? Domain::real(d) : Domain::categorical(d, levels);
    for (Index i = 0; i < d; ++i)
      for (const Index n : std::set(p.powers.begin(), p.powers.end()))
        features_.push_back({.i = i, .power = n});
    for (Index i = 0; p.pairs && i < d; ++i)
      for (Index j = i + 1; j < d; ++j) features_.push_back({.i = i, .j = j});
    for (Index k = 0; p.indicators && k < d * levels; ++k)
      features_.push_back({.i = k / levels, .level = k % levels});
    const Index size = Index(features_.size()), given = Index(p.coefficients.size());
    if (given != 0 && given != size)
      throw Error(c.subject + ": coefficients: must have one value per feature, " +
                  std::to_string(size) + ", got " + std::to_string(given));
    Parameters eta = Parameters::Zero(size);
    for (Index k = 0; k < size; ++k)
      if (levels == 0 && features_[std::size_t(k)].power == 2) eta(k) = -0.5;
    if (given != 0) eta = Eigen::Map<const Parameters>(p.coefficients.data(), size);
    set_parameters(eta);
  }

  const Domain& domain() const override { return domain_; }
  bool offers(std::string_view capability) const override {
    if (capability == Differentiable::name) return domain_.all(Domain::Kind::real);
    return capability != Conditional::name || domain_.is_discrete();
  }
  std::vector<ParameterBlock> blocks() const override {
    return {{"coefficients", {"feature"}, {eta_.size()}}};
  }
  Parameters parameters() const override { return eta_; }
  void set_parameters(const Parameters& eta) override {
    if (!eta.allFinite()) throw Error("exponential_family: coefficients must be finite");
    if (domain_.all(Domain::Kind::real)) require_proper(eta);
    eta_ = eta;
  }

 private:
  // x_i^power, x_i x_j where j >= 0, or whether x_i is category `level` where that is >= 0.
  struct Feature {
    Index i = 0, power = 0, j = -1, level = -1;
  };

  Eigen::VectorXd phi(const Real* x) const {
    Eigen::VectorXd all(features_.size());
    for (std::size_t k = 0; k < features_.size(); ++k) {
      const Feature& f = features_[k];
      const double at = double(x[f.i]);
      all(Index(k)) = f.level >= 0 ? double(Index(x[f.i]) == f.level)
                      : f.j >= 0   ? at * double(x[f.j])
                                   : std::pow(at, double(f.power));
    }
    return all;
  }
  void require_proper(const Parameters& eta) const {
    Eigen::MatrixXd form = Eigen::MatrixXd::Zero(dim(), dim());  // the terms of degree two
    Eigen::ArrayXd highest = Eigen::ArrayXd::Zero(dim()), factor = highest;  // power with its η
    for (Index k = 0; k < eta.size(); ++k) {
      const Feature& f = features_[std::size_t(k)];
      if (f.power == 2) form(f.i, f.i) = -2 * eta(k);
      if (f.j >= 0) form(f.i, f.j) = form(f.j, f.i) = -eta(k);
      if (f.power > 0 && eta(k) != 0) highest(f.i) = double(f.power), factor(f.i) = eta(k);
    }
    for (Index i = 0; i < dim(); ++i) {
      if (!(factor(i) < 0) || std::fmod(highest(i), 2) != 0)
        throw Error("exponential_family: coefficients: the highest power of coordinate " +
                    std::to_string(i) + " must be even with a coefficient < 0");
      if (highest(i) == 2) continue;
      form.row(i) *= 0, form.col(i) *= 0;  // a higher power outgrows every product
      form(i, i) = 1;
    }
    if (form.llt().info() != Eigen::Success)
      throw Error("exponential_family: coefficients: the quadratic form must be negative definite");
  }
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n) energy(n) = -eta_.dot(phi(x.col(n).data()));
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    do_energy(x, energy);
    for (Index n = 0; n < x.cols(); ++n) {
      Eigen::VectorXd slope = Eigen::VectorXd::Zero(dim());
      for (Index k = 0; k < eta_.size(); ++k) {
        const Feature& f = features_[std::size_t(k)];
        const double at = double(x(f.i, n));
        const double other = f.j < 0 ? std::pow(at, double(f.power - 1)) : double(x(f.j, n));
        slope(f.i) -= eta_(k) * other * (f.j < 0 ? double(f.power) : 1);
        if (f.j >= 0) slope(f.j) -= eta_(k) * at;
      }
      gradient.col(n) = slope.cast<Real>();
    }
  }
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural_from_energies(sites, x, natural);
  }
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    for (Index n = 0; n < x.cols(); ++n) out -= weights(n) * phi(x.col(n).data());
  }

  Domain domain_;
  std::vector<Feature> features_;
  Parameters eta_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ExponentialFamily>(
      "exponential_family", "law of maximal entropy for given means of chosen features",
      "Wainwright & Jordan 2008, Foundations and Trends in Machine Learning 1:1-305");
}
