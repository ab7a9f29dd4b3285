#include "gibbsite/api/leapfrog.hpp"

namespace gibbsite {
namespace {

// E and ∇E of the chains that move on after step n; those of the others stay.
void evaluate_moving(const Differentiable& model, const Row& steps, Index n, Chains& at) {
  std::vector<Index> moving;
  for (Index c = 0; c < steps.size(); ++c)
    if (steps(c) > double(n)) moving.push_back(c);
  if (Index(moving.size()) == steps.size())
    return model.energy_and_gradient(at.x, at.energy, at.gradient);
  Row energy;
  Batch gradient;
  model.energy_and_gradient(at.x(Eigen::all, moving), energy, gradient);
  for (std::size_t k = 0; k < moving.size(); ++k) {
    at.energy(moving[k]) = energy(Index(k));
    at.gradient.col(moving[k]) = gradient.col(Index(k));
  }
}

// to += factor v, per chain; a chain with factor 0 stays as it is, whatever its v.
void move(Batch& to, const Row& factor, const Batch& v) {
  for (Index c = 0; c < factor.size(); ++c)
    if (factor(c) != 0) to.col(c) += Real(factor(c)) * v.col(c);
}

}  // namespace

void leapfrog(const Differentiable& model, const MassMatrix& mass, const Table& tuning,
              const Row& size, const Row& steps, Chains& at, Batch& momentum) {
  const auto kick = [&](const Row& factor) {
    Batch force = at.gradient;
    mass.scale_transposed(tuning, force);
    move(momentum, -factor * size, force);
  };
  at.energy.resize(at.x.cols());
  kick(Row::Constant(size.size(), 0.5));
  const Index most = Index(steps.maxCoeff());
  for (Index n = 0; n < most; ++n) {
    Batch velocity = momentum;
    mass.scale(tuning, velocity);
    move(at.x, (steps > double(n)).select(size, 0.0), velocity);
    evaluate_moving(model, steps, n, at);
    const Row left = steps - double(n + 1);
    kick((left > 0).select(Row::Ones(size.size()),
                           (left == 0).select(Row::Constant(size.size(), 0.5), 0.0)));
  }
}

Row kinetic_energy(const BatchView& momentum) {
  return 0.5 * momentum.cast<double>().colwise().squaredNorm().array();
}

}  // namespace gibbsite
