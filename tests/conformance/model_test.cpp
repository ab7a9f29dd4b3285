// What every registered model must do. A new model needs a line in model_examples.hpp and nothing
// else.
#include <functional>
#include <set>

#include "conformance/model_subjects.hpp"
#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::vector<std::vector<Index>> sets_of(const Conditional& conditional, Index dim) {
  auto sets = conditional.independent_sets();
  if (sets.empty())
    for (Index i = 0; i < dim; ++i) sets.push_back({i});
  return sets;
}

// Everything that a model computes from configurations, as one column of numbers per column of x.
Table everything(const EnergyModel& model, const Batch& x) {
  std::vector<Table> parts{energies(model, x)};
  Batch batch;
  Row row;
  if (const auto* differentiable = model.capability<Differentiable>()) {
    differentiable->energy_and_gradient(x, row, batch);
    parts.emplace_back(row);
    parts.emplace_back(batch.array().cast<double>());
  }
  if (const auto* conditional = model.capability<Conditional>())
    for (const auto& sites : sets_of(*conditional, model.dim())) {
      conditional->natural(sites, x, batch);
      parts.emplace_back(batch.array().cast<double>());
    }
  if (const auto* discrete = model.capability<DiscreteGradient>()) {
    discrete->energy_and_local_natural(x, row, batch);
    parts.emplace_back(row);
    parts.emplace_back(batch.array().cast<double>());
  }
  if (const auto* minibatch = model.capability<Minibatch>()) {
    minibatch->minibatch_gradient(x, 3, Stream(14), batch);
    parts.emplace_back(batch.array().cast<double>());
  }
  if (const auto* latent = model.capability<Latent>()) {
    latent->visible_energy(x, row);
    latent->hidden_natural(x, batch);
    parts.emplace_back(row);
    parts.emplace_back(batch.array().cast<double>());
    Batch h(latent->hidden().dim(), x.cols()), natural;
    Stream random(12);
    sample(latent->hidden(), batch, random, h);
    latent->visible_natural(h, natural);
    parts.emplace_back(natural.array().cast<double>());
  }
  Index rows = 0;
  for (const Table& part : parts) rows += part.rows();
  Table all(rows, x.cols());
  rows = 0;
  for (const Table& part : parts) {
    all.middleRows(rows, part.rows()) = part;
    rows += part.rows();
  }
  return all;
}

// Whether a and b are the same numbers, bit for bit (no NaN is expected).
bool identical(const Table& a, const Table& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a == b).all();
}

// x with coordinate i of every column set to `value`.
Batch with(const Batch& x, Index i, double value) {
  Batch out = x;
  out.row(i).setConstant(Real(value));
  return out;
}

// The natural parameters of coordinate i that the energies imply, for the kinds of domain.hpp.
Batch natural_from_energies(const EnergyModel& model, Index i, const Batch& x) {
  const Domain::Part part = model.domain().site(i);
  const auto at = [&](double value) { return energies(model, with(x, i, value)); };
  const auto to_batch = [](const auto& table) {
    return Batch(table.matrix().template cast<Real>());
  };
  if (part.kind == Domain::Kind::binary) return to_batch(Row(at(0) - at(1)));
  if (part.kind == Domain::Kind::spin) return to_batch(Row(.5 * (at(-1) - at(1))));
  if (part.kind == Domain::Kind::real) {  // E = const - η x + p x²/2
    Table natural(2, x.cols());
    natural.row(0) = .5 * (at(-1) - at(1));
    natural.row(1) = at(1) + at(-1) - 2 * at(0);
    return to_batch(natural);
  }
  Table natural(part.levels, x.cols());
  for (Index k = 0; k < part.levels; ++k) natural.row(k) = at(0) - at(double(k));
  return to_batch(natural);
}

// Categorical log weights are the same law when a number is added to all.
Batch standard(const Domain::Part& part, Batch natural) {
  if (part.kind == Domain::Kind::categorical) natural.rowwise() -= natural.row(0).eval();
  return natural;
}

