#include <Eigen/LU>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Independent base_of(Index units) {
  Vector eta(units);
  for (Index i = 0; i < units; ++i) eta(i) = Real(.4 * std::sin(3.0 + double(i)));
  return {Domain::binary(units), eta};
}

// -ln Σ_h exp(-w E(v, h)) of an RBM.
Row tempered_free_energy(const EnergyModel& rbm, double weight, const Batch& v) {
  const Parameters theta = rbm.capability<Parametric>()->parameters();
  const Batch h = all_states(rbm.capability<Latent>()->hidden());
  Row out(v.cols());
  for (Index n = 0; n < v.cols(); ++n) {
    Eigen::ArrayXd joint(h.cols());
    for (Index m = 0; m < h.cols(); ++m) joint(m) = -weight * rbm_energy(theta, v.col(n), h.col(m));
    out(n) = -log_sum_exp(joint);
  }
  return out;
}

const double tight = tolerance(1e-12, 1e-5);

// Every conditional log odds of a binary model, from its energies, against what it states.
void check_conditionals(const EnergyModel& model) {
  const auto& conditional = *model.capability<Conditional>();
  const Batch x = all_states(model.domain());
  for (Index i = 0; i < model.dim(); ++i) {
    const Index site[] = {i};
    Batch natural, off = x, on = x;
    conditional.natural(site, x, natural);
    off.row(i).setZero();
    on.row(i).setOnes();
    CHECK(distance(natural, (energies(model, off) - energies(model, on)).matrix()) < tight);
  }
}

// The parameter gradient of Σ_n w_n E(x_n) against central differences along random directions.
void check_parameter_gradient(EnergyModel& model) {
  auto& parametric = *model.capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const Batch x = all_states(model.domain());
  const Row weights = Row::LinSpaced(x.cols(), -1, 2);
  Parameters gradient = Parameters::Zero(theta.size());
  parametric.parameter_gradient(x, weights, gradient);
  const double h = tolerance(1e-5, 1e-2);
  for (int k = 0; k < 3; ++k) {
    Parameters direction(theta.size());
    for (Index i = 0; i < theta.size(); ++i) direction(i) = std::sin(double(1 + k) * double(i + 1));
    parametric.set_parameters(theta + h * direction);
    const double up = (weights * energies(model, x)).sum();
    parametric.set_parameters(theta - h * direction);
    const double down = (weights * energies(model, x)).sum();
    CHECK(near(gradient.dot(direction), (up - down) / (2 * h), tolerance(1e-7, 1e-2)));
  }
  parametric.set_parameters(theta);
}

}  // namespace

TEST_CASE("a latent sum is the free energy of the weighted joint energy at every temperature") {
  const auto rbm = recipe_rbm(5, 4, 2);
  Independent base = base_of(5);
  const Batch v = all_states(rbm->domain());
  for (const double beta : {0.0, .1, .5, 1.0}) {
    CAPTURE(beta);
    WeightedSum path = WeightedSum::path(base, *rbm, beta);
    const Row truth = (1 - beta) * energies(base, v) + tempered_free_energy(*rbm, beta, v);
    CHECK(distance(energies(path, v), truth) < tight);
    CHECK(near(exact_sum(path, workers(), false).log_partition, log_sum_over_states(path), tight));
    CHECK(distance(exact_sum(path, workers(), true).expected_gradient,
                   mean_gradient_over_states(path)) < tight);
    // The parts' conditionals of v alone do not add up to that of the weighted joint law.
    check_conditionals(path);
    check_parameter_gradient(path);
  }
  WeightedSum whole = WeightedSum::tempered(1, *rbm);
  CHECK(distance(energies(whole, v), energies(*rbm, v)) < tight);
  // Not β F(v): summing out h and tempering do not commute.
  WeightedSum half = WeightedSum::tempered(.5, *rbm);
  CHECK(distance(energies(half, v), Row(.5 * energies(*rbm, v))) > .1);
}

