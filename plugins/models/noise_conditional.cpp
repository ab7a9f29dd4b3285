// Energies of data under noise by a model that has the level of the noise as its last coordinate
// (Gao, Song, Poole, Wu & Kingma 2021, Learning Energy-Based Models by Diffusion Recovery
// Likelihood, ICLR): f_θ(y, t) of the paper is -E_t(y),
//   E_t(y) = E(y, t/T),  t = 0 … T - 1,  p(y_t) ∝ e^{-E_t(y_t)},
// for data x_0 that noise takes to N(0, I) in T steps,
//   x_{t+1} = √(1 - σ²_{t+1}) x_t + σ_{t+1} ε,  y_t = √(1 - σ²_{t+1}) x_t.
// Any model of one real coordinate more than the data will do, since only its energies and
// gradients at given levels are asked for: what it says of levels as a random variable does not
// matter. The model itself is E_0, a law of data with next to no noise, so everything that works on
// models works on it; that the ladder belongs to the model lets training and synthesis agree on it.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class NoiseConditional final : public EnergyModel,
                               public Differentiable,
                               public Parametric,
                               public NoiseLevels {
 public:
  struct Params {
    PluginSpec model;
    std::optional<Index> levels;
    std::optional<double> least, greatest;
    std::vector<double> noise;

    void fields(Fields& f) {
      f.plugin("model", model, Kind::model,
               "the model of y and, as one more real coordinate, the level t/T",
               {.required = true});
      f.integer("levels", levels, "number T of levels",
                {.minimum = 1, .maximum = 1e4, .unset = "6, or as many as in noise"});
      const Rule rule{.minimum = 0, .maximum = 1, .above_minimum = true};
      Rule first = rule, last = rule, all = rule;
      first.unset = "0.1, or the first in noise";
      last.unset = "0.95, or the last in noise";
      f.real("least", least, "σ_1, in units of the data; those between are spaced geometrically",
             first);
      f.real("greatest", greatest, "σ_T, in units of the data", last);
      all.unset = "by levels, least and greatest";
      f.reals("noise", noise, "all σ_t, rising, in place of the three above", all);
    }
  };

  NoiseConditional(const Params& p, const Context& c)
      : joint_(c.energy_model(p.model)),
        differentiable_(part<Differentiable>(*joint_, c)),
        parametric_(part<Parametric>(*joint_, c)),
        domain_(Domain::real(joint_->dim() - 1)),
        noise_(ladder(p, c.subject)) {
    if (!joint_->domain().all(Domain::Kind::real) || joint_->dim() < 2)
      throw Error(c.subject + ": model: must have at least 2 coordinates, all real, got " +
                  joint_->domain().text());
    if (c.train != nullptr && c.train->dim() != dim())
      throw Error(c.subject + ": model: must have one coordinate more than the data, " +
                  std::to_string(c.train->dim() + 1) + ", got " + std::to_string(joint_->dim()));
  }

  const Domain& domain() const override { return domain_; }
  const std::vector<double>& noise() const override { return noise_; }
  std::vector<ParameterBlock> blocks() const override { return parametric_.blocks(); }
  Parameters parameters() const override { return parametric_.parameters(); }
  void set_parameters(const Parameters& theta) override { parametric_.set_parameters(theta); }

 private:
  template <class Ability>
  static Ability& part(EnergyModel& model, const Context& c) {
    auto* ability = model.capability<Ability>();
    if (ability == nullptr) throw Error(c.subject + ": model: needs " + std::string(Ability::name));
    return *ability;
  }

  static std::vector<double> ladder(const Params& p, const std::string& subject) {
    std::vector<double> noise = p.noise;
    if (!noise.empty() && (p.levels || p.least || p.greatest))
      throw Error(subject + ": noise: must not stand beside levels, least or greatest");
    const Index levels = p.levels.value_or(6);
    const double first = p.least.value_or(.1), last = p.greatest.value_or(.95);
    for (Index t = 0; p.noise.empty() && t < levels; ++t)
      noise.push_back(first *
                      std::pow(last / first, double(t) / double(std::max<Index>(levels - 1, 1))));
    for (std::size_t t = 0; t < noise.size(); ++t)
      if (!(noise[t] < 1) || (t > 0 && !(noise[t] > noise[t - 1])))
        throw Error(subject + ": noise: must rise and stay below 1, got " + number_text(noise[t]) +
                    (t > 0 ? " after " + number_text(noise[t - 1]) : ""));
    return noise;
  }

  Batch with_level(Index level, const BatchView& y) const {
    Batch whole(y.rows() + 1, y.cols());
    whole.topRows(y.rows()) = y;
    whole.row(y.rows()).setConstant(Real(double(level) / double(noise_.size())));
    return whole;
  }

  void do_energy_at(Index level, const BatchView& y, Row& energy) const override {
    joint_->energy(with_level(level, y), energy);
  }
  void do_energy_and_gradient_at(Index level, const BatchView& y, Row& energy,
                                 Batch& gradient) const override {
    Batch whole;
    differentiable_.energy_and_gradient(with_level(level, y), energy, whole);
    gradient = whole.topRows(y.rows());
  }
  void do_parameter_gradient_at(Index level, const BatchView& y, const Row& weights,
                                Parameters& out) const override {
    parametric_.parameter_gradient(with_level(level, y), weights, out);
  }

  void do_energy(const BatchView& x, Row& energy) const override { do_energy_at(0, x, energy); }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    do_energy_and_gradient_at(0, x, energy, gradient);
  }
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    do_parameter_gradient_at(0, x, weights, out);
  }

  std::unique_ptr<EnergyModel> joint_;
  Differentiable& differentiable_;
  Parametric& parametric_;
  Domain domain_;
  std::vector<double> noise_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<NoiseConditional>(
      "noise_conditional", "energies of data under a ladder of noise, by a model of data and level",
      "Gao, Song, Poole, Wu & Kingma 2021, ICLR, arXiv:2012.08125");
}
