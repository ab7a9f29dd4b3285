#include <numbers>

#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

double recipe_deviation(Index i) { return .5 + .25 * (1 + std::sin(3 + double(i))); }

// W, b, c of the tabulated RBM at scale .5, and σ_i = .5 + .25 (1 + sin(3 + i)).
std::unique_ptr<EnergyModel> recipe(Index visible, Index hidden, bool learned = true) {
  std::string deviations;
  for (Index i = 0; i < visible; ++i)
    deviations += (i > 0 ? ", " : "") + number_text(recipe_deviation(i));
  auto model = make_model("{name: gaussian_rbm, visible: " + std::to_string(visible) +
                          ", hidden: " + std::to_string(hidden) +
                          ", learn_variance: " + (learned ? "true" : "false") +
                          ", standard_deviations: [" + deviations + "]}");
  auto& parametric = *model->capability<Parametric>();
  Parameters theta = parametric.parameters();
  const Parameters binary = recipe_rbm(visible, hidden, .5)->capability<Parametric>()->parameters();
  theta.head(binary.size()) = binary;
  if (learned)
    for (Index i = 0; i < visible; ++i)
      theta(binary.size() + i) = 2 * std::log(recipe_deviation(i));
  parametric.set_parameters(theta);
  return model;
}

// Σ_i (v_i - b_i)²/(2σ_i²) - cᵀh - Σ_ij v_i W_ij h_j/σ_i² from the flat θ with log variances.
double joint_energy(const Parameters& theta, const BatchView& v, const BatchView& h) {
  const Index D = v.rows(), M = h.rows();
  double energy = 0;
  for (Index i = 0; i < D; ++i) {
    const double precision = std::exp(-theta(D * M + D + M + i)), x = double(v(i, 0));
    energy += .5 * precision * std::pow(x - theta(D * M + i), 2);
    for (Index j = 0; j < M; ++j) energy -= precision * x * theta(i * M + j) * double(h(j, 0));
  }
  for (Index j = 0; j < M; ++j) energy -= theta(D * M + D + j) * double(h(j, 0));
  return energy;
}

}  // namespace

TEST_CASE("gaussian_rbm has the tabulated ln Z and moments of v_0, by its hidden sum") {
  struct Line {
    Index visible, hidden;
    double log_partition, mean, variance;
  };
  for (const Line& line : {Line{4, 3, 5.374610300576, .4787624860, .6986887806},
                           Line{10, 8, 16.736528634816, .8462214624, .7502071695}}) {
    CAPTURE(line.visible);
    const auto model = recipe(line.visible, line.hidden);
    CHECK(exact_method(*model) == "hidden_sum");
    const ExactSum sum = exact_sum(*model, workers(), true);
    CHECK(std::abs(sum.log_partition - line.log_partition) < 1e-11);
    // E ∂E/∂b_0 = (b_0 - E v_0)/σ_0²; v_0 | h is normal, which gives the variance.
    const Index at_b = line.visible * line.hidden;
    const Parameters theta = model->capability<Parametric>()->parameters();
    const double square = std::pow(recipe_deviation(0), 2);
    CHECK(std::abs(theta(at_b) - square * sum.expected_gradient(at_b) - line.mean) < 1e-9);
    const auto& latent = *model->capability<Latent>();
    Batch xi;
    latent.visible_natural(all_states(latent.hidden()), xi);
    const Batch mean_of_v = mean(model->domain(), xi);
    const Row first = mean_of_v.row(0).array().cast<double>();
    Row weights(xi.cols());
    for (Index m = 0; m < xi.cols(); ++m) {
      const Batch h = all_states(latent.hidden()).col(m), v = mean_of_v.col(m);
      weights(m) =
          -joint_energy(theta, v, h);  // E at its minimum over v: the same determinant for all h
    }
    const Row p = (weights - log_sum_exp(weights.transpose())).exp();
    const double m1 = (p * first).sum();
    CHECK(std::abs(m1 - line.mean) < 1e-9);
    CHECK(std::abs((p * (first - m1).square()).sum() + square - line.variance) < 1e-9);
  }
}

TEST_CASE("gaussian_rbm free energy is the joint energy with the hidden units summed out") {
  const auto model = recipe(4, 3);
  const Parameters theta = model->capability<Parametric>()->parameters();
  const Batch h = all_states(model->capability<Latent>()->hidden());
  Batch v(4, 50);
  Stream random(2);
  random.normal(v);
  const Row free_energy = energies(*model, v);
  for (Index n = 0; n < v.cols(); ++n) {
    Eigen::ArrayXd joint(h.cols());
    for (Index m = 0; m < h.cols(); ++m) joint(m) = -joint_energy(theta, v.col(n), h.col(m));
    CHECK(near(free_energy(n), -log_sum_exp(joint), 1e-13));
  }
}