// Σ over the discrete coordinates ∫ over the real ones of f(x); nothing where all are discrete or
// more than two are real.
std::optional<double> quadrature(const Domain& domain, const std::function<Row(const Batch&)>& f) {
  std::vector<Index> real, discrete;
  for (Index i = 0; i < domain.dim(); ++i)
    (domain.site(i).kind == Domain::Kind::real ? real : discrete).push_back(i);
  if (real.empty() || real.size() > 2) return {};
  const Batch rest = discrete.empty() ? Batch(0, 1) : all_states(domain.select(discrete));
  double sum = 0;
  for (Index n = 0; n < rest.cols(); ++n)
    sum += integral(Index(real.size()), 15, .06, [&](const Batch& x) {
      Batch whole(domain.dim(), x.cols());
      for (std::size_t k = 0; k < real.size(); ++k) whole.row(real[k]) = x.row(Index(k));
      for (std::size_t k = 0; k < discrete.size(); ++k)
        whole.row(discrete[k]).setConstant(rest(Index(k), n));
      return f(whole);
    });
  return sum;
}

// ln Z by every way that is open, with its name.
std::map<std::string, double> log_partitions(const EnergyModel& model) {
  std::map<std::string, double> found;
  if (!exact_method(model).empty())
    found["exact_sum: " + exact_method(model)] = exact_sum(model, workers(), false).log_partition;
  if (const auto* normalized = model.capability<Normalized>())
    if (const auto value = normalized->log_partition(1)) found["closed form"] = *value;
  if (model.domain().log_states() < 9) found["every state"] = log_sum_over_states(model);
  if (const auto Z = quadrature(model.domain(),
                                [&](const Batch& x) { return Row((-energies(model, x)).exp()); }))
    found["quadrature"] = std::log(*Z);
  return found;
}

// E ∂E/∂θ by adding up states or by quadrature.
std::optional<Parameters> mean_parameter_gradient(const EnergyModel& model) {
  if (model.domain().log_states() < 9) return mean_gradient_over_states(model);
  const auto& parametric = *model.capability<Parametric>();
  Parameters sum = Parameters::Zero(parametric.parameters().size());
  double total = 0;  // of the same grid as `sum`
  const auto Z = quadrature(model.domain(), [&](const Batch& x) {
    const Row weights = (-energies(model, x)).exp();
    parametric.parameter_gradient(x, weights, sum);
    total += weights.sum();
    return weights;
  });
  if (!Z) return {};
  return Parameters(sum / total);
}

}  // namespace

TEST_CASE("every registered model has an example here, and every example is registered") {
  std::vector<std::string> known;
  for (const auto& [name, specs] : examples) known.push_back(name);
  auto names = registry().names(Kind::model);
  std::erase(names, "torchscript");  // optional, see examples_of
  CHECK(names == known);
}

TEST_CASE("models document every field with a sentence and a plain name") {
  for (const std::string& name : registry().names(Kind::model)) {
    CAPTURE(name);
    const Entry* entry = registry().find(Kind::model, name);
    REQUIRE(entry != nullptr);
    CHECK(!entry->summary.empty());
    CHECK(!entry->reference.empty());
    Describer describer;
    entry->fields(describer);
    for (const auto& item : describer.items()) {
      CAPTURE(item.field.name);
      CHECK(item.field.documentation.size() > 5);
      CHECK(item.field.documentation.back() != '.');
      CHECK(item.field.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos);
      const bool explained =
          item.default_value || item.field.rule.required || !item.field.rule.unset.empty();
      CHECK(explained);
    }
  }
}

TEST_CASE(
    "models offer the abilities that their registration lists and no others, all of them in some "
    "example") {
  std::map<std::string, std::set<std::string>> offered;
  for_each_model_at_all_parameters([&](const Subject& subject) {
    const auto& listed = registry().find(Kind::model, subject.name)->capabilities;
    for (const std::string& ability : capabilities_of(*subject)) {
      CHECK(std::count(listed.begin(), listed.end(), ability) == 1);
      offered[subject.name].insert(ability);
    }
  });
  for (const auto& [name, abilities] : offered) {
    CAPTURE(name);
    const auto& listed = registry().find(Kind::model, name)->capabilities;
    CHECK(abilities == std::set<std::string>(listed.begin(), listed.end()));
  }
}

TEST_CASE("models of one spec and one seed are the same, and their domain takes their own draws") {
  for_each_model([](const Subject& subject) {
    const auto first = make_model(subject.spec), second = make_model(subject.spec);
    CHECK(identical(energies(*first, subject.x), energies(*second, subject.x)));
    CHECK(first->domain() == subject->domain());
    if (const auto* exact = subject.as<Exact>()) {
      Batch draws(subject->dim(), 50), again(subject->dim(), 20);
      exact->draw(Stream(3), draws);
      exact->draw(Stream(3).chains_from(5), again);
      CHECK_NOTHROW(require_inside(subject->domain(), draws));
      CHECK(again == draws.middleCols(5, 20));
    }
  });
}

