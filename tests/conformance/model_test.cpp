// What every registered model must do. A new model needs a line in model_examples.hpp and nothing
// else.
#include <functional>
#include <gibbsite/conformance/model_checks.hpp>
#include <set>

#include "conformance/model_subjects.hpp"
#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Whether a and b are the same numbers, bit for bit (no NaN is expected).
bool identical(const Table& a, const Table& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && (a == b).all();
}

// All of what a check found.
void expect_none(const Sentences& wrong) {
  INFO(join(wrong, "\n"));
  CHECK(wrong.empty());
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
  for_each_model(
      [](const Subject& subject) { expect_none(model_batch_faults(*subject, subject.x)); });
}

TEST_CASE("gradients agree with central differences of the energy, and bring the energy") {
  for_each_model([](const Subject& subject) { expect_none(gradient_faults(*subject, subject.x)); });
}

TEST_CASE(
    "parameter gradients agree with central differences along allowed directions, linearly in the "
    "weights") {
  for_each_model([](const Subject& subject) {
    expect_none(parameter_gradient_faults(*subject.model, subject.x));
  });
}

TEST_CASE("parameters come back as they were set, and their blocks are named and complete") {
  for_each_model(
      [](const Subject& subject) { expect_none(parameter_faults(*subject.model, subject.x)); });
}

TEST_CASE(
    "conditionals are those that differences of the energy imply, independent sets are "
    "independent") {
  for_each_model(
      [](const Subject& subject) { expect_none(conditional_faults(*subject, subject.x)); });
}

TEST_CASE(
    "hidden units have one joint energy with the visible ones, whose free energy is the model's") {
  for_each_model([](const Subject& subject) { expect_none(latent_faults(*subject, subject.x)); });
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
    expect_none(model_thread_faults(*subject, subject.x, workers()));
  });
}

TEST_CASE("evaluations are counted in configurations and coordinates") {
  for_each_model(
      [](const Subject& subject) { expect_none(model_count_faults(*subject, subject.x)); });
}
