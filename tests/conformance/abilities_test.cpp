// What models that offer the abilities of api/abilities.hpp must do.
#include "conformance/model_subjects.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// The natural parameters of all coordinates, one site after the other, as the conditionals have
// them.
Batch all_conditionals(const EnergyModel& model, const Batch& x) {
  Batch all(natural_rows(model.domain()), x.cols()), one;
  Index row = 0;
  for (const Index i : all_sites(model.dim())) {
    model.capability<Conditional>()->natural(std::span(&i, 1), x, one);
    all.middleRows(row, one.rows()) = one;
    row += one.rows();
  }
  return all;
}

// Categorical log weights are the same law when a number is added to all of a unit.
Batch standard(const Domain& domain, Batch natural) {
  Index row = 0;
  for (const Index i : all_sites(domain.dim())) {
    const Domain::Part part = domain.site(i);
    if (part.kind != Domain::Kind::categorical) {
      ++row;
      continue;
    }
    natural.middleRows(row, part.levels).rowwise() -= natural.row(row).eval();
    row += part.levels;
  }
  return natural;
}

// E[ξ(h) | v] by adding up every state of the hidden units.
Batch mean_of_visible_natural(const EnergyModel& model, const Batch& v) {
  const auto& latent = *model.capability<Latent>();
  const Batch h = all_states(latent.hidden());
  Batch eta, xi;
  latent.hidden_natural(v, eta);
  latent.visible_natural(h, xi);
  Batch mean(xi.rows(), v.cols());
  for (Index n = 0; n < v.cols(); ++n) {
    const Row log_weights = natural_energy(latent.hidden(), eta.col(n).replicate(1, h.cols()), h);
    const Row p = (log_weights - log_sum_exp(log_weights.transpose())).exp();
    mean.col(n) = (xi.cast<double>() * p.matrix().transpose()).cast<Real>();
  }
  return mean;
}

// Minus the derivative of the energy's expression in x, for two-state units.
Batch central_difference(const EnergyModel& model, const Batch& x, double h) {
  Batch natural(x.rows(), x.cols());
  for (Index i = 0; i < x.rows(); ++i) {
    Batch up = x, down = x;
    up.row(i).array() += Real(h);
    down.row(i).array() -= Real(h);
    natural.row(i) =
        ((energies(model, down) - energies(model, up)) / (2 * h)).matrix().cast<Real>();
  }
  return natural;
}

double energy_of(const PairwiseGraph& graph, const Domain& domain, const Batch& x, Index column) {
  const auto state = [&](Index i) {
    const double value = double(x(i, column));
    return domain.site(i).kind == Domain::Kind::spin ? Index(value > 0) : Index(value);
  };
  double energy = graph.constant;
  for (std::size_t i = 0; i < graph.sites.size(); ++i) energy += graph.sites[i](state(Index(i)));
  for (const PairwiseGraph::Edge& edge : graph.edges)
    energy += edge.energy(state(edge.first), state(edge.second));
  return energy;
}

}  // namespace

TEST_CASE("a discrete gradient brings the energy, and stands as the domain's natural parameters") {
  for_each_model_at_all_parameters([](const Subject& subject) {
    const auto* discrete = subject.as<DiscreteGradient>();
    if (discrete == nullptr) return;
    CHECK(subject->domain().is_discrete());
    Row energy;
    Batch natural;
    discrete->energy_and_local_natural(subject.x, energy, natural);
    CHECK(natural.rows() == natural_rows(subject->domain()));
    CHECK(distance(energy, energies(*subject, subject.x)) < tolerance(1e-12, 1e-5));
  });
}

