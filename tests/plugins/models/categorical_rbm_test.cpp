#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// W_ikj = sin(1 + .7 i + 1.3 j + 2.1 k), b_ik = .3 cos(1 + i + 2 k), c_j = .3 sin(2 + j).
std::unique_ptr<EnergyModel> recipe(Index D, Index K, Index M) {
  auto model = make_model("{name: categorical_rbm, visible: " + std::to_string(D) + ", levels: " +
                          std::to_string(K) + ", hidden: " + std::to_string(M) + "}");
  Parameters theta(D * K * M + D * K + M);
  Index at = 0;
  for (Index i = 0; i < D; ++i)
    for (Index k = 0; k < K; ++k)
      for (Index j = 0; j < M; ++j)
        theta(at++) = std::sin(1 + .7 * double(i) + 1.3 * double(j) + 2.1 * double(k));
  for (Index i = 0; i < D; ++i)
    for (Index k = 0; k < K; ++k) theta(at++) = .3 * std::cos(1 + double(i) + 2 * double(k));
  for (Index j = 0; j < M; ++j) theta(at++) = .3 * std::sin(2 + double(j));
  model->capability<Parametric>()->set_parameters(theta);
  return model;
}

double joint_energy(const Parameters& theta, Index K, const BatchView& v, const BatchView& h) {
  const Index D = v.rows(), M = h.rows();
  double energy = 0;
  for (Index i = 0; i < D; ++i) {
    const Index row = i * K + Index(v(i, 0));
    energy -= theta(D * K * M + row);
    for (Index j = 0; j < M; ++j) energy -= theta(row * M + j) * double(h(j, 0));
  }
  for (Index j = 0; j < M; ++j) energy -= theta(D * K * M + D * K + j) * double(h(j, 0));
  return energy;
}

}  // namespace

TEST_CASE("categorical_rbm has one ln Z by visible states, hidden states and the joint sum") {
  const auto model = recipe(4, 3, 3);
  const auto& latent = *model->capability<Latent>();
  const Parameters theta = model->capability<Parametric>()->parameters();
  const Batch v = all_states(model->domain()), h = all_states(latent.hidden());
  Eigen::ArrayXd joint(v.cols() * h.cols()), by_visible(v.cols());
  for (Index n = 0; n < v.cols(); ++n) {
    for (Index m = 0; m < h.cols(); ++m)
      joint(n * h.cols() + m) = -joint_energy(theta, 3, v.col(n), h.col(m));
    by_visible(n) = log_sum_exp(joint.segment(n * h.cols(), h.cols()));
  }
  const double truth = log_sum_exp(joint);
  CHECK(exact_method(*model) == "hidden_sum");
  CHECK(std::abs(exact_sum(*model, workers(), false).log_partition - truth) < 1e-12);
  CHECK(std::abs(log_sum_over_states(*model) - truth) < 1e-12);
  CHECK(distance(energies(*model, v), (-by_visible).transpose()) < 1e-13);
}

TEST_CASE("categorical_rbm visible units are softmax units given the hidden ones") {
  const auto model = recipe(3, 4, 2);
  const auto& latent = *model->capability<Latent>();
  const Parameters theta = model->capability<Parametric>()->parameters();
  const Batch v = all_states(model->domain()), h = all_states(latent.hidden());
  Batch xi;
  latent.visible_natural(h, xi);
  for (Index m = 0; m < h.cols(); ++m) {
    Eigen::ArrayXd joint(v.cols());
    for (Index n = 0; n < v.cols(); ++n) joint(n) = -joint_energy(theta, 4, v.col(n), h.col(m));
    const Batch given = xi.col(m).replicate(1, v.cols());
    const Row found =
        natural_energy(model->domain(), given, v) - log_partition(model->domain(), given);
    CHECK(distance(found, (joint - log_sum_exp(joint)).transpose()) < 1e-13);
  }
}

TEST_CASE("categorical_rbm of two levels is a binary rbm with the differences of its levels") {
  const auto model = recipe(4, 2, 3), binary = recipe_rbm(4, 3, 1);
  const Parameters theta = model->capability<Parametric>()->parameters();
  Parameters reduced(12 + 4 + 3);
  for (Index j = 0; j < 3; ++j) {
    reduced(16 + j) = theta(32 + j);
    for (Index i = 0; i < 4; ++i) {
      reduced(3 * i + j) = theta((2 * i + 1) * 3 + j) - theta(2 * i * 3 + j);
      reduced(16 + j) += theta(2 * i * 3 + j);
    }
  }
  double constant = 0;
  for (Index i = 0; i < 4; ++i) {
    reduced(12 + i) = theta(24 + 2 * i + 1) - theta(24 + 2 * i);
    constant += theta(24 + 2 * i);
  }
  binary->capability<Parametric>()->set_parameters(reduced);
  const Batch v = all_states(binary->domain());
  CHECK(distance(energies(*model, v), Row(energies(*binary, v) - constant)) < 1e-13);
}

TEST_CASE(
    "categorical_rbm starts from the log rates of the levels and refuses what is not finite") {
  Batch x(1, 4);
  x << 0, 2, 2, 2;
  const Rows data(x);
  Context with_data = context();
  with_data.train = &data;
  const auto model = make_model("{name: categorical_rbm, hidden: 1, levels: 3}", with_data);
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = parametric.parameters();
  CHECK(near(theta(5) - theta(4), std::log(4.), 1e-14));  // (3 + 1) of level 2, (0 + 1) of level 1
  theta(1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(error_of([&] { parametric.set_parameters(theta); }) ==
        "categorical_rbm: W, b and c must be finite");
  CHECK(error_of([&] {
          make_model("{name: categorical_rbm, hidden: 1, levels: 2}", with_data);
        }).find("value 2 at coordinate 0") != std::string::npos);
}