TEST_CASE("gaussian_rbm conditionals are N(b + W h, σ²) and the logistic of c + Wᵀv/σ²") {
  const auto model = recipe(4, 3);
  const auto& latent = *model->capability<Latent>();
  const Parameters theta = model->capability<Parametric>()->parameters();
  Batch v(4, 1), h(3, 1), eta, xi;
  v << Real(.3), -1, 2, Real(.1);
  h << 1, 0, 1;
  latent.visible_natural(h, xi);
  latent.hidden_natural(v, eta);
  for (Index i = 0; i < 4; ++i) {
    const double center = theta(12 + i) + theta(i * 3) + theta(i * 3 + 2);
    CHECK(near(double(xi(2 * i) / xi(2 * i + 1)), center, 1e-14));
    CHECK(near(1 / double(xi(2 * i + 1)), std::pow(recipe_deviation(i), 2), 1e-14));
  }
  for (Index j = 0; j < 3; ++j) {
    double sum = theta(16 + j);
    for (Index i = 0; i < 4; ++i)
      sum += double(v(i)) * theta(i * 3 + j) / std::pow(recipe_deviation(i), 2);
    CHECK(near(double(eta(j)), sum, 1e-14));
  }
}

TEST_CASE("gaussian_rbm without learned variance has no such block and the same energies") {
  const auto learned = recipe(4, 3), fixed = recipe(4, 3, false);
  CHECK(fixed->capability<Parametric>()->blocks().size() == 3);
  CHECK(learned->capability<Parametric>()->blocks().back().name == "log_variance");
  CHECK(fixed->capability<Parametric>()->parameters().size() == 19);
  Batch v(4, 5);
  Stream random(3);
  random.normal(v);
  CHECK(distance(energies(*fixed, v), energies(*learned, v)) < 1e-14);
  Parameters with = Parameters::Zero(23), without = Parameters::Zero(19);
  learned->capability<Parametric>()->parameter_gradient(v, Row::Ones(5), with);
  fixed->capability<Parametric>()->parameter_gradient(v, Row::Ones(5), without);
  CHECK(distance(without, with.head(19)) < 1e-13);
}

TEST_CASE("gaussian_rbm starts from the means and standard deviations of the data") {
  Batch x(2, 4);
  x << 1, 2, 3, 6, -1, 0, 0, 1;
  const Rows data(x);
  Context with_data = context();
  with_data.train = &data;
  const auto model = make_model("{name: gaussian_rbm, hidden: 1, weight_scale: 0}", with_data);
  const Parameters theta = model->capability<Parametric>()->parameters();
  CHECK(near(theta(2), 3, 1e-14));
  CHECK(near(theta(3), 0, 1e-14));
  CHECK(near(std::exp(theta(5)), 14. / 3, 1e-14));
  CHECK(near(std::exp(theta(6)), 2. / 3, 1e-14));
  const auto given = make_model(
      "{name: gaussian_rbm, hidden: 1, visible_bias: zero, standard_deviations: [3]}", with_data);
  const Parameters other = given->capability<Parametric>()->parameters();
  CHECK(other.segment(2, 2).cwiseAbs().maxCoeff() == 0);
  CHECK(near(other(6), 2 * std::log(3), 1e-15));
}

TEST_CASE("gaussian_rbm refuses variances that overflow, and widths that do not fit") {
  const auto model = recipe(4, 3);
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  for (const double z : {-800., 800., std::numeric_limits<double>::quiet_NaN()}) {
    Parameters other = theta;
    other(20) = z;
    CHECK(error_of([&] { parametric.set_parameters(other); }) ==
          "gaussian_rbm: log_variance: must be finite, and so must σ² and 1/σ²");
  }
  Parameters other = theta;
  other(0) = std::numeric_limits<double>::infinity();
  CHECK(error_of([&] { parametric.set_parameters(other); }) ==
        "gaussian_rbm: W, b and c must be finite");
  CHECK(parametric.parameters() == theta);
  CHECK(error_of([] {
          make_model("{name: gaussian_rbm, visible: 3, hidden: 1, standard_deviations: [1, 2]}");
        }) == "model gaussian_rbm: standard_deviations: must have 1 or 3 values, got 2");
}