TEST_CASE("a discrete gradient is the conditionals where coordinates interact in pairs") {
  int met = 0;
  for_each_model_at_all_parameters([&](const Subject& subject) {
    if (subject.as<DiscreteGradient>() == nullptr || subject.as<Pairwise>() == nullptr) return;
    ++met;
    Row energy;
    Batch natural;
    subject.as<DiscreteGradient>()->energy_and_local_natural(subject.x, energy, natural);
    CHECK(distance(standard(subject->domain(), natural),
                   standard(subject->domain(), all_conditionals(*subject, subject.x))) <
          tolerance(1e-12, 1e-4));
  });
  CHECK(met > 0);
}

TEST_CASE("a discrete gradient of a free energy is the mean input to the visible units") {
  int met = 0;
  for_each_model_at_all_parameters([&](const Subject& subject) {
    if (subject.as<DiscreteGradient>() == nullptr || subject.as<Latent>() == nullptr) return;
    ++met;
    Row energy;
    Batch natural;
    subject.as<DiscreteGradient>()->energy_and_local_natural(subject.x, energy, natural);
    CHECK(distance(natural, mean_of_visible_natural(*subject, subject.x)) < tolerance(1e-12, 1e-4));
  });
  CHECK(met > 0);
}

// Truncation and rounding of the difference for h = 1e-5: h² times a third derivative, and
// 1e-16 |E| / h.
TEST_CASE("a discrete gradient of two-state units is the derivative of the energy's expression") {
  if (!std::is_same_v<Real, double>) return;
  int met = 0;
  for_each_model_at_all_parameters([&](const Subject& subject) {
    const Domain& domain = subject->domain();
    if (subject.as<DiscreteGradient>() == nullptr || domain.parts.size() != 1 ||
        domain.all(Domain::Kind::categorical))
      return;
    ++met;
    Row energy;
    Batch natural;
    subject.as<DiscreteGradient>()->energy_and_local_natural(subject.x, energy, natural);
    CHECK(distance(natural, central_difference(*subject, subject.x, 1e-5)) < 1e-7);
  });
  CHECK(met > 0);
}

TEST_CASE("a pairwise graph has the energy of every state") {
  int met = 0;
  for_each_model_at_all_parameters([&](const Subject& subject) {
    if (subject.as<Pairwise>() == nullptr) return;
    ++met;
    const PairwiseGraph graph = subject.as<Pairwise>()->graph();
    REQUIRE(Index(graph.sites.size()) == subject->dim());
    const Row energy = energies(*subject, subject.x);
    for (Index n = 0; n < subject.x.cols(); ++n)
      CHECK(near(energy_of(graph, subject->domain(), subject.x, n), energy(n),
                 tolerance(1e-12, 1e-5)));
  });
  CHECK(met > 0);
}

// False-alarm rate below 1e-6 per entry: 5 standard errors of a mean of 20,000 estimates.
TEST_CASE("minibatch gradients have the gradient as their mean, and count as shares of it") {
  int met = 0;
  for_each_model([&](const Subject& subject) {
    const auto* minibatch = subject.as<Minibatch>();
    if (minibatch == nullptr) return;
    ++met;
    constexpr Index draws = 20000;
    const Index observations = minibatch->observations(), count = observations / 3 + 1;
    Batch gradient, estimates;
    Row energy;
    subject.as<Differentiable>()->energy_and_gradient(subject.x.col(0), energy, gradient);
    const Evaluations before = subject->evaluations();
    minibatch->minibatch_gradient(subject.x.col(0).replicate(1, draws), count, Stream(15),
                                  estimates);
    CHECK((subject->evaluations() - before).gradient ==
          std::uint64_t(draws * count / observations));
    for (Index i = 0; i < subject->dim(); ++i) {
      const Eigen::ArrayXd row = estimates.row(i).cast<double>().transpose().array();
      const double error =
          std::sqrt((row - row.mean()).square().sum() / double(draws - 1) / double(draws));
      CHECK(std::abs(row.mean() - double(gradient(i, 0))) <
            5 * error + tolerance(1e-12, 1e-4) * std::abs(double(gradient(i, 0))));
    }
  });
  CHECK(met > 0);
}
