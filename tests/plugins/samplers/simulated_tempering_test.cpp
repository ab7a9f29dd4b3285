// Simulated tempering: excursions as exact transition matrices, whatever the pseudo-priors are.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const std::string flips = "sampler: {name: metropolis, updates: 1}}";

void warm_up(const Sampler& kernel, Chains& chains, Index total) {
  for (Index n = 1; n <= total; ++n) {
    kernel.step(chains, Stream(1).at(std::uint64_t(n)));
    kernel.adapt(chains, {n, total});
  }
}

// The kernel of another with given pseudo-priors in place of the first ones.
class WithPriors final : public Sampler {
 public:
  WithPriors(const Sampler& inner, Eigen::ArrayXd priors)
      : inner_(inner), priors_(std::move(priors)) {}

 private:
  void do_init(Chains& now) const override {
    now = inner_.init(now.x);
    now.tuning.topRows(priors_.size()).colwise() = priors_;
  }
  void do_step(Chains& now, Stream random) const override { inner_.step(now, random); }

  const Sampler& inner_;
  Eigen::ArrayXd priors_;
};

}  // namespace

TEST_CASE("excursions keep small laws to 1e-12, reversibly, also where most are cut off") {
  const double limit = tolerance(1e-12, 1e-6);
  const auto boltzmann = recipe_boltzmann(2, 2, true);
  const auto rbm = recipe_rbm(2, 1, 3);
  for (const auto& [spec, model] :
       {std::pair<std::string, EnergyModel*>{"ladder: [1, .5], most_updates: 1, " + flips,
                                             boltzmann.get()},
        {"ladder: [1, .5], most_updates: 3, " + flips, boltzmann.get()},
        {"ladder: [1, .5, .2], most_updates: 4, " + flips, boltzmann.get()},
        {"ladder: [1, .5, 0], base: uniform, most_updates: 4, " + flips, rbm.get()},
        {"ladder: [1, .3], most_updates: 2}", rbm.get()}}) {
    CAPTURE(spec);
    const auto kernel = make_sampler("{name: simulated_tempering, " + spec, *model);
    CHECK(kernel->is_reversible());
    const Eigen::MatrixXd K = transition_matrix(*kernel, *model);
    CHECK(invariance_defect(K, *model) < limit);
    CHECK(reversibility_defect(K, *model) < limit);
  }
}

TEST_CASE("pseudo-priors change how far excursions go, not the law they keep") {
  const double limit = tolerance(1e-12, 1e-6);
  const auto boltzmann = recipe_boltzmann(2, 2, true);
  const auto plain = make_sampler(
      "{name: simulated_tempering, ladder: [1, .5, .2], most_updates: 4, " + flips, *boltzmann);
  const WithPriors tilted(*plain, Eigen::Array3d(0, 1.5, -.7));
  const Eigen::MatrixXd K = transition_matrix(tilted, *boltzmann);
  CHECK(invariance_defect(K, *boltzmann) < limit);
  CHECK(reversibility_defect(K, *boltzmann) < limit);
  CHECK((K - transition_matrix(*plain, *boltzmann)).cwiseAbs().maxCoeff() > 1e-3);
}

TEST_CASE("an excursion that is not back in time leaves x where it was, and says so") {
  Independent flat = Independent::uniform(Domain::binary(6));
  // On a flat energy with two levels the first level move always leaves β = 1.
  const auto kernel = make_sampler(
      "{name: simulated_tempering, ladder: [1, .5], most_updates: 1, sampler: {name: gibbs, scan: "
      "palindromic}}",
      flat);
  Chains chains = kernel->init(Batch::Zero(6, 30));
  kernel->step(chains, Stream(2));
  CHECK(chains.x == Batch::Zero(6, 30));
  CHECK((chains.statistics.row(0) == 1).all());
  CHECK((chains.statistics.row(1) == 1).all());
  CHECK((chains.statistics.row(2) == 0).all());
  const auto longer = make_sampler(
      "{name: simulated_tempering, ladder: [1, .5], most_updates: 2, sampler: {name: gibbs, scan: "
      "palindromic}}",
      flat);
  longer->step(chains, Stream(3));
  CHECK((chains.statistics.row(0) == 2).all());
  CHECK((chains.statistics.row(2) == 1).all());
  CHECK(chains.x != Batch::Zero(6, 30));
}

// From zeros the first excursions hardly leave β = 1: ln Z falls by 14 from there to β = .1.
TEST_CASE("warm-up learns -ln Z of the levels, so that each is visited once per excursion") {
  const auto model = make_model(
      "{name: potts, lattice: square, sides: [3], levels: 3, "
      "coupling: 1.2}");
  const auto kernel = make_sampler(
      "{name: simulated_tempering, temperatures: 6, lowest: .1, sampler: {name: gibbs, scan: "
      "random}}",
      *model);
  Chains chains = kernel->init(Batch::Zero(9, 10));
  warm_up(*kernel, chains, 1500);
  const Table priors = chains.tuning.topRows(6);
  CHECK((priors.row(0) == 0).all());
  double at_one = 0;
  for (Index k = 0; k < 6; ++k) {
    WeightedSum path = WeightedSum::tempered(std::pow(.1, double(k) / 5), *model);
    const double log_z = log_sum_over_states(path);
    if (k == 0) at_one = log_z;
    CHECK(std::abs(priors.row(k).mean() - (at_one - log_z)) < .5);
  }
  CHECK(priors.row(5).mean() > 5);
  double updates = 0, deepest = 0;
  for (std::uint64_t n = 0; n < 500; ++n) {
    kernel->step(chains, Stream(4).at(n));
    updates += chains.statistics.row(0).mean() / 500;
    deepest = std::max(deepest, chains.statistics.row(1).maxCoeff());
  }
  CHECK(updates > 3);  // 6 levels, each once: Kac's formula
  CHECK(updates < 12);
  CHECK(deepest == 5);
  CHECK((chains.tuning.topRows(6) == priors).all());
}

TEST_CASE("simulated tempering keeps a law of two modes and crosses between them") {
  const auto model = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-5, 5], standard_deviations: [1, 1]}");
  const std::string spec =
      "{name: simulated_tempering, temperatures: 5, lowest: .02, sampler: {name: random_walk, "
      "step_size: 2}}";
  CHECK(invariance_test(sampler(spec), *model, {.count = 3000, .steps = 2}).passed);
  const auto kernel = make_sampler(spec, *model);
  Chains chains = kernel->init(Batch::Constant(1, 60, Real(5)));
  warm_up(*kernel, chains, 200);
  CHECK((chains.x.array() < 0).count() > 4);
  CHECK((chains.x.array() < 0).count() < 34);
}
