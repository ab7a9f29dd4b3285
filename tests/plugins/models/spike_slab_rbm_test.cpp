#include <Eigen/Dense>
#include <numbers>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// W_di = s sin(1 + .7 d + 1.3 i), b_i = .3 cos(1 + i), Λ_d = 1.5 + .4 d, a_i = .8 + .3 i.
Parameters recipe_parameters(Index D, Index N, double scale) {
  Parameters theta(D * N + N + D + N);
  Index at = 0;
  for (Index d = 0; d < D; ++d)
    for (Index i = 0; i < N; ++i)
      theta(at++) = scale * std::sin(1 + .7 * double(d) + 1.3 * double(i));
  for (Index i = 0; i < N; ++i) theta(at++) = .3 * std::cos(1 + double(i));
  for (Index d = 0; d < D; ++d) theta(at++) = std::log(1.5 + .4 * double(d));
  for (Index i = 0; i < N; ++i) theta(at++) = std::log(.8 + .3 * double(i));
  return theta;
}

std::unique_ptr<EnergyModel> recipe(Index D, Index N, double scale) {
  auto model = make_model("{name: spike_slab_rbm, visible: " + std::to_string(D) +
                          ", hidden: " + std::to_string(N) + "}");
  model->capability<Parametric>()->set_parameters(recipe_parameters(D, N, scale));
  return model;
}

// vᵀΛv/2 - Σ vᵀW_i s_i h_i + Σ a_i s_i²/2 - bᵀh.
double joint_energy(const Parameters& theta, const BatchView& v, const std::vector<double>& s,
                    const BatchView& h) {
  const Index D = v.rows(), N = h.rows();
  double energy = 0;
  for (Index d = 0; d < D; ++d)
    energy += .5 * std::exp(theta(D * N + N + d)) * std::pow(double(v(d, 0)), 2);
  for (Index i = 0; i < N; ++i) {
    const double slab = s[std::size_t(i)], spike = double(h(i, 0));
    for (Index d = 0; d < D; ++d) energy -= double(v(d, 0)) * theta(d * N + i) * slab * spike;
    energy += .5 * std::exp(theta(D * N + N + D + i)) * slab * slab - theta(D * N + i) * spike;
  }
  return energy;
}

Eigen::MatrixXd precision_given(const Parameters& theta, Index D, Index N, const BatchView& h) {
  Eigen::MatrixXd C = Eigen::MatrixXd::Zero(D, D);
  for (Index d = 0; d < D; ++d) C(d, d) = std::exp(theta(D * N + N + d));
  for (Index i = 0; i < N; ++i)
    for (Index d = 0; d < D; ++d)
      for (Index e = 0; e < D; ++e)
        C(d, e) -= double(h(i, 0)) * theta(d * N + i) * theta(e * N + i) /
                   std::exp(theta(D * N + N + D + i));
  return C;
}

}  // namespace

TEST_CASE("spike_slab_rbm free energy sums spikes and integrates slabs out of the joint energy") {
  const auto model = recipe(3, 2, .7);
  const Parameters theta = recipe_parameters(3, 2, .7);
  const Batch h = all_states(Domain::binary(2));
  Batch v(3, 4);
  Stream random(3);
  random.normal(v);
  const Row free_energy = energies(*model, v);
  for (Index n = 0; n < v.cols(); ++n) {
    double sum = 0;
    for (Index m = 0; m < h.cols(); ++m)
      sum += integral(2, 14, .1, [&](const Batch& s) {
        Row out(s.cols());
        for (Index k = 0; k < s.cols(); ++k)
          out(k) = std::exp(
              -joint_energy(theta, v.col(n), {double(s(0, k)), double(s(1, k))}, h.col(m)));
        return out;
      });
    CHECK(near(free_energy(n), -std::log(sum), 1e-12));
  }
}

TEST_CASE("spike_slab_rbm has ln Z of 2-D quadrature and of the determinants, term by term") {
  for (const double scale : {.3, .6}) {
    const auto model = recipe(2, 3, scale);
    const Parameters theta = recipe_parameters(2, 3, scale);
    const double closed = *model->capability<Normalized>()->log_partition(1);
    const double Z =
        integral(2, 40, .08, [&](const Batch& v) { return Row((-energies(*model, v)).exp()); });
    CHECK(near(closed, std::log(Z), 1e-12));
    const Batch h = all_states(Domain::binary(3));
    Eigen::ArrayXd terms(h.cols());
    for (Index m = 0; m < h.cols(); ++m) {
      const double determinant = precision_given(theta, 2, 3, h.col(m)).determinant();
      REQUIRE(determinant > 0);
      terms(m) = std::log(2 * std::numbers::pi) - .5 * std::log(determinant);
      for (Index i = 0; i < 3; ++i)
        terms(m) +=
            theta(6 + i) * double(h(i, m)) + .5 * (std::log(2 * std::numbers::pi) - theta(11 + i));
    }
    CHECK(near(closed, log_sum_exp(terms), 1e-13));
    CHECK(!model->capability<Normalized>()->log_partition(.5));
  }
}

