#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

std::unique_ptr<EnergyModel> recipe(Index visible, Index hidden, double scale) {
  auto model = make_model("{name: rectified_rbm, visible: " + std::to_string(visible) +
                          ", hidden: " + std::to_string(hidden) + "}");
  model->capability<Parametric>()->set_parameters(
      recipe_rbm(visible, hidden, scale)->capability<Parametric>()->parameters());
  return model;
}

// ∫ f(h) over h in [0, 20] by Simpson's rule: its error h⁴/180 times a third
// derivative at 0 of at most 200 is below 1e-13.
template <class Function>
double half_line_integral(Function f) {
  const int steps = 60000;
  double sum = 0;
  for (int k = 0; k <= steps; ++k)
    sum += (k == 0 || k == steps ? 1 : k % 2 == 1 ? 4 : 2) * f(20.0 * k / steps);
  return sum * 20 / steps / 3;
}

// Per state of v: e^{bᵀv} Π_j ∫ h^power_j e^{x_j h - h²/2} dh with power 1 for unit `first` alone.
Row weights_by_quadrature(const EnergyModel& model, Index first) {
  const Parameters theta = model.capability<Parametric>()->parameters();
  const Index D = model.dim(), M = model.capability<Latent>()->hidden().dim();
  const Batch v = all_states(model.domain());
  Row out(v.cols());
  for (Index n = 0; n < v.cols(); ++n) {
    double product = 1;
    for (Index i = 0; i < D; ++i) product *= std::exp(theta(D * M + i) * double(v(i, n)));
    for (Index j = 0; j < M; ++j) {
      double x = theta(D * M + D + j);
      for (Index i = 0; i < D; ++i) x += theta(i * M + j) * double(v(i, n));
      product *= half_line_integral(
          [&](double h) { return (j == first ? h : 1) * std::exp(x * h - h * h / 2); });
    }
    out(n) = product;
  }
  return out;
}

}  // namespace

TEST_CASE("rectified_rbm free energy integrates its hidden units out, by quadrature") {
  const auto model = recipe(4, 3, 2);
  const Row truth = weights_by_quadrature(*model, -1);
  CHECK(distance(energies(*model, all_states(model->domain())), Row(-truth.log())) < 1e-12);
  CHECK(near(exact_sum(*model, workers(), false).log_partition, std::log(truth.sum()), 1e-12));
  CHECK(exact_method(*model) == "enumeration");
}

TEST_CASE("rectified_rbm mean gradient holds the means of its hidden units, by quadrature") {
  const auto model = recipe(4, 3, 2);
  const Row weight = weights_by_quadrature(*model, -1);
  const Parameters mean = exact_sum(*model, workers(), true).expected_gradient;
  const Batch v = all_states(model->domain());
  for (Index j = 0; j < 3; ++j) {
    const Row first = weights_by_quadrature(*model, j) / weight.sum();  // P(v) E[h_j|v]
    CHECK(near(-mean(16 + j), first.sum(), 1e-12));
    for (Index i = 0; i < 4; ++i)
      CHECK(near(-mean(i * 3 + j), (first * v.row(i).array().cast<double>()).sum(), 1e-12));
  }
}

TEST_CASE("rectified_rbm block Gibbs leaves its law as it is, to five standard errors") {
  const auto model = recipe(4, 3, 1);
  const Row p = law(*model);
  const Index n = 40000;
  Batch x = exact_draws(*model, n, Stream(5));
  const auto& latent = *model->capability<Latent>();
  Batch natural, h(3, n);
  Stream random(6);
  for (int sweep = 0; sweep < 3; ++sweep) {
    latent.hidden_natural(x, natural);
    sample(latent.hidden(), natural, random, h);
    CHECK_NOTHROW(require_inside(latent.hidden(), h));
    latent.visible_natural(h, natural);
    sample(model->domain(), natural, random, x);
  }
  Row counts = Row::Zero(p.cols());
  for (Index c = 0; c < n; ++c) {
    Index state = 0;
    for (Index i = 0; i < 4; ++i) state += Index(x(i, c)) << i;
    counts(state) += 1;
  }
  for (Index s = 0; s < p.cols(); ++s)
    CHECK(std::abs(counts(s) - double(n) * p(s)) < 5 * std::sqrt(double(n) * p(s)) + 1);
}

TEST_CASE("rectified_rbm is tempered in its free energy, as its hidden units have no law at 0") {
  const auto model = recipe(4, 3, 1);
  auto tempered = WeightedSum::tempered(.5, *model);
  CHECK(tempered.capability<Latent>() == nullptr);
  REQUIRE(tempered.capability<Conditional>() != nullptr);
  const Batch v = all_states(model->domain());
  CHECK(distance(energies(tempered, v), Row(.5 * energies(*model, v))) < 1e-14);
}

TEST_CASE("rectified_rbm refuses parameters that are not finite") {
  const auto model = recipe(3, 2, 1);
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = parametric.parameters();
  theta(4) = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of([&] { parametric.set_parameters(theta); }) ==
        "rectified_rbm: W, b and c must be finite");
}
