#include "gibbsite/conformance/models.hpp"

#include <cmath>
#include <limits>

#include "gibbsite/api/compose.hpp"
#include "gibbsite/api/registry.hpp"
#include "gibbsite/conformance/stationarity.hpp"
#include "gibbsite/io/resolve.hpp"
#include "gibbsite/io/yaml.hpp"

namespace gibbsite {
namespace {

// The result of a factory on the heap, where models that cannot be moved have to be made.
std::unique_ptr<EnergyModel> made(auto factory) {
  return std::unique_ptr<EnergyModel>(new auto(factory()));
}

// Parameters that no symmetry of a model makes easy: scale · sin(1 + 1.3 k) for parameter k.
void spread_parameters(EnergyModel& model, double scale) {
  auto& parametric = *model.capability<Parametric>();
  Parameters theta = parametric.parameters();
  for (Index k = 0; k < theta.size(); ++k) theta(k) = scale * std::sin(1 + 1.3 * double(k));
  parametric.set_parameters(theta);
}

}  // namespace

TableModel TableModel::rugged(const Domain& domain) {
  const Index count = Index(std::llround(std::exp(domain.log_states())));
  Row energies(count);
  for (Index n = 0; n < count; ++n) energies(n) = 2 * std::sin(1 + 1.7 * double(n * n));
  return {domain, energies};
}

void TableModel::do_energy(const BatchView& x, Row& energy) const {
  for (Index c = 0; c < x.cols(); ++c) energy(c) = energies_(Index(state_number(domain_, x, c)));
}

void TableModel::do_natural(std::span<const Index> sites, const BatchView& x,
                            Batch& natural) const {
  natural_from_energies(sites, x, natural);
}

void HalfNan::do_energy(const BatchView& x, Row& energy) const {
  Batch gradient(x.rows(), x.cols());
  do_energy_and_gradient(x, energy, gradient);
}

void HalfNan::do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const {
  for (Index c = 0; c < x.cols(); ++c) {
    const double r2 = x.col(c).cast<double>().squaredNorm();
    energy(c) = r2 / 2 + r2 * r2 / 10;
    gradient.col(c) = Real(1 + 0.4 * r2) * x.col(c);
    if (x(0, c) <= 0) continue;
    energy(c) = std::numeric_limits<double>::quiet_NaN();
    gradient.col(c).setConstant(std::numeric_limits<Real>::quiet_NaN());
  }
}

PluginSpec resolved(Kind kind, const std::string& yaml, const Context& context) {
  RegistryResolver resolver(*context.registry);
  if (context.model != nullptr) resolver.set_natural(*context.model);
  Faults faults;
  PluginSpec spec =
      resolver.resolve(kind, parse_yaml(yaml, "test"), std::string(kind_name(kind)), faults);
  faults.raise();
  return spec;
}

std::unique_ptr<EnergyModel> model_of(const std::string& yaml, const Context& context) {
  return context.registry->make<EnergyModel>(Kind::model, resolved(Kind::model, yaml, context),
                                             context);
}

std::unique_ptr<Sampler> sampler_of(const std::string& yaml, EnergyModel& model,
                                    const Context& context) {
  Context own = context;
  own.model = &model;
  return own.registry->make<Sampler>(Kind::sampler, resolved(Kind::sampler, yaml, own), own);
}

SmallModels::SmallModels(const Context& context) {
  add_real(context);
  add_discrete(context);
}

EnergyModel& SmallModels::operator[](const std::string& title) const {
  for (const auto& [name, model] : models_)
    if (name == title) return *model;
  throw Error("there is no small model '" + title + "'");
}

EnergyModel& SmallModels::add(const std::string& title, std::unique_ptr<EnergyModel> model) {
  owned_.push_back(std::move(model));
  models_.emplace_back(title, owned_.back().get());
  return *owned_.back();
}

void SmallModels::add_discrete(const Context& context) {
  const Domain mixed{{{Domain::Kind::binary, 2, 2},
                      {Domain::Kind::categorical, 1, 3},
                      {Domain::Kind::spin, 1, 2}}};
  add("table of energies on mixed coordinates", made([&] { return TableModel::rugged(mixed); }));
  EnergyModel& rbm = add("rbm", model_of("{name: rbm, visible: 4, hidden: 3}", context));
  spread_parameters(rbm, 1);
  EnergyModel& boltzmann =
      add("boltzmann_machine",
          model_of("{name: boltzmann_machine, units: 5, weight_scale: 0.5}", context));
  EnergyModel& base =
      add("independent units",
          std::make_unique<Independent>(Domain::binary(4), Vector::Constant(4, Real(0.4))));
  add("annealed rbm", made([&] { return WeightedSum::path(base, rbm, 0.6); }));
  add("tempered boltzmann_machine", made([&] { return WeightedSum::tempered(0.6, boltzmann); }));
  add("clamped rbm", std::make_unique<Clamped>(rbm, std::vector<Index>{1}, Vector::Ones(1)));
  add("ising on a checkerboard",
      model_of("{name: ising, sides: [2, 3], boundary: open, coupling: .4, field: [.2]}", context));
  add("potts",
      model_of("{name: potts, lattice: chain, sides: [4], levels: 3, coupling: .8}", context));
}

void SmallModels::add_real(const Context& context) {
  EnergyModel& normal =
      add("gaussian",
          model_of("{name: gaussian, mean: [1, -2], precision: [2, -1.2, -1.2, 1]}", context));
  EnergyModel& mixture =
      add("gaussian_mixture",
          model_of("{name: gaussian_mixture, weights: [.3, .7], means: [-1, 0, 1, 1]}", context));
  add("tempered gaussian_mixture", made([&] { return WeightedSum::tempered(0.6, mixture); }));
  add("clamped gaussian",
      std::make_unique<Clamped>(normal, std::vector<Index>{1}, Vector::Ones(1)));
  add("logistic_regression",
      model_of("{name: logistic_regression, dataset: {name: two_moons, size: 12, seed: 3}}",
               context));
  add("noise_conditional",
      model_of("{name: noise_conditional, levels: 2, model: {name: gaussian, mean: [.5, -1, 0], "
               "precision: [2, .6, .1, .6, 1, .3, .1, .3, 1]}}",
               context));
  add("independent units, real ones among them", made([] {
        return Independent::uniform({{{Domain::Kind::spin, 2, 2}, {Domain::Kind::real, 3, 0}}});
      }));
}

}  // namespace gibbsite