TEST_CASE("spike_slab_rbm expected gradient is that of ln Z by central differences") {
  const auto model = recipe(4, 3, .4);
  const Parameters theta = recipe_parameters(4, 3, .4);
  Parameters mean = Parameters::Zero(theta.size());
  REQUIRE(model->capability<Normalized>()->expected_parameter_gradient(1, mean));
  const auto log_z = [&](const Parameters& at) {
    model->capability<Parametric>()->set_parameters(at);
    return *model->capability<Normalized>()->log_partition(1);
  };
  const double step = 1e-4;  // its error is of order step² = 1e-8, that of rounding 1e-15/step
  for (Index k = 0; k < theta.size(); ++k) {
    Parameters up = theta, down = theta;
    up(k) += step;
    down(k) -= step;
    CHECK(std::abs(mean(k) + (log_z(up) - log_z(down)) / (2 * step)) < 1e-7);
  }
}

TEST_CASE("spike_slab_rbm draws have its covariance, to five standard errors") {
  const auto model = recipe(3, 3, .55);
  const Parameters theta = recipe_parameters(3, 3, .55);
  const Batch h = all_states(Domain::binary(3));
  Eigen::ArrayXd terms(h.cols());
  for (Index m = 0; m < h.cols(); ++m) {
    terms(m) = -.5 * std::log(precision_given(theta, 3, 3, h.col(m)).determinant());
    for (Index i = 0; i < 3; ++i) terms(m) += theta(9 + i) * double(h(i, m));
  }
  const Eigen::ArrayXd p = (terms - log_sum_exp(terms)).exp();
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(3, 3);
  for (Index m = 0; m < h.cols(); ++m)
    covariance += p(m) * precision_given(theta, 3, 3, h.col(m)).inverse();
  const Index n = 40000;
  const Eigen::MatrixXd x = exact_draws(*model, n, Stream(9)).cast<double>();
  for (Index d = 0; d < 3; ++d)
    for (Index e = 0; e <= d; ++e) {
      const Eigen::ArrayXd product = (x.row(d).array() * x.row(e).array()).transpose();
      const double error = std::sqrt((product - product.mean()).square().mean() / double(n));
      CHECK(std::abs(product.mean() - covariance(d, e)) < 5 * error);
    }
}

TEST_CASE(
    "spike_slab_rbm refuses weights that leave no law, exactly where C_1 stops being definite") {
  const auto model = recipe(2, 2, .5);
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const auto smallest = [&](double factor) {
    Parameters at = theta;
    at.head(4) *= factor;
    const Eigen::MatrixXd C = precision_given(at, 2, 2, Batch::Ones(2, 1));
    return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(C).eigenvalues()(0);
  };
  double low = 1, high = 10;
  REQUIRE(smallest(low) > 0);
  REQUIRE(smallest(high) < 0);
  for (int k = 0; k < 60; ++k) (smallest(.5 * (low + high)) > 0 ? low : high) = .5 * (low + high);
  const auto refusal = [&](double factor) {
    Parameters at = theta;
    at.head(4) *= factor;
    return error_of([&] { parametric.set_parameters(at); });
  };
  CHECK(refusal(low * (1 - 1e-9)) == "");
  CHECK(refusal(high * (1 + 1e-9)) ==
        "spike_slab_rbm: Λ - W Wᵀ, slabs of precision 1, must be positive definite (it has no "
        "Cholesky factor)");
  CHECK(refusal(-high * (1 + 1e-9)) != "");
  parametric.set_parameters(theta);
  Parameters other = theta;
  other(6) = 800;
  CHECK(error_of([&] { parametric.set_parameters(other); }) ==
        "spike_slab_rbm: parameters must be finite, and so must Λ, a and their inverses");
  CHECK(parametric.parameters() == theta);
  CHECK(error_of([] {
          make_model("{name: spike_slab_rbm, visible: 3, hidden: 2, weight_scale: 5}");
        }).starts_with("spike_slab_rbm: Λ - W Wᵀ"));
}

TEST_CASE("spike_slab_rbm with many spikes has no closed sums but everything else") {
  const auto model = make_model("{name: spike_slab_rbm, visible: 5, hidden: 15}");
  CHECK(capabilities_of(*model) == std::vector<std::string>{"gradient", "parameters"});
  CHECK(exact_method(*model).empty());
  const auto largest = make_model("{name: spike_slab_rbm, visible: 5, hidden: 14}");
  // Weights of .01 barely matter: ln Z is that of independent normal v and slabs, and free spikes.
  const double nearly = .5 * 19 * std::log(2 * std::numbers::pi) + 14 * std::numbers::ln2;
  CHECK(std::abs(exact_sum(*largest, workers(), true).log_partition - nearly) < 14 * 5 * 1e-3);
}
