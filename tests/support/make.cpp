#include "support/make.hpp"

#include <cmath>
#include <gibbsite/io/loader.hpp>
#include <gibbsite/io/resolve.hpp>
#include <gibbsite/io/yaml.hpp>

namespace gibbsite::test {
namespace {

PluginSpec resolve(Kind kind, const std::string& yaml, const EnergyModel* model) {
  RegistryResolver resolver(registry());
  if (model != nullptr) resolver.set_natural(*model);
  Faults faults;
  PluginSpec spec =
      resolver.resolve(kind, parse_yaml(yaml, "test"), std::string(kind_name(kind)), faults);
  faults.raise();
  return spec;
}

template <class T>
std::unique_ptr<T> make(Kind kind, const std::string& yaml, const Context& context) {
  return registry().make<T>(kind, resolve(kind, yaml, context.model), context);
}

}  // namespace

Registry& registry() {
  static Registry all;
  static const bool ready = [] {
    load_on_demand(module_folder(), all);
    return true;
  }();
  (void)ready;
  return all;
}

const Workers& workers() {
  static const Workers two(2);
  return two;
}

Context context(EnergyModel* model) {
  Context context;
  context.model = model;
  context.workers = &workers();
  context.registry = &registry();
  context.random = Stream(1);
  context.subject = "test";
  return context;
}

std::unique_ptr<EnergyModel> make_model(const std::string& yaml, const Context& context) {
  return make<EnergyModel>(Kind::model, yaml, context);
}
std::unique_ptr<Sampler> make_sampler(const std::string& yaml, EnergyModel& model) {
  return make<Sampler>(Kind::sampler, yaml, context(&model));
}
std::unique_ptr<GradientEstimator> make_gradient(const std::string& yaml, const Context& context) {
  return make<GradientEstimator>(Kind::gradient, yaml, context);
}
std::unique_ptr<Evaluation> make_evaluation(const std::string& yaml, const Context& context) {
  return make<Evaluation>(Kind::evaluation, yaml, context);
}
std::unique_ptr<Optimizer> make_optimizer(const std::string& yaml) {
  return make<Optimizer>(Kind::optimizer, yaml, context());
}
std::unique_ptr<Dataset> make_dataset(const std::string& yaml, const Context& context) {
  return make<Dataset>(Kind::dataset, yaml, context);
}

std::unique_ptr<EnergyModel> recipe_rbm(Index visible, Index hidden, double scale) {
  auto model = make_model("{name: rbm, visible: " + std::to_string(visible) +
                          ", hidden: " + std::to_string(hidden) + "}");
  Parameters theta(visible * hidden + visible + hidden);
  Index at = 0;
  for (Index i = 0; i < visible; ++i)
    for (Index j = 0; j < hidden; ++j)
      theta(at++) = scale * std::sin(1 + .7 * double(i) + 1.3 * double(j) + .11 * double(i * j));
  for (Index i = 0; i < visible; ++i) theta(at++) = .3 * std::cos(1 + double(i));
  for (Index j = 0; j < hidden; ++j) theta(at++) = .3 * std::sin(2 + double(j));
  model->capability<Parametric>()->set_parameters(theta);
  return model;
}

std::unique_ptr<EnergyModel> recipe_boltzmann(Index units, double scale, bool with_bias) {
  auto model = make_model("{name: boltzmann_machine, units: " + std::to_string(units) + "}");
  Parameters theta = Parameters::Zero(units * units + units);
  for (Index i = 0; i < units; ++i) {
    for (Index j = 0; j < units; ++j)
      if (i != j)
        theta(i * units + j) = scale * std::sin(1 + .7 * double(i + j) + .37 * double(i * j));
    if (with_bias) theta(units * units + i) = .3 * std::cos(1 + double(i));
  }
  model->capability<Parametric>()->set_parameters(theta);
  return model;
}

double value_of(const Result& result, const std::string& name) {
  for (const Variable& variable : result.variables)
    if (variable.name == name && !variable.values.empty()) return variable.values[0];
  FAIL("the result has no variable " << name);
  return 0;
}

}  // namespace gibbsite::test
