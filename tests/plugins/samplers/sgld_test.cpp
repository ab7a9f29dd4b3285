// Langevin steps on part of the data, against the posterior by quadrature.
#include <cmath>

#include "support/make.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const char* const posterior =
    "{name: logistic_regression, dataset: {name: two_moons, size: 20, seed: 3}, intercept: false}";

// E[w] and E[w_i²] by quadrature over the plane: four numbers.
Eigen::Array4d moments_by_quadrature(const EnergyModel& model) {
  const auto density = [&](const Batch& w) { return Row((-energies(model, w)).exp()); };
  const auto of = [&](const auto& f) {
    return integral(2, 8, 0.05, [&](const Batch& w) { return Row(f(w) * density(w)); });
  };
  const double z = of([](const Batch& w) { return Row(Row::Ones(w.cols())); });
  Eigen::Array4d out;
  for (Index i = 0; i < 2; ++i) {
    out(i) = of([&](const Batch& w) { return Row(w.row(i).cast<double>().array()); }) / z;
    out(2 + i) =
        of([&](const Batch& w) { return Row(w.row(i).cast<double>().array().square()); }) / z;
  }
  return out;
}

}  // namespace

// The bias is O(ε): that of ε = 0.02 is at most about ε λ/4 < 3 % of a variance whose precision λ
// is at most 1 + 20/4 = 6, and the noise of the gradients adds ε/4 times their variance, as much
// again for batches of half the data. Five standard errors of 2000 chains are 11 % of a standard
// deviation for means and 16 % for variances. The relaxation time is at most 2/ε = 100 steps.
TEST_CASE("with small steps sgld has the posterior's mean and spread") {
  const auto model = make_model(posterior);
  const Eigen::Array4d truth = moments_by_quadrature(*model);
  const auto kernel =
      make_sampler("{name: sgld, step_size: 0.02, batch: 10, schedule: fixed}", *model);
  Batch w = Batch::Zero(2, 2000);
  step_all(*kernel, w, 700, Stream(1));
  for (Index i = 0; i < 2; ++i) {
    Moments moments;
    for (Index c = 0; c < w.cols(); ++c) moments.add(double(w(i, c)));
    const double variance = truth(2 + i) - truth(i) * truth(i);
    CHECK(std::abs(moments.mean - truth(i)) <
          5 * std::sqrt(variance / 2000) + .02 * std::sqrt(variance));
    CHECK(std::abs(moments.variance() / variance - 1) < 5 * std::sqrt(2 / 2000.) + .06);
  }
  CHECK(truth.head(2).abs().maxCoeff() > .5);  // the start is far from the answer
}

TEST_CASE("sgld counts batch / observations of a gradient per chain and step, and no energy") {
  const auto model = make_model(posterior);
  const auto kernel = make_sampler("{name: sgld, batch: 3}", *model);
  const Evaluations before = model->evaluations();
  Chains chains = kernel->init(Batch::Zero(2, 8));
  CHECK(chains.energy.size() == 0);
  for (std::uint64_t n = 0; n < 100; ++n) kernel->step(chains, Stream(1).at(n));
  CHECK(model->evaluations() - before == Evaluations{.gradient = 100 * 8 * 3 / 20});
}

TEST_CASE("sgld draws other observations in every step and for every chain") {
  const auto model = make_model(posterior);
  const auto kernel =
      make_sampler("{name: sgld, batch: 1, step_size: 1e-12, schedule: fixed}", *model);
  // The noise of 1e-6 is far below the drift only where it is scaled back: compare the drifts.
  Chains one = kernel->init(Batch::Zero(2, 50));
  Batch noise(2, 50), drift(2, 50);
  Stream(7).normal(noise);
  kernel->step(one, Stream(7));
  drift = (one.x - Real(1e-6) * noise) / Real(0.5e-12);
  Index differ = 0;
  for (Index c = 1; c < 50; ++c) differ += (drift.col(c) - drift.col(0)).norm() > 1e-2;
  CHECK(differ > 30);
  Chains two = kernel->init(Batch::Zero(2, 50));
  Batch other_noise(2, 50);
  Stream(7).at(1).normal(other_noise);
  kernel->step(two, Stream(7).at(1));
  const Batch other = (two.x - Real(1e-6) * other_noise) / Real(0.5e-12);
  CHECK((other - drift).norm() > 1);
}

TEST_CASE("sgld shrinks its steps by default and says what they were") {
  const auto model = make_model(posterior);
  const auto kernel =
      make_sampler("{name: sgld, step_size: 0.5, offset: 2, exponent: 0.8}", *model);
  CHECK_FALSE(kernel->is_exact());
  Chains chains = kernel->init(Batch::Zero(2, 3));
  for (int t = 0; t < 20; ++t) {
    kernel->step(chains, Stream(2).at(std::uint64_t(t)));
    CHECK(((chains.statistics.row(0) - .5 * std::pow(2. + t, -.8)).abs() < 1e-15).all());
  }
}

TEST_CASE("sgld stays where it is and says so when a step leads out of the numbers") {
  const auto model = make_model(posterior);
  const auto kernel = make_sampler("{name: sgld, step_size: 1e300, schedule: fixed}", *model);
  Chains chains = kernel->init(Batch::Zero(2, 3));
  for (std::uint64_t n = 0; n < 5; ++n) kernel->step(chains, Stream(3).at(n));
  CHECK((chains.statistics.row(1) == 1).all());
  CHECK(chains.x.allFinite());
}

TEST_CASE("sgld refuses a model that is no sum over observations") {
  const auto model = make_model("{name: gaussian, units: 2}");
  CHECK(error_of([&] { make_sampler("sgld", *model); }).find("minibatch") != std::string::npos);
}
