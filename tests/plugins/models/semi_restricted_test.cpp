#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

constexpr Index D = 6, M = 4;

double lateral(Index i, Index j) {
  return i == j ? 0 : .4 * std::sin(1 + .7 * double(i + j) + .37 * double(i * j));
}

// L as in recipe_boltzmann, scale .4, the rest as in recipe_rbm, scale 1.5.
Parameters recipe_parameters() {
  Parameters theta(D * D + D * M + D + M);
  for (Index i = 0; i < D; ++i)
    for (Index j = 0; j < D; ++j) theta(D * i + j) = lateral(i, j);
  theta.tail(D * M + D + M) = recipe_rbm(D, M, 1.5)->capability<Parametric>()->parameters();
  return theta;
}

std::unique_ptr<EnergyModel> recipe() {
  auto model = make_model("{name: semi_restricted, visible: 6, hidden: 4}");
  model->capability<Parametric>()->set_parameters(recipe_parameters());
  return model;
}

}  // namespace

TEST_CASE("semi_restricted free energy is the joint energy with h summed out, to 1e-12") {
  const auto model = recipe();
  const Parameters of_rbm = recipe_parameters().tail(D * M + D + M);
  const Batch v = all_states(model->domain()), h = all_states(Domain::binary(M));
  const Row free_energy = energies(*model, v);
  double worst = 0;
  for (Index n = 0; n < v.cols(); ++n) {
    double between = 0;
    for (Index i = 0; i < D; ++i)
      for (Index j = 0; j < D; ++j) between -= v(i, n) * lateral(i, j) * v(j, n);
    Eigen::ArrayXd joint(h.cols());
    for (Index m = 0; m < h.cols(); ++m)
      joint(m) = -between - rbm_energy(of_rbm, v.col(n), h.col(m));
    worst = std::max(worst, std::abs(free_energy(n) + log_sum_exp(joint)));
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("semi_restricted is an rbm without L, and a Boltzmann machine without W") {
  const auto model = recipe();
  Parameters theta = recipe_parameters();
  auto& parametric = *model->capability<Parametric>();
  theta.head(D * D).setZero();
  parametric.set_parameters(theta);
  CHECK(std::abs(exact_sum(*model, workers(), false).log_partition -
                 exact_sum(*recipe_rbm(D, M, 1.5), workers(), false).log_partition) < 1e-12);
  theta.setZero();
  theta.head(D * D) = recipe_parameters().head(D * D);
  parametric.set_parameters(theta);
  CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - double(M) * std::log(2.0) -
                 exact_sum(*recipe_boltzmann(D, .4, false), workers(), false).log_partition) <
        1e-12);
}

TEST_CASE("semi_restricted conditionals are those of its law") {
  const auto model = recipe();
  const Batch v = all_states(model->domain());
  const Row p = law(*model);
  double worst = 0;
  for (Index i = 0; i < D; ++i) {
    const Index site[] = {i}, bit = Index{1} << i;
    Batch logit;
    model->capability<Conditional>()->natural(site, v, logit);
    for (Index n = 0; n < v.cols(); ++n)
      worst = std::max(worst, std::abs(logit(0, n) - std::log(p(n | bit) / p(n & ~bit))));
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("semi_restricted starts with symmetric L, and refuses another") {
  const auto model =
      make_model("{name: semi_restricted, visible: 60, hidden: 2, lateral_scale: .5}");
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const Eigen::Map<const Eigen::MatrixXd> L(theta.data(), 60, 60);
  CHECK(L == L.transpose());
  CHECK(L.diagonal().cwiseAbs().maxCoeff() == 0);
  // 1770 normal numbers: their standard deviation is within 5 of its own standard errors.
  CHECK(std::abs(std::sqrt(L.squaredNorm() / (60 * 59)) / .5 - 1) < 5 / std::sqrt(2 * 1770.0));
  const auto refusal = [&](Index at, double value) {
    Parameters other = theta;
    other(at) = value;
    return error_of([&] { parametric.set_parameters(other); });
  };
  CHECK(refusal(61, .25) == "semi_restricted: L[1, 1] must be 0, got 0.25");
  CHECK(refusal(1, 7).starts_with("semi_restricted: L[1, 0] must equal its mirror image"));
  CHECK(refusal(3600, std::numeric_limits<double>::infinity()) ==
        "semi_restricted: W must be finite");
  CHECK(parametric.parameters() == theta);
}
