#include <cmath>
#include <gibbsite/api/recovery.hpp>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// E_t(y) = λy²/2 at both levels.
std::unique_ptr<EnergyModel> line(double lambda) {
  return make_model(
      "{name: noise_conditional, noise: [0.4, 0.8], model: {name: gaussian, mean: "
      "[0, 0], precision: [" +
      number_text(lambda) + ", 0, 0, 1]}}");
}

}  // namespace

// Every level is linear with normal noise: y = s x + N(0, w) by the law of K steps of ula (see the
// test of the gradient of this name), x = y/√(1 - σ²). From 40,000 chains the variance has a
// relative standard error of √(2/4e4).
TEST_CASE("diffusion_recovery draws what K steps at every level make of noise") {
  const double lambda = 2, step = .1;
  const int steps = 12;
  const auto model = line(lambda);
  const auto kernel = make_sampler(
      "{name: diffusion_recovery, steps: 12, sampler: {name: ula, step_size: 0.1}}", *model);
  CHECK_FALSE(kernel->is_exact());
  Chains now = kernel->init(Batch::Constant(1, 40000, 7));
  kernel->step(now, Stream(5));
  double variance = 1;
  for (const double sigma : {.8, .4}) {
    const double v = sigma * sigma, kappa = 1 + lambda * v, r = 1 - step * kappa / 2;
    const double left = std::pow(r, steps), share = 1 - lambda * v * (1 - left) / kappa;
    variance = (share * share * variance + v * step * (1 - left * left) / (1 - r * r)) / (1 - v);
  }
  const auto x = now.x.cast<double>().array();
  CHECK(std::abs(x.mean()) < 5 * std::sqrt(variance / 4e4));
  CHECK(std::abs(x.square().mean() / variance - 1) < 5 * std::sqrt(2 / 4e4));
  CHECK((now.energy == energies(*model, now.x)).all());
  // The next draw knows nothing of this one.
  const Batch before = now.x;
  kernel->step(now, Stream(6));
  const double together =
      (before.cast<double>().array() * now.x.cast<double>().array()).mean() / variance;
  CHECK(std::abs(together) < 5 / std::sqrt(4e4));
}

TEST_CASE("recovery of a column does not feel its batch, and each has a level of its own") {
  const auto model = line(1.5);
  Context c = context(model.get());
  const auto sampler = [] {
    PluginSpec ula{"ula", Node::map()};
    ula.node.entries.push_back({"name", {}, Node::scalar("ula")});
    ula.node.entries.push_back({"step_size", {}, Node::scalar("0.2")});
    return ula;
  }();
  const Recovery recovery(sampler, c);
  Batch noisy(1, 6);
  noisy << -2, -1, 0, 1, 2, 3;
  const std::vector<Index> at = {0, 1, 0, 1, 1, 0};
  const Batch all = recovery.recover(noisy, at, 5, Stream(9));
  for (Index n = 0; n < 6; ++n) {
    const std::vector<Index> own = {at[std::size_t(n)]};
    CHECK(recovery.recover(noisy.col(n), own, 5, Stream(9).chains_from(n)) == all.col(n));
    CHECK(recovery.recover(noisy.col(n), std::vector<Index>{1 - own[0]}, 5,
                           Stream(9).chains_from(n)) != all.col(n));
  }
}
