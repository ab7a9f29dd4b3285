// The checks of model_checks.hpp that concern parameters, hidden units, counters and ln Z.
#include <cmath>
#include <limits>
#include <set>

#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/api/independent.hpp"
#include "gibbsite/api/quadrature.hpp"
#include "gibbsite/conformance/comparison.hpp"
#include "gibbsite/conformance/model_checks.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

std::string text(const Evaluations& e) {
  return std::to_string(e.energy) + " energies, " + std::to_string(e.gradient) + " gradients, " +
         std::to_string(e.parameter_gradient) + " parameter gradients, " +
         std::to_string(e.site_updates) + " site updates";
}

// What one call must count, and what it does.
template <class Call>
void count(const EnergyModel& model, const std::string& what, const Evaluations& wanted, Call call,
           Sentences& wrong) {
  const Evaluations before = model.evaluations();
  call();
  const Evaluations got = model.evaluations() - before;
  if (!(got == wanted))
    wrong.push_back("wrong evaluation count: " + what + " counts as " + text(got) + " instead of " +
                    text(wanted) + " (do_… must not call the public energy() and so on)");
}

bool linear_in_weights(const Parametric& parametric, const Batch& x) {
  const Index size = parametric.parameters().size();
  Parameters once = Parameters::Zero(size), twice = Parameters::Zero(size);
  parametric.parameter_gradient(x, Row::Constant(x.cols(), 3), once);
  for (Index n = 0; n < x.cols(); ++n) {
    parametric.parameter_gradient(x.col(n), Row::Constant(1, 1), twice);
    parametric.parameter_gradient(x.col(n), Row::Constant(1, 2), twice);
  }
  return distance_of(twice.array(), once.array()) < tolerance_of(1e-11, 1e-4);
}

}  // namespace

void move_parameters(EnergyModel& model, const Batch& x) {
  auto* parametric = model.capability<Parametric>();
  if (parametric == nullptr) return;
  const Parameters theta = parametric->parameters();
  Parameters direction = Parameters::Zero(theta.size());
  parametric->parameter_gradient(x, Row::LinSpaced(x.cols(), -1, 1.3), direction);
  if (direction.norm() > 0) parametric->set_parameters(theta + .3 * direction / direction.norm());
}

Sentences parameter_gradient_faults(EnergyModel& model, const Batch& x) {
  auto* parametric = model.capability<Parametric>();
  if (parametric == nullptr) return {};
  const Parameters theta = parametric->parameters();
  Row weights(x.cols());
  for (Index n = 0; n < x.cols(); ++n) weights(n) = std::sin(1.0 + 2 * double(n));
  Parameters gradient = Parameters::Zero(theta.size());
  parametric->parameter_gradient(x, weights, gradient);
  const double h = tolerance_of(1e-5, 1e-2);
  std::vector<double> got, wanted;
  for (Index n = 0; n < x.cols(); ++n) {
    Parameters direction = Parameters::Zero(theta.size());
    parametric->parameter_gradient(x.col(n), Row::Ones(1), direction);
    if (direction.norm() == 0) continue;
    direction /= direction.norm();
    parametric->set_parameters(theta + h * direction);
    const double up = (weights * energies_of(model, x)).sum();
    parametric->set_parameters(theta - h * direction);
    const double down = (weights * energies_of(model, x)).sum();
    got.push_back(gradient.dot(direction));
    wanted.push_back((up - down) / (2 * h));
  }
  parametric->set_parameters(theta);
  Sentences wrong;
  const auto table = [](const std::vector<double>& v) {
    return Table(Eigen::Map<const Table>(v.data(), 1, Index(v.size())));
  };
  if (!got.empty())
    compare("the parameter gradient", table(got), "central differences of the energy",
            table(wanted), tolerance_of(1e-6, 2e-2), wrong);
  if (!linear_in_weights(*parametric, x))
    wrong.emplace_back("parameter gradients must be added to `out`, linearly in the weights");
  return wrong;
}

Sentences parameter_faults(EnergyModel& model, const Batch& x) {
  auto* parametric = model.capability<Parametric>();
  if (parametric == nullptr) return {};
  const Parameters theta = parametric->parameters();
  const Row before = energies_of(model, x);
  const auto unchanged = [&] { return (energies_of(model, x) == before).all(); };
  Sentences wrong;
  Index size = 0;
  std::set<std::string> names;
  for (const ParameterBlock& block : parametric->blocks()) {
    if (block.dimensions.size() != block.shape.size())
      wrong.push_back("block " + block.name + " has dimensions without names");
    if (!names.insert(block.name).second)
      wrong.push_back("block " + block.name + " is there twice");
    size += block.size();
  }
  if (size != theta.size())
    wrong.push_back("the blocks have " + std::to_string(size) +
                    " parameters in all, but there are " + std::to_string(theta.size()));
  move_parameters(model, x);
  const bool moved = parametric->parameters() != theta;
  if (moved && unchanged()) wrong.emplace_back("the energy does not change with the parameters");
  parametric->set_parameters(theta);
  if (parametric->parameters() != theta || !unchanged())
    wrong.emplace_back("parameters do not come back as they were set");
  if (theta.size() == 0) return wrong;
  Parameters broken = theta;
  broken(0) = std::numeric_limits<double>::quiet_NaN();
  bool refused = false;
  try {
    parametric->set_parameters(broken);
  } catch (const Error&) {
    refused = true;
  }
  if (!refused) {
    wrong.emplace_back("a NaN among the parameters must be refused (throw Error)");
    parametric->set_parameters(theta);
  } else if (!unchanged()) {
    wrong.emplace_back("parameters that were refused have changed the energy");
  }
  return wrong;
}