TEST_CASE("a configuration's numbers do not depend on the batch it is in, to the last bit") {
  for_each_model([](const Subject& subject) {
    const Table all = everything(*subject, subject.x);
    CHECK(all.isFinite().all());
    const Row energy = energies(*subject, subject.x);
    for (Index n = 0; n < configurations; ++n)
      CHECK(identical(energies(*subject, subject.x.col(n)), energy.col(n)));
    // A copy, and a view that starts elsewhere in memory: alignment must not matter either.
    CHECK(identical(everything(*subject, subject.x.leftCols(9)), all.leftCols(9)));
    Row shifted;
    subject->energy(subject.x.middleCols(1, 13), shifted);
    CHECK(identical(shifted, energy.middleCols(1, 13)));
  });
}

TEST_CASE("gradients agree with central differences of the energy, and bring the energy") {
  for_each_model([](const Subject& subject) {
    const auto* differentiable = subject.as<Differentiable>();
    if (differentiable == nullptr) return;
    CHECK(subject->domain().all(Domain::Kind::real));
    Row energy;
    Batch gradient;
    differentiable->energy_and_gradient(subject.x, energy, gradient);
    CHECK(distance(energy, energies(*subject, subject.x)) < tolerance(1e-13, 1e-5));
    const double h = tolerance(1e-4, 1e-2);
    for (Index i = 0; i < subject->dim(); ++i) {
      Batch up = subject.x, down = subject.x;
      up.row(i).array() += Real(h);
      down.row(i).array() -= Real(h);
      const Row slope = (energies(*subject, up) - energies(*subject, down)) / (2 * h);
      CHECK(distance(gradient.row(i), slope.matrix()) < tolerance(1e-6, 1e-2));
    }
  });
}

TEST_CASE("parameter gradients agree with central differences along allowed directions") {
  for_each_model([](const Subject& subject) {
    auto* parametric = subject.as<Parametric>();
    if (parametric == nullptr) return;
    const Parameters theta = parametric->parameters();
    Row weights(configurations);
    for (Index n = 0; n < configurations; ++n) weights(n) = std::sin(1.0 + 2 * double(n));
    Parameters gradient = Parameters::Zero(theta.size());
    parametric->parameter_gradient(subject.x, weights, gradient);
    const double h = tolerance(1e-5, 1e-2);
    for (Index n = 0; n < configurations; ++n) {
      Parameters direction = Parameters::Zero(theta.size());
      parametric->parameter_gradient(subject.x.col(n), Row::Ones(1), direction);
      if (direction.norm() == 0) continue;
      direction /= direction.norm();
      parametric->set_parameters(theta + h * direction);
      const double up = (weights * energies(*subject, subject.x)).sum();
      parametric->set_parameters(theta - h * direction);
      const double down = (weights * energies(*subject, subject.x)).sum();
      CHECK(near(gradient.dot(direction), (up - down) / (2 * h), tolerance(1e-6, 2e-2)));
    }
    parametric->set_parameters(theta);
  });
}

TEST_CASE("parameter gradients are added to what is there, linearly in the weights") {
  for_each_model([](const Subject& subject) {
    const auto* parametric = subject.as<Parametric>();
    if (parametric == nullptr) return;
    const Index size = parametric->parameters().size();
    Parameters once = Parameters::Zero(size), twice = Parameters::Zero(size);
    parametric->parameter_gradient(subject.x, Row::Constant(configurations, 3), once);
    for (Index n = 0; n < configurations; ++n) {
      parametric->parameter_gradient(subject.x.col(n), Row::Constant(1, 1), twice);
      parametric->parameter_gradient(subject.x.col(n), Row::Constant(1, 2), twice);
    }
    CHECK(distance(twice, once) < tolerance(1e-12, 1e-5));
  });
}

TEST_CASE("parameters come back as they were set, and their blocks are named and complete") {
  for_each_model([](const Subject& subject) {
    auto* parametric = subject.as<Parametric>();
    if (parametric == nullptr) return;
    const Parameters theta = parametric->parameters();
    const Row before = energies(*subject, subject.x);
    Index size = 0;
    std::set<std::string> names;
    for (const ParameterBlock& block : parametric->blocks()) {
      CHECK(block.dimensions.size() == block.shape.size());
      CHECK(names.insert(block.name).second);
      size += block.size();
    }
    CHECK(size == theta.size());
    move_parameters(*subject.model, subject.x);
    const Parameters moved = parametric->parameters();
    CHECK(moved != theta);
    CHECK(!identical(energies(*subject, subject.x), before));
    parametric->set_parameters(theta);
    CHECK(parametric->parameters() == theta);
    CHECK(identical(energies(*subject, subject.x), before));
    Parameters broken = theta;
    broken(0) = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(parametric->set_parameters(broken), Error);
    CHECK(identical(energies(*subject, subject.x), before));
  });
}