TEST_CASE("the layers of a latent sum have the conditionals of its joint energy") {
  const auto rbm = recipe_rbm(4, 3, 2);
  Independent base = base_of(4);
  const WeightedSum path = WeightedSum::path(base, *rbm, .3);
  const auto& latent = *path.capability<Latent>();
  const Parameters theta = rbm->capability<Parametric>()->parameters();
  const Batch v = all_states(path.domain()), h = all_states(latent.hidden());
  const auto joint = [&](Index n, Index m) {
    return .7 * energies(base, v.col(n))(0) + .3 * rbm_energy(theta, v.col(n), h.col(m));
  };
  Batch xi, eta;
  latent.visible_natural(h, xi);
  latent.hidden_natural(v, eta);
  for (Index n = 0; n < v.cols(); ++n)
    for (Index m = 0; m < h.cols(); ++m) {
      for (Index i = 0; i < 4; ++i)
        if (v(i, n) == 0)
          CHECK(near(double(xi(i, m)), joint(n, m) - joint(n + (Index{1} << i), m), tight));
      for (Index j = 0; j < 3; ++j)
        if (h(j, m) == 0)
          CHECK(near(double(eta(j, n)), joint(n, m) - joint(n, m + (Index{1} << j)), tight));
    }
}

TEST_CASE("a product of models has the weighted sum of energies, conditionals and gradients") {
  const auto first = recipe_boltzmann(5, 1, true), second = recipe_boltzmann(5, .4, false);
  Independent base = base_of(5);
  WeightedSum product({{.5, first.get()}, {2, second.get()}, {-1, &base}});
  const Batch x = all_states(product.domain());
  const Row truth = .5 * energies(*first, x) + 2 * energies(*second, x) - energies(base, x);
  CHECK(distance(energies(product, x), truth) < tight);
  check_conditionals(product);
  CHECK(product.capability<Latent>() == nullptr);
  CHECK(product.capability<Differentiable>() == nullptr);
  CHECK(product.capability<Normalized>() == nullptr);
  CHECK(product.blocks().size() == 4);
  CHECK(product.blocks()[2].name == "W_2");
  const Parameters theta = product.parameters();
  CHECK(theta.head(30) == first->capability<Parametric>()->parameters());
  CHECK(theta.tail(30) == second->capability<Parametric>()->parameters());
  CHECK(distance(exact_sum(product, workers(), true).expected_gradient,
                 mean_gradient_over_states(product)) < tight);
}

TEST_CASE("a sum of two RBMs adds their free energies, being latent in neither") {
  const auto first = recipe_rbm(5, 3, 1), second = recipe_rbm(5, 4, 2);
  WeightedSum product({{1, first.get()}, {.5, second.get()}});
  CHECK(product.capability<Latent>() == nullptr);
  const Batch v = all_states(product.domain());
  CHECK(distance(energies(product, v), Row(energies(*first, v) + .5 * energies(*second, v))) <
        tight);
  check_parameter_gradient(product);
}

TEST_CASE("energy_difference is the difference of two energies, of latent and other sums") {
  const auto rbm = recipe_rbm(5, 4, 2), other = recipe_boltzmann(5, 1, true);
  Independent base = base_of(5);
  const Batch v = all_states(rbm->domain());
  for (EnergyModel* target : {rbm.get(), other.get()}) {
    WeightedSum path = WeightedSum::path(base, *target, 0);
    for (const auto& [from, to] : {std::pair{0.0, .2}, {.2, .21}, {.9, 1.0}, {1.0, 1.0}}) {
      path.set_weights({1 - from, from});
      const Row before = energies(path, v);
      path.set_weights({1 - to, to});
      const Row after = energies(path, v);
      const Row difference = path.energy_difference(v, {1 - from, from}, {1 - to, to});
      CHECK(distance(difference, Row(before - after)) < tolerance(1e-10, 1e-4));
    }
  }
}

