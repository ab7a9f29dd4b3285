#include <cmath>
#include <gibbsite/api/directional.hpp>
#include <limits>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// E = θ_0 sin(k·x) + θ_1 |x|²/2 on the plane.
class Wave final : public EnergyModel, public Differentiable, public Parametric {
 public:
  explicit Wave(double scale, Domain domain = Domain::real(2))
      : domain_(std::move(domain)), k_(Eigen::Vector2d(.6, -.8) / scale) {}
  const Domain& domain() const override { return domain_; }
  std::vector<ParameterBlock> blocks() const override { return {{"theta", {"term"}, {2}}}; }
  Parameters parameters() const override { return Eigen::Vector2d(1.5, .5); }
  void set_parameters(const Parameters&) override {}
  const Eigen::Vector2d& k() const { return k_; }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    Batch gradient(2, x.cols());
    do_energy_and_gradient(x, energy, gradient);
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    for (Index n = 0; n < x.cols(); ++n) {
      const Eigen::Vector2d at = x.col(n).cast<double>();
      energy(n) = 1.5 * std::sin(k_.dot(at)) + .25 * at.squaredNorm();
      gradient.col(n) = (1.5 * std::cos(k_.dot(at)) * k_ + .5 * at).cast<Real>();
    }
  }
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    for (Index n = 0; n < x.cols(); ++n) {
      const Eigen::Vector2d at = x.col(n).cast<double>();
      // As a model that computes in Real would round it.
      out(0) += weights(n) * double(Real(std::sin(k_.dot(at))));
      out(1) += weights(n) * double(Real(at.squaredNorm() / 2));
    }
  }
  Domain domain_;
  Eigen::Vector2d k_;
};

// The largest error of curvatures, first and second derivatives, relative to 1/scale and 1/scale².
double largest_error(Wave& model, double scale, double length_scale) {
  DifferenceParams params;
  params.length_scale = length_scale;
  const DirectionalDerivatives derivatives(params, context(&model));
  double worst = 0;
  for (int n = 0; n < 20; ++n) {
    const double angle = .3 * n;
    const Vector x = (scale * Eigen::Vector2d(std::sin(n), std::cos(2. * n))).cast<Real>();
    Batch u(2, 3);
    for (int j = 0; j < 3; ++j) u.col(j) << Real(std::cos(angle + j)), Real(std::sin(angle + j));
    const Eigen::Vector2d at = x.cast<double>();
    const Eigen::Array3d ku = (u.cast<double>().transpose() * model.k()).array();
    const Eigen::Array3d xu = (u.cast<double>().transpose() * at).array();
    const double phase = model.k().dot(at);
    const Eigen::ArrayXd curvatures = derivatives.curvatures(x, u);
    worst =
        std::max(worst, (scale * scale * (curvatures - (-1.5 * std::sin(phase) * ku.square() + .5)))
                            .abs()
                            .maxCoeff());
    Parameters first = Parameters::Zero(2), second = first;
    const Eigen::Array3d a(1, -2, .5), none(0, 0, 0);
    derivatives.add(x, u, a, none, first);
    derivatives.add(x, u, none, a, second);
    const Eigen::Array4d errors(
        scale * (first(0) - std::cos(phase) * (a * ku).sum()), scale * (first(1) - (a * xu).sum()),
        scale * scale * (second(0) + std::sin(phase) * (a * ku.square()).sum()),
        scale * scale * (second(1) - a.sum()));
    worst = std::max(worst, errors.abs().maxCoeff());
  }
  return worst;
}

}  // namespace

// Three derivatives with factors up to 2 are summed, and u is a unit vector but for ε.
TEST_CASE("directional derivatives have the documented accuracy at the length scale of the model") {
  for (const double scale : {1., 1e-3, 1e3}) {
    CAPTURE(scale);
    Wave model(scale);
    const double reach = std::max(1., scale * scale);  // of the quadratic term
    CHECK(largest_error(model, scale, scale) < 4 * reach * tolerance(2e-10, 1e-4));
  }
  Wave fine(1e-3);
  CHECK(largest_error(fine, 1e-3, 1) > .1);
}

TEST_CASE("derivatives along any vector are those along its direction, times its length") {
  Wave model(1);
  const DirectionalDerivatives derivatives({}, context(&model));
  const Vector x = Eigen::Vector2d(.3, -.7).cast<Real>(), r = Eigen::Vector2d(3, 4).cast<Real>();
  Parameters out = Parameters::Ones(2);
  derivatives.add_along(x, Vector::Zero(2), 1, out);
  CHECK(out == Parameters::Ones(2));
  derivatives.add_along(x, r, -2, out);
  CHECK(near(out(0), 1 - 2 * std::cos(.6 * .3 + .8 * .7) * (.6 * 3 - .8 * 4),
             10 * tolerance(2e-10, 1e-4)));
  CHECK(near(out(1), 1 - 2 * (.3 * 3 - .7 * 4), 10 * tolerance(2e-10, 1e-4)));
}

TEST_CASE("directional derivatives refuse models without a gradient, and coordinates not real") {
  const auto rbm = make_model("{name: rbm, visible: 3, hidden: 2}");
  CHECK(error_of([&] {
          DirectionalDerivatives({}, context(rbm.get()));
        }).find("capability 'gradient'") != std::string::npos);
  Wave positive(1, Domain::rectified(2));
  CHECK(error_of([&] { DirectionalDerivatives({}, context(&positive)); }) ==
        "test: needs a model on real coordinates, got 2 rectified");
}

// Rounding: 70 second differences of numbers up to 10, each off by 5.3 ε/h² = 5.3 ε^(2/3) of them.
TEST_CASE("more directions than are held at once give the same sums") {
  const auto model = make_model("{name: gaussian, units: 70, condition: 5}");
  const DirectionalDerivatives derivatives({}, context(model.get()));
  const Vector x = Vector::LinSpaced(70, -1, 1);
  const Batch axes = Batch::Identity(70, 70);
  const Eigen::ArrayXd curvatures = derivatives.curvatures(x, axes);
  Parameters once = Parameters::Zero(70 + 70 * 70), twice = once;
  derivatives.add(x, axes, Eigen::ArrayXd::Ones(70), Eigen::ArrayXd::Ones(70), once);
  for (Index i = 0; i < 70; ++i) {
    CHECK(derivatives.curvatures(x, axes.col(i))(0) == curvatures(i));
    derivatives.add(x, axes.col(i), Eigen::ArrayXd::Ones(1), Eigen::ArrayXd::Ones(1), twice);
  }
  CHECK(distance(once, twice) <
        70 * 10 * 5.3 * std::pow(double(std::numeric_limits<Real>::epsilon()), 2. / 3));
}
