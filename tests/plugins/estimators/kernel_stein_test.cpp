// Kernel Stein discrepancies on real and on discrete coordinates.
#include <cmath>
#include <numbers>

#include "support/population.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const Workers& one_thread() {
  static const Workers one(1);
  return one;
}

std::unique_ptr<GradientEstimator> made(const std::string& yaml, EnergyModel& model,
                                        const Dataset* train = nullptr) {
  return make_gradient(yaml, context_with(model, train, nullptr, one_thread()));
}

// -u(x, y) and its gradient: the estimate from the two alone.
GradientEstimate of_pair(const GradientEstimator& estimator, const BatchView& x,
                         const BatchView& y) {
  Batch both(x.rows(), 2);
  both << x, y;
  Saved saved;
  return estimator.estimate(both, saved, Stream(1));
}

// -KSD² and its gradient where observations are columns of `x` with probabilities `law`.
GradientEstimate under_law_of_pairs(const GradientEstimator& estimator, const Batch& x,
                                    const Row& law) {
  GradientEstimate sum;
  sum.objective = 0;
  for (Index n = 0; n < x.cols(); ++n)
    for (Index m = 0; m <= n; ++m) {
      const GradientEstimate one = of_pair(estimator, x.col(n), x.col(m));
      if (n == 0) sum.ascent.setZero(one.ascent.size());
      const double weight = law(n) * law(m) * (m < n ? 2 : 1);
      sum.ascent += weight * one.ascent;
      sum.objective += weight * one.objective;
    }
  return sum;
}

// -KSD² of N(mean, variance) to N(0, 1), by the trapezoidal rule.
GradientEstimate of_normal(const std::string& kernel, double mean, double variance) {
  const auto model = make_model("{name: gaussian, mean: [0], precision: [1]}");
  constexpr double step = .2;
  Batch x(1, 91);
  Row law(91);
  for (Index k = 0; k < 91; ++k) {
    const double at = step * double(k - 45);
    x(0, k) = Real(at);
    law(k) = step * std::exp(-(at - mean) * (at - mean) / (2 * variance)) /
             std::sqrt(2 * std::numbers::pi * variance);
  }
  return under_law_of_pairs(*made("{name: kernel_stein, " + kernel + "}", *model), x, law);
}

// Each coordinate's next state in the ring of all, for every state of the domain by its number.
double ratio_to_next(const EnergyModel& model, const BatchView& x, Index i, const Row& law,
                     const Batch& all) {
  Batch other = x;
  const Domain::Part unit = model.domain().site(i);
  other(i, 0) =
      unit.kind == Domain::Kind::spin ? -x(i, 0) : Real((Index(x(i, 0)) + 1) % unit.levels);
  double from = 0, to = 0;
  for (Index n = 0; n < all.cols(); ++n) {
    if (all.col(n) == x.col(0)) from = law(n);
    if (all.col(n) == other.col(0)) to = law(n);
  }
  return to / from;
}

}  // namespace

TEST_CASE("the Stein discrepancy of normal laws is its closed form") {
  for (const double h : {1., .6}) {
    const std::string kernel = "kernel: gaussian, bandwidth: " + number_text(h);
    CHECK(std::abs(of_normal(kernel, .5, 1).objective + .25 / std::sqrt(1 + 2 / (h * h))) < 1e-10);
  }
  const std::string kernel = "kernel: gaussian, bandwidth: 1";
  CHECK(std::abs(of_normal(kernel, 0, 2).objective + .4 * std::sqrt(.05)) < 1e-6);
  CHECK(std::abs(of_normal(kernel, 0, .5).objective + .25 * std::pow(2, -1.5)) < 1e-10);
  CHECK(std::abs(of_normal(kernel, 0, .5).objective + .088388) < 1e-6);
}

TEST_CASE("under the model's own law the Stein discrepancy and its gradient are 0") {
  for (const std::string kernel : {"kernel: gaussian, bandwidth: 1.3", "bandwidth: 1.4"}) {
    CAPTURE(kernel);
    const GradientEstimate own = of_normal(kernel, 0, 1);
    CHECK(std::abs(own.objective) < 1e-10);
    CHECK(own.ascent.cwiseAbs().maxCoeff() < 1e-8);
    const GradientEstimate shifted = of_normal(kernel, .5, 1);
    CHECK(shifted.objective < -.01);
    CHECK(shifted.ascent(0) > .01);  // towards the data's mean
  }
}