TEST_CASE("shared inputs serve the x they were computed at, at any weight, and no other x") {
  const auto model = recipe_rbm(5, 4, 1);
  Independent base = Independent::uniform(model->domain());
  WeightedSum plain = WeightedSum::path(base, *model, .3);
  WeightedSum sharing = WeightedSum::path(base, *model, .3);
  sharing.share_inputs();
  const Batch all = all_states(model->domain()), x = all.leftCols(7), other = all.middleCols(3, 7);
  const auto asked = [&](const Batch& at) {
    const auto before = model->evaluations().site_updates;
    Batch expected, got;
    plain.hidden_natural(at, expected);
    const auto once = model->evaluations().site_updates;
    sharing.hidden_natural(at, got);
    CHECK(got == expected);
    return std::pair(once - before, model->evaluations().site_updates - once);
  };
  CHECK(asked(x) == std::pair<std::uint64_t, std::uint64_t>(28, 28));
  sharing.energy_difference(x, {.7, .3}, {.6, .4});
  for (WeightedSum* path : {&plain, &sharing}) path->set_weights({.6, .4});
  CHECK(asked(x) == std::pair<std::uint64_t, std::uint64_t>(28, 0));
  CHECK(asked(other) == std::pair<std::uint64_t, std::uint64_t>(28, 28));
  CHECK(asked(all.leftCols(6)) == std::pair<std::uint64_t, std::uint64_t>(24, 24));
}

TEST_CASE("a tempered gaussian has the closed form and the gradients of its energy") {
  const auto gaussian =
      make_model("{name: gaussian, mean: [0.5, -1], precision: [2, 0.6, 0.6, 1]}");
  WeightedSum cold = WeightedSum::tempered(2, *gaussian);
  CHECK(exact_sum(cold, workers(), false).method == "closed_form");
  const auto wide = make_model("{name: gaussian, units: 2, precision: [0.25]}");
  WeightedSum both({{2, gaussian.get()}, {.5, wide.get()}});
  CHECK(both.capability<Normalized>() == nullptr);
  Batch x(2, 3), gradient, first, second;
  x << 1, 2, 3, -1, 0, 1;
  Row energy, part;
  both.energy_and_gradient(x, energy, gradient);
  gaussian->capability<Differentiable>()->energy_and_gradient(x, part, first);
  wide->capability<Differentiable>()->energy_and_gradient(x, part, second);
  CHECK(distance(gradient, Batch(2 * first + Real(.5) * second)) < tight);
  CHECK(distance(energy, Row(2 * energies(*gaussian, x) + .5 * energies(*wide, x))) < tight);
  if (std::is_same_v<Real, double>) {
    const double Z =
        integral(2, 12, .05, [&](const Batch& y) { return Row((-energies(cold, y)).exp()); });
    CHECK(near(exact_sum(cold, workers(), false).log_partition, std::log(Z), 1e-12));
  }
}

TEST_CASE("a part of weight zero cannot spoil a sum by an infinite energy") {
  class Wall final : public EnergyModel {
   public:
    const Domain& domain() const override { return domain_; }

   private:
    void do_energy(const BatchView&, Row& energy) const override {
      energy.setConstant(std::numeric_limits<double>::infinity());
    }
    Domain domain_ = Domain::binary(3);
  } wall;
  Independent base = base_of(3);
  const Batch x = all_states(base.domain());
  CHECK(energies(WeightedSum::path(base, wall, 0), x).isApprox(energies(base, x)));
  CHECK(energies(WeightedSum::path(base, wall, .5), x).isInf().all());
}

TEST_CASE("a sum refuses to be empty and parts on different domains") {
  Independent a = base_of(3), b = base_of(4);
  CHECK_THROWS_AS(WeightedSum({}), Error);
  CHECK(error_of([&] {
          WeightedSum({{1, &a}, {1, &b}});
        }) == "a sum of energies needs equal domains, got 3 binary and 4 binary");
}