TEST_CASE("conditionals are those that differences of the energy imply") {
  for_each_model([](const Subject& subject) {
    const auto* conditional = subject.as<Conditional>();
    if (conditional == nullptr) return;
    for (Index i = 0; i < subject->dim(); ++i) {
      const Index site[] = {i};
      const Domain::Part part = subject->domain().site(i);
      Batch natural;
      conditional->natural(site, subject.x, natural);
      CHECK(distance(standard(part, natural), natural_from_energies(*subject, i, subject.x)) <
            tolerance(1e-12, 1e-4));
    }
  });
}

TEST_CASE("independent sets partition the coordinates and really are independent") {
  for_each_model([](const Subject& subject) {
    const auto* conditional = subject.as<Conditional>();
    if (conditional == nullptr) return;
    std::set<Index> seen;
    for (const auto& sites : sets_of(*conditional, subject->dim())) {
      for (const Index i : sites) CHECK(seen.insert(i).second);
      Batch natural, other_natural, other = subject.x;
      conditional->natural(sites, subject.x, natural);
      CHECK(natural.rows() == natural_rows(subject->domain().select(sites)));
      for (const Index i : sites) other.row(i) = subject.x.row(i).reverse();
      conditional->natural(sites, other, other_natural);
      CHECK(distance(other_natural, natural) < tolerance(1e-12, 1e-4));
    }
    CHECK(Index(seen.size()) == subject->dim());
  });
}

TEST_CASE(
    "hidden units have one joint energy with the visible ones, whose free energy is the model's") {
  for_each_model([](const Subject& subject) {
    const auto* latent = subject.as<Latent>();
    if (latent == nullptr) return;
    Batch eta, xi, h(latent->hidden().dim(), 1);
    Row visible;
    latent->visible_energy(subject.x, visible);
    latent->hidden_natural(subject.x, eta);
    CHECK(distance(Row(visible - log_partition(latent->hidden(), eta)),
                   energies(*subject, subject.x)) < tolerance(1e-12, 1e-5));
    // A(v) - η(v)·T(h) + ξ(h)·T(v) = B(h) is the same for every v.
    Independent::uniform(latent->hidden()).draw(Stream(13), h);
    latent->visible_natural(h, xi);
    const Row rest = visible -
                     natural_energy(latent->hidden(), eta, h.replicate(1, configurations)) +
                     natural_energy(subject->domain(), xi.replicate(1, configurations), subject.x);
    CHECK(rest.maxCoeff() - rest.minCoeff() < tolerance(1e-12, 1e-4));
  });
}

TEST_CASE("gradients over either layer have the same mean under the model") {
  for_each_model([](const Subject& subject) {
    const auto* latent = subject.as<Latent>();
    const auto* parametric = subject.as<Parametric>();
    if (latent == nullptr || parametric == nullptr || !subject->domain().is_discrete() ||
        !latent->hidden().is_discrete())
      return;
    // P(h) of every h by summing the joint law over v.
    const Batch v = all_states(subject->domain()), h = all_states(latent->hidden());
    const Row p = law(*subject);
    Batch eta, xi;
    latent->hidden_natural(v, eta);
    Row marginal(h.cols());
    for (Index m = 0; m < h.cols(); ++m)
      marginal(m) = (p * (natural_energy(latent->hidden(), eta, h.col(m).replicate(1, v.cols())) -
                          log_partition(latent->hidden(), eta))
                             .exp())
                        .sum();
    CHECK(std::abs(marginal.sum() - 1) < tolerance(1e-13, 1e-5));
    latent->visible_natural(h, xi);
    Parameters over_visible = Parameters::Zero(parametric->parameters().size());
    latent->gradient_over_visible(xi, h, marginal, over_visible);
    CHECK(distance(over_visible, mean_gradient_over_states(*subject)) < tolerance(1e-12, 1e-5));
  });
}

TEST_CASE("every way to an exact ln Z that a model claims gives the same number as another way") {
  for_each_model_at_all_parameters([](const Subject& subject) {
    const auto found = log_partitions(*subject);
    if (!exact_method(*subject).empty()) CHECK(found.size() >= 2);
    for (const auto& [way, value] : found) {
      CAPTURE(way);
      CHECK(near(value, found.begin()->second, tolerance(1e-11, 1e-5)));
    }
  });
}