Sentences latent_faults(const EnergyModel& model, const Batch& x) {
  const auto* latent = model.capability<Latent>();
  if (latent == nullptr) return {};
  Batch eta, xi, h(latent->hidden().dim(), 1);
  Row visible;
  latent->visible_energy(x, visible);
  latent->hidden_natural(x, eta);
  Sentences wrong;
  compare("the free energy of the hidden units",
          Table(visible - log_partition(latent->hidden(), eta)), "the energy",
          Table(energies_of(model, x)), tolerance_of(1e-12, 1e-5), wrong);
  // A(v) - η(v)·T(h) + ξ(h)·T(v) = B(h) is the same for every v.
  Independent::uniform(latent->hidden()).draw(Stream(13), h);
  latent->visible_natural(h, xi);
  const Row rest = visible - natural_energy(latent->hidden(), eta, h.replicate(1, x.cols())) +
                   natural_energy(model.domain(), xi.replicate(1, x.cols()), x);
  const double apart = rest.maxCoeff() - rest.minCoeff();
  if (!(apart < tolerance_of(1e-12, 1e-4)))
    wrong.push_back(
        "the two layers have no joint energy: what should depend on h alone changes by " +
        shown(apart) + " with v");
  return wrong;
}

Sentences model_count_faults(const EnergyModel& model, const Batch& x) {
  Sentences wrong;
  const auto n = std::uint64_t(x.cols());
  Row row;
  Batch batch;
  count(
      model, "one energy of each", {.energy = n}, [&] { model.energy(x, row); }, wrong);
  if (const auto* differentiable = model.capability<Differentiable>())
    count(
        model, "one gradient of each", {.gradient = n},
        [&] { differentiable->energy_and_gradient(x, row, batch); }, wrong);
  // Composed models may take local parameters from the layers of a part, which counts there.
  if (const auto* discrete = model.capability<DiscreteGradient>();
      discrete != nullptr && model.capability<Latent>() == nullptr)
    count(
        model, "one discrete gradient of each", {.gradient = n},
        [&] { discrete->energy_and_local_natural(x, row, batch); }, wrong);
  if (const auto* conditional = model.capability<Conditional>()) {
    const Index site[] = {0};
    const Evaluations before = model.evaluations();
    conditional->natural(site, x, batch);
    Evaluations got = model.evaluations() - before;
    // A conditional may come from the energies of the coordinate's states.
    if (got.energy == n * std::uint64_t(model.domain().site(0).levels)) got.energy = 0;
    if (!(got == Evaluations{.site_updates = n}))
      wrong.push_back("wrong evaluation count: one conditional of each counts as " + text(got));
  }
  if (const auto* latent = model.capability<Latent>())
    count(
        model, "the hidden layer of each",
        {.site_updates = n * std::uint64_t(latent->hidden().dim())},
        [&] { latent->hidden_natural(x, batch); }, wrong);
  if (const auto* parametric = model.capability<Parametric>()) {
    Parameters out = Parameters::Zero(parametric->parameters().size());
    count(
        model, "one parameter gradient of each", {.parameter_gradient = n},
        [&] { parametric->parameter_gradient(x, Row::Ones(x.cols()), out); }, wrong);
  }
  return wrong;
}

Sentences partition_faults(const EnergyModel& model, const Workers& workers) {
  const auto* normalized = model.capability<Normalized>();
  const auto closed =
      normalized == nullptr ? std::optional<double>() : normalized->log_partition(1);
  if (!closed) return {};
  double truth = 0, tolerance = tolerance_of(1e-10, 1e-4);
  if (model.domain().log_states() < 14) {
    Row energy;
    model.energy(states(model.domain(), 0, state_count(model)), energy);
    truth = log_sum_exp((-energy).transpose());
  } else if (can_integrate(model)) {
    const Quadrature found = integrate(model, workers, 1e-8, 22);
    truth = found.log_integral;
    tolerance += 10 * found.error + 1e-7;
  } else {
    return {};
  }
  if (std::abs(*closed - truth) <= tolerance * std::max(1.0, std::abs(truth))) return {};
  return {"its closed ln Z is " + shown(*closed) + ", but its energies sum to " + shown(truth)};
}

}  // namespace gibbsite