TEST_CASE("a clamped model has the conditional law of its free coordinates") {
  for (const auto& model : {recipe_boltzmann(5, 1, true), recipe_rbm(5, 3, 2)}) {
    Vector values(2);
    values << 1, 0;
    const Clamped clamped(*model, {3, 1}, values);
    CHECK(clamped.dim() == 3);
    const Batch free = all_states(clamped.domain()), whole = clamped.embed(free);
    CHECK((whole.row(3).array() == 1).all());
    CHECK((whole.row(1).array() == 0).all());
    CHECK(clamped.restrict(whole) == free);
    const Row p = law(*model), q = law(clamped);
    Row truth = Row::Zero(8);
    for (Index n = 0; n < free.cols(); ++n)
      truth(n) = p(Index(whole(0, n) + 2 * whole(1, n) + 4 * whole(2, n) + 8 * whole(3, n) +
                         16 * whole(4, n)));
    CHECK(distance(q, Row(truth / truth.sum())) < tight);
    check_conditionals(clamped);
    CHECK(near(exact_sum(clamped, workers(), false).log_partition, log_sum_over_states(clamped),
               tight));
    CHECK(clamped.capability<Differentiable>() == nullptr);
  }
}

TEST_CASE("a clamped latent model keeps its layers: block conditionals of the free units alone") {
  const auto rbm = recipe_rbm(5, 3, 2);
  const Clamped clamped(*rbm, {0, 4}, Vector::Constant(2, 1));
  const auto& latent = *clamped.capability<Latent>();
  const Batch h = all_states(latent.hidden()), free = all_states(clamped.domain());
  Batch inner, outer;
  latent.visible_natural(h, inner);
  rbm->capability<Latent>()->visible_natural(h, outer);
  CHECK(inner == outer.middleRows(1, 3));
  latent.hidden_natural(free, inner);
  rbm->capability<Latent>()->hidden_natural(clamped.embed(free), outer);
  CHECK(inner == outer);
}

TEST_CASE("a clamped gaussian has the textbook conditional mean and precision") {
  const auto gaussian = make_model(
      "{name: gaussian, mean: [1, 2, 3], precision: [2, 0.5, 0.3, 0.5, 1, -0.2, 0.3, -0.2, 1.5]}");
  const Clamped clamped(*gaussian, {1}, Vector::Constant(1, 4));
  // x_0, x_2 | x_1: precision is the sub-block, mean = m - Λ_ff⁻¹ Λ_fc (x_c - m_c).
  Eigen::Matrix2d block;
  block << 2, .3, .3, 1.5;
  const Eigen::Vector2d mean =
      Eigen::Vector2d(1, 3) - block.inverse() * Eigen::Vector2d(.5, -.2) * 2;
  Batch at = mean.cast<Real>(), gradient;
  Row energy;
  clamped.capability<Differentiable>()->energy_and_gradient(at, energy, gradient);
  CHECK(double(gradient.cwiseAbs().maxCoeff()) < tolerance(1e-14, 1e-5));
  const Index site[] = {1};
  Batch natural;
  clamped.capability<Conditional>()->natural(site, at, natural);
  CHECK(near(double(natural(1, 0)), 1.5, tight));
  CHECK(near(double(natural(0, 0) / natural(1, 0)), mean(1), tight));
}

TEST_CASE(
    "clamping refuses coordinates twice or outside, values outside the domain, and to hold all") {
  const auto model = recipe_boltzmann(3, 1, true);
  const auto refusal = [&](std::vector<Index> sites, std::vector<Real> values) {
    const Vector given = Eigen::Map<const Vector>(values.data(), Index(values.size()));
    return error_of([&] { Clamped(*model, sites, given); });
  };
  CHECK(refusal({1, 1}, {0, 0}) == "clamp: coordinate 1 is given twice");
  CHECK(refusal({3}, {0}) == "clamp: coordinate must be in [0, 2], got 3");
  CHECK(refusal({-1}, {0}) == "clamp: coordinate must be in [0, 2], got -1");
  CHECK(refusal({1}, {Real(.5)}).find("value 0.5 at coordinate ") == 0);
  CHECK(refusal({0, 1, 2}, {0, 0, 0}) == "clamp: no coordinate is left free");
  CHECK(refusal({0}, {0, 1}) == "clamp: needs as many values as coordinates, got 2 and 1");
}