TEST_CASE("the Stein kernel is what its definition makes of k and the scores, in the plane") {
  const auto model = make_model("{name: mlp, units: 2, hidden: [6], weight_scale: 2}");
  const Eigen::Vector2d x(.3, -.8), y(-.5, .4);
  Batch both(2, 2), gradient;
  both << x.cast<Real>(), y.cast<Real>();
  Row energy;
  model->capability<Differentiable>()->energy_and_gradient(both, energy, gradient);
  const Eigen::Vector2d s = -gradient.col(0).cast<double>(), t = -gradient.col(1).cast<double>();
  constexpr double w = 1 / (.9 * .9), step = 1e-3;
  for (const bool gaussian : {true, false}) {
    const auto k = [&](const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
      const double square = (a - b).squaredNorm() * w;
      return gaussian ? std::exp(-square / 2) : 1 / std::sqrt(1 + square);
    };
    double truth = s.dot(t) * k(x, y);
    for (Index i = 0; i < 2; ++i) {
      const Eigen::Vector2d e = step * Eigen::Vector2d::Unit(i);
      truth += s(i) * (k(x, y + e) - k(x, y - e)) / (2 * step) +
               t(i) * (k(x + e, y) - k(x - e, y)) / (2 * step) +
               (k(x + e, y + e) - k(x + e, y - e) - k(x - e, y + e) + k(x - e, y - e)) /
                   (4 * step * step);
    }
    const auto estimator = made(std::string("{name: kernel_stein, bandwidth: 0.9, kernel: ") +
                                    (gaussian ? "gaussian" : "inverse_multiquadric") + "}",
                                *model);
    CHECK(std::abs(of_pair(*estimator, both.col(0), both.col(1)).objective + truth) < 1e-5);
    check_ascent(*estimator, *model, both, 1e-7);
    Batch more(2, 13);
    Stream random(4);
    random.normal(more);
    check_ascent(*estimator, *model, more, 1e-7);
  }
}

TEST_CASE("without a bandwidth it is the median distance of the training data") {
  const auto model = make_model("{name: gaussian, units: 1}");
  Batch x(1, 3);
  x << 0, 1, 5;  // distances 1, 4, 5
  const Rows train(x), equal(Batch::Ones(1, 4));
  Saved saved;
  CHECK(
      made("kernel_stein", *model, &train)->estimate(x, saved, Stream(1)).objective ==
      made("{name: kernel_stein, bandwidth: 4}", *model)->estimate(x, saved, Stream(1)).objective);
  CHECK(error_of([&] { made("kernel_stein", *model, &equal); }) ==
        "gradient kernel_stein: bandwidth: must be given where half of the data are equal");
}

TEST_CASE("the discrete Stein discrepancy is 0 for the model's own law, and so is its gradient") {
  for (const std::string spec :
       {"{name: boltzmann_machine, units: 4, weight_scale: 1}",
        "{name: ising, lattice: chain, sides: [4], coupling: 0.4, field: [0.3]}",
        "{name: discrete_boltzmann, units: 2, levels: 4, weight_scale: 1}",
        "{name: table, levels: [2, 3, 4]}"}) {
    CAPTURE(spec);
    const auto model = make_model(spec);
    const auto estimator = made("{name: discrete_kernel_stein, bandwidth: 0.7}", *model);
    const GradientEstimate own =
        under_law_of_pairs(*estimator, all_states(model->domain()), law(*model));
    CHECK(std::abs(own.objective) < 1e-10);
    CHECK(own.ascent.cwiseAbs().maxCoeff() < 1e-10);
    check_ascent(*estimator, *model, all_states(model->domain()).leftCols(9), 1e-8);
  }
}