TEST_CASE("the exact mean of the parameter gradient is that under the law of the energy") {
  for_each_model_at_all_parameters([](const Subject& subject) {
    if (subject.as<Parametric>() == nullptr || exact_method(*subject).empty()) return;
    const auto truth = mean_parameter_gradient(*subject);
    if (truth)
      CHECK(distance(exact_sum(*subject, workers(), true).expected_gradient, *truth) <
            tolerance(1e-11, 1e-4));
  });
}

TEST_CASE("exact draws have the exact mean of the parameter gradient, to five standard errors") {
  for_each_model_at_all_parameters([](const Subject& subject) {
    const auto* parametric = subject.as<Parametric>();
    if (parametric == nullptr || exact_method(*subject).empty()) return;
    const bool drawn = subject->domain().is_discrete() || subject.as<Exact>() != nullptr ||
                       subject.as<Latent>() != nullptr;
    if (!drawn) return;  // a tempered normal law has a closed ln Z but no draws
    const Index n = 4000;
    const Batch x = exact_draws(*subject, n, Stream(14));
    const Parameters mean = exact_sum(*subject, workers(), true).expected_gradient;
    std::vector<Moments> moments(std::size_t(mean.size()));
    Parameters one(mean.size());
    for (Index k = 0; k < n; ++k) {
      one.setZero();
      parametric->parameter_gradient(x.col(k), Row::Ones(1), one);
      for (Index i = 0; i < mean.size(); ++i) moments[std::size_t(i)].add(one(i));
    }
    for (Index i = 0; i < mean.size(); ++i) {
      const Moments& found = moments[std::size_t(i)];
      CHECK(std::abs(found.mean - mean(i)) <=
            5 * std::sqrt(found.variance() / double(n)) + tolerance(1e-12, 1e-5));
    }
  });
}

TEST_CASE("const calls from two threads give what calls from one give") {
  for_each_model([](const Subject& subject) {
    const Table truth = everything(*subject, subject.x);
    std::vector<int> same(40, 0);
    workers().run(Index(same.size()), [&](Index t) {
      same[std::size_t(t)] = identical(everything(*subject, subject.x), truth) ? 1 : 0;
    });
    CHECK(std::count(same.begin(), same.end(), 1) == Index(same.size()));
  });
}

TEST_CASE("evaluations are counted in configurations and coordinates") {
  for_each_model([](const Subject& subject) {
    const Evaluations start = subject->evaluations();
    energies(*subject, subject.x);
    CHECK(subject->evaluations() - start == Evaluations{.energy = configurations});
    Row row;
    Batch batch;
    if (const auto* differentiable = subject.as<Differentiable>()) {
      const Evaluations before = subject->evaluations();
      differentiable->energy_and_gradient(subject.x, row, batch);
      CHECK(subject->evaluations() - before == Evaluations{.gradient = configurations});
    }
    if (const auto* discrete = subject.as<DiscreteGradient>()) {
      const Evaluations before = subject->evaluations();
      discrete->energy_and_local_natural(subject.x, row, batch);
      Evaluations counted = subject->evaluations() - before;
      // Composed models may take it from the layers of a part, which counts there.
      if (subject.as<Latent>() != nullptr) counted.site_updates = 0;
      CHECK(counted == Evaluations{.gradient = configurations});
    }
    if (const auto* conditional = subject.as<Conditional>()) {
      const Evaluations before = subject->evaluations();
      const Index site[] = {0};
      conditional->natural(site, subject.x, batch);
      Evaluations counted = subject->evaluations() - before;
      // A conditional may come from the energies of the coordinate's states.
      if (counted.energy != 0)
        CHECK(counted.energy == std::uint64_t(configurations * subject->domain().site(0).levels));
      counted.energy = 0;
      CHECK(counted == Evaluations{.site_updates = configurations});
    }
    if (const auto* latent = subject.as<Latent>()) {
      const Evaluations before = subject->evaluations();
      latent->hidden_natural(subject.x, batch);
      CHECK(subject->evaluations() - before ==
            Evaluations{.site_updates = std::uint64_t(configurations * latent->hidden().dim())});
    }
    if (const auto* parametric = subject.as<Parametric>()) {
      const Evaluations before = subject->evaluations();
      Parameters out = Parameters::Zero(parametric->parameters().size());
      parametric->parameter_gradient(subject.x, Row::Ones(configurations), out);
      CHECK(subject->evaluations() - before == Evaluations{.parameter_gradient = configurations});
    }
  });
}
