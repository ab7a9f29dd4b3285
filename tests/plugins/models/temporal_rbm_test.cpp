#include "support/make.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

constexpr Index D = 3, M = 4, order = 2, past = order * D;

double A(Index u, Index i) { return .8 * std::sin(2 + 1.7 * double(u) + .9 * double(i)); }
double B(Index u, Index j) { return 1.1 * std::cos(1 + .6 * double(u) + 2.1 * double(j)); }

// W, b, c of RBM(3, 4, 1.5).
Parameters rbm_parameters() {
  return recipe_rbm(D, M, 1.5)->capability<Parametric>()->parameters();
}

Parameters recipe_parameters() {
  Parameters theta(D * M + past * D + past * M + D + M);
  Index at = D * M;
  theta << rbm_parameters().head(D * M), Parameters::Zero(past * (D + M)),
      rbm_parameters().tail(D + M);
  for (Index u = 0; u < past; ++u)
    for (Index i = 0; i < D; ++i) theta(at++) = A(u, i);
  for (Index u = 0; u < past; ++u)
    for (Index j = 0; j < M; ++j) theta(at++) = B(u, j);
  return theta;
}

std::unique_ptr<EnergyModel> recipe() {
  auto model = make_model("{name: temporal_rbm, visible: 3, hidden: 4, order: 2}");
  model->capability<Parametric>()->set_parameters(recipe_parameters());
  return model;
}

// The parameters of the rbm of the present frame, with the biases that a history makes.
Parameters given(const BatchView& history) {
  Parameters theta = rbm_parameters();
  for (Index u = 0; u < past; ++u) {
    for (Index i = 0; i < D; ++i) theta(D * M + i) += A(u, i) * history(u, 0);
    for (Index j = 0; j < M; ++j) theta(D * M + D + j) += B(u, j) * history(u, 0);
  }
  return theta;
}

}  // namespace

TEST_CASE("temporal_rbm free energy is that of dynamic biases with h summed out, to 1e-12") {
  const auto model = recipe();
  const Batch x = all_states(model->domain()), h = all_states(Domain::binary(M));
  CHECK(x.rows() == past + D);
  const Row free_energy = energies(*model, x);
  double worst = 0;
  for (Index n = 0; n < x.cols(); ++n) {
    const Parameters theta = given(x.col(n).head(past));
    Eigen::ArrayXd joint(h.cols());
    for (Index m = 0; m < h.cols(); ++m) joint(m) = -rbm_energy(theta, x.col(n).tail(D), h.col(m));
    worst = std::max(worst, std::abs(free_energy(n) + log_sum_exp(joint)));
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("temporal_rbm with its history clamped is the rbm with dynamic biases, with equal ln Z") {
  const auto model = recipe();
  const auto rbm = recipe_rbm(D, M, 1.5);
  const Batch histories = all_states(Domain::binary(past));
  for (Index n = 0; n < histories.cols(); ++n) {
    const Clamped clamped(*model, {0, 1, 2, 3, 4, 5}, histories.col(n));
    rbm->capability<Parametric>()->set_parameters(given(histories.col(n)));
    CHECK(distance(energies(clamped, all_states(clamped.domain())),
                   energies(*rbm, all_states(rbm->domain()))) < 1e-13);
    CHECK(std::abs(exact_sum(clamped, workers(), false).log_partition -
                   exact_sum(*rbm, workers(), false).log_partition) < 1e-13);
    CHECK(distance(law(clamped), law(*rbm)) < 1e-13);
  }
}

TEST_CASE("temporal_rbm conditionals of present and past units are those of its law") {
  const auto model = recipe();
  const Batch x = all_states(model->domain());
  const Row p = law(*model);
  double worst = 0;
  for (Index i = 0; i < past + D; ++i) {
    const Index site[] = {i}, bit = Index{1} << i;
    Batch logit;
    model->capability<Conditional>()->natural(site, x, logit);
    for (Index n = 0; n < x.cols(); ++n)
      worst = std::max(worst, std::abs(logit(0, n) - std::log(p(n | bit) / p(n & ~bit))));
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("temporal_rbm cuts data into frames and takes the rates of the last") {
  Batch x = Batch::Zero(6, 4);
  x.topRows(4).setOnes();
  x(5, 0) = 1;
  const Rows data(x);
  Context with_data = context();
  with_data.train = &data;
  const auto model = make_model("{name: temporal_rbm, hidden: 3, order: 2}", with_data);
  const auto& parametric = *model->capability<Parametric>();
  CHECK(parametric.blocks()[1].shape == std::vector<Index>{4, 2});
  CHECK(parametric.blocks()[2].shape == std::vector<Index>{4, 3});
  const Parameters truth{{std::log(1. / 5), std::log(2. / 4)}};  // one of each state added
  CHECK(distance(parametric.parameters().tail(5).head(2), truth) < 1e-15);
  CHECK(
      error_of([&] { make_model("{name: temporal_rbm, hidden: 3, order: 3}", with_data); }) ==
      "model temporal_rbm: order: must make frames of equal width of the data, got 3 for width 6");
}

TEST_CASE("temporal_rbm refuses parameters that are not finite") {
  const auto model = recipe();
  Parameters theta = recipe_parameters();
  theta(D * M + past * D) = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { model->capability<Parametric>()->set_parameters(theta); }) ==
        "temporal_rbm: B must be finite");
}
