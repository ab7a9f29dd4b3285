// The integrator by itself: it goes back the way it came, and keeps volume in phase space.
#include "gibbsite/api/leapfrog.hpp"

#include <Eigen/LU>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// A mixture in the plane and the dense masses that M⁻¹ = L Lᵀ stands for.
struct Flow {
  std::unique_ptr<EnergyModel> model = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-2, 0, 2, 1], standard_deviations: [.5, "
      "1]}");
  DenseMassAdaptation mass{1, 2};
  Table tuning;

  explicit Flow(Index chains) : tuning(1 + mass.rows(), chains) {
    mass.init(tuning);
    tuning.row(1).setConstant(1.5);
    tuning.row(2).setConstant(-.7);
    tuning.row(4).setConstant(.4);
  }
  Chains at(Batch x) const {
    Chains chains;
    chains.x = std::move(x);
    model->capability<Differentiable>()->energy_and_gradient(chains.x, chains.energy,
                                                             chains.gradient);
    return chains;
  }
  void run(Chains& chains, Batch& momentum, const Row& size, const Row& steps) const {
    leapfrog(*model->capability<Differentiable>(), mass, tuning, size, steps, chains, momentum);
  }
};

Batch normal(Index dim, Index chains, std::uint64_t seed) {
  Batch out(dim, chains);
  Stream(seed).normal(out);
  return out;
}

}  // namespace

TEST_CASE("with the momentum turned round leapfrog steps lead back to where they began") {
  constexpr Index chains = 40;
  Flow flow(chains);
  const Batch x = normal(2, chains, 1), p = normal(2, chains, 2);
  const Row size = Row::LinSpaced(chains, 0.05, 0.4);
  Row steps(chains);
  for (Index c = 0; c < chains; ++c) steps(c) = double(1 + c % 9);
  Chains chain = flow.at(x);
  Batch momentum = p;
  flow.run(chain, momentum, size, steps);
  CHECK((chain.x - x).colwise().norm().minCoeff() > 1e-3);
  momentum = -momentum;
  flow.run(chain, momentum, size, steps);
  CHECK(distance(chain.x, x) < tolerance(1e-12, 1e-3));
  CHECK(distance(momentum, -p) < tolerance(1e-12, 1e-3));
  CHECK(distance(chain.energy, flow.at(x).energy) < tolerance(1e-11, 1e-3));
}

// Derivatives by differences of fourth order: at h = 1e-4 their error is some 1e-10, of which
// rounding is a part.
TEST_CASE("leapfrog steps keep the volume of phase space") {
  if (!std::is_same_v<Real, double>) return;
  constexpr double h = 1e-4;
  const Batch points = normal(4, 20, 3);
  for (Index n = 0; n < points.cols(); ++n) {
    Batch moved = points.col(n).replicate(1, 16);
    for (Index k = 0; k < 4; ++k)
      for (Index j = 0; j < 4; ++j)
        moved(k, 4 * k + j) += Real(h * (j < 2 ? double(j) - 2 : double(j) - 1));
    Flow flow(16);
    Chains chain = flow.at(moved.topRows(2));
    Batch p = moved.bottomRows(2);
    flow.run(chain, p, Row::Constant(16, 0.3), Row::Constant(16, 5));
    Batch end(4, 16);
    end << chain.x, p;
    Eigen::Matrix4d jacobian;
    for (Index k = 0; k < 4; ++k)
      jacobian.col(k) =
          ((8 * (end.col(4 * k + 2) - end.col(4 * k + 1)) - (end.col(4 * k + 3) - end.col(4 * k))) /
           (12 * h))
              .cast<double>();
    CHECK(std::abs(jacobian.determinant() - 1) < 1e-7);
    CHECK((jacobian - Eigen::Matrix4d::Identity()).norm() > .1);
  }
}

TEST_CASE("chains of different lengths move as they would alone, and cost their own steps") {
  const Row steps = (Row(4) << 3, 1, 5, 3).finished();
  const Row size = Row::Constant(4, 0.2);
  Flow together(4), alone(1);
  const Batch x = normal(2, 4, 4), p = normal(2, 4, 5);
  Chains all = together.at(x);
  Batch momenta = p;
  const Evaluations before = together.model->evaluations();
  together.run(all, momenta, size, steps);
  CHECK(together.model->evaluations() - before == Evaluations{.gradient = 12});
  for (Index c = 0; c < 4; ++c) {
    Chains one = alone.at(x.col(c));
    Batch momentum = p.col(c);
    alone.run(one, momentum, size.segment(c, 1), steps.segment(c, 1));
    CHECK(one.x == all.x.col(c));
    CHECK(momentum == momenta.col(c));
    CHECK(one.energy(0) == all.energy(c));
    CHECK(one.gradient == all.gradient.col(c));
  }
}