TEST_CASE("the discrete Stein discrepancy is that of the scores, weighed by the kernel") {
  const auto model = make_model("{name: table, levels: [2, 3, 3], energy_scale: 0.7}");
  const Batch x = all_states(model->domain());
  const Row p = law(*model);
  Row q(x.cols());
  for (Index n = 0; n < x.cols(); ++n) q(n) = 1 + .5 * std::sin(double(n * n));
  q /= q.sum();
  Eigen::MatrixXd difference(x.rows(), x.cols());  // of the scores of p and q
  for (Index n = 0; n < x.cols(); ++n)
    for (Index i = 0; i < x.rows(); ++i)
      difference(i, n) =
          ratio_to_next(*model, x.col(n), i, q, x) - ratio_to_next(*model, x.col(n), i, p, x);
  for (const double h : {1., .4}) {
    double truth = 0;
    for (Index n = 0; n < x.cols(); ++n)
      for (Index m = 0; m < x.cols(); ++m) {
        const double share = double((x.col(n).array() != x.col(m).array()).count()) / 3;
        truth += q(n) * q(m) * std::exp(-share / h) * difference.col(n).dot(difference.col(m));
      }
    const auto estimator =
        made("{name: discrete_kernel_stein, bandwidth: " + number_text(h) + "}", *model);
    CHECK(std::abs(under_law_of_pairs(*estimator, x, q).objective + truth) < 1e-10);
    CHECK(truth > .01);
  }
}

TEST_CASE("the V-statistic adds the pairs of each observation with itself, and is never below 0") {
  const auto machine = make_model("{name: boltzmann_machine, units: 3, weight_scale: 1}"),
             network = make_model("{name: mlp, units: 3, hidden: [6], weight_scale: 2}");
  for (const auto& [name, model] : std::vector<std::pair<std::string, EnergyModel*>>{
           {"{name: discrete_kernel_stein", machine.get()},
           {"{name: kernel_stein, bandwidth: 1", network.get()}}) {
    CAPTURE(name);
    const Batch x = all_states(Domain::binary(3)).leftCols(5);
    const auto u = made(name + "}", *model), v = made(name + ", v_statistic: true}", *model);
    Saved saved;
    double truth = 20 * u->estimate(x, saved, Stream(1)).objective;
    for (Index n = 0; n < 5; ++n) truth += of_pair(*u, x.col(n), x.col(n)).objective;
    const double found = v->estimate(x, saved, Stream(1)).objective;
    CHECK(near(found, truth / 25, 1e-12));
    CHECK(found < 0);
    CHECK(v->estimate(x.col(0), saved, Stream(1)).objective < 0);
    check_ascent(*v, *model, x, 1e-7);
  }
}

TEST_CASE("Stein discrepancies refuse the other kind of coordinate") {
  const auto normal = make_model("{name: gaussian, units: 2}"),
             spins = make_model("{name: mlp, units: 2, domain: spin}");
  CHECK(error_of([&] { made("discrete_kernel_stein", *normal); }) ==
        "gradient discrete_kernel_stein: needs a model on discrete coordinates, got 2 real");
  CHECK(error_of([&] {
          made("{name: kernel_stein, bandwidth: 1}", *spins);
        }).find("capability 'gradient'") != std::string::npos);
}

TEST_CASE("a single observation makes a pair with the one before it, in either Stein discrepancy") {
  const auto real = make_model("{name: gaussian, mean: [0.3, -1], precision: [2, 0.6, 0.6, 1]}");
  const auto bits = recipe_boltzmann(4, .3, true);
  for (const auto& [spec, model] :
       {std::pair(std::string("{name: kernel_stein, bandwidth: 1}"), real.get()),
        {std::string("discrete_kernel_stein"), bits.get()}}) {
    CAPTURE(spec);
    const auto estimator = made(spec, *model);
    Batch x(model->dim(), 3);
    for (Index k = 0; k < x.size(); ++k) x(k) = Real((3 * k * k) % 7 < 3);
    Saved saved, fresh;
    // Before the first there is none: nothing is learnt of it.
    CHECK(estimator->estimate(x.leftCols(1), fresh, Stream(1)).ascent.isZero(0));
    estimator->estimate(x.leftCols(2), saved, Stream(1));
    const GradientEstimate alone = estimator->estimate(x.rightCols(1), saved, Stream(1));
    Saved none;
    const GradientEstimate pair = estimator->estimate(x.rightCols(2), none, Stream(1));
    CHECK(alone.ascent == pair.ascent);
    CHECK(alone.objective == pair.objective);
    CHECK(alone.ascent.norm() > 1e-3);
  }
}
