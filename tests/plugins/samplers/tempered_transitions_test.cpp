// Tempered transitions: exact transition matrices, and what their acceptance says.
#include <cmath>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("tempered transitions keep small laws to 1e-12, reversibly, on every kind of path") {
  const double limit = tolerance(1e-12, 1e-6);
  const auto boltzmann = recipe_boltzmann(3, 1, true);
  const auto rbm = recipe_rbm(2, 1, 3);
  const std::string flips = "sampler: {name: metropolis, updates: 1}}";
  for (const auto& [spec, model] :
       {std::pair<std::string, EnergyModel*>{"ladder: [1, .5, .2], " + flips, boltzmann.get()},
        {"ladder: [1, .4, 0], base: uniform, " + flips, boltzmann.get()},
        {"ladder: [1, .5], steps: 2, " + flips, boltzmann.get()},
        {"ladder: [1, .3], sampler: {name: gibbs, scan: palindromic}}", boltzmann.get()},
        {"ladder: [1, .5]}", rbm.get()},
        {"ladder: [1, .2, 0], base: uniform, " + flips, rbm.get()}}) {
    CAPTURE(spec);
    const auto kernel = make_sampler("{name: tempered_transitions, " + spec, *model);
    CHECK(kernel->is_reversible());
    const Eigen::MatrixXd K = transition_matrix(*kernel, *model);
    CHECK(invariance_defect(K, *model) < limit);
    CHECK(reversibility_defect(K, *model) < limit);
    CHECK((K.diagonal().array() < .999).all());
  }
}

TEST_CASE("tempered transitions are accepted always where all temperatures have one law") {
  Independent flat = Independent::uniform(Domain::binary(4));
  const auto kernel =
      make_sampler("{name: tempered_transitions, sampler: {name: gibbs, scan: palindromic}}", flat);
  Chains chains = kernel->init(Batch::Zero(4, 50));
  kernel->step(chains, Stream(1));
  CHECK((chains.statistics.row(0) == 1).all());
  CHECK(chains.x != Batch::Zero(4, 50));
}

TEST_CASE("tempered transitions cross between modes where their kernel does not, at a price") {
  const auto model = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-5, 5], standard_deviations: [1, 1]}");
  const std::string kernel = "{name: random_walk, step_size: 1, adapt: false}";
  const std::string spec =
      "{name: tempered_transitions, temperatures: 8, lowest: .02, steps: 3, sampler: " + kernel +
      "}";
  CHECK(invariance_test(sampler(spec), *model, {.count = 4000}).passed);
  const auto tempered = make_sampler(spec, *model);
  Chains chains = tempered->init(Batch::Constant(1, 500, Real(5)));
  tempered->step(chains, Stream(2));
  const double rate = chains.statistics.row(0).mean();
  CHECK(rate > .005);
  CHECK(rate < .7);
  for (std::uint64_t n = 0; n < 60; ++n) tempered->step(chains, Stream(3).at(n));
  CHECK((chains.x.array() < 0).count() > 50);
}

TEST_CASE("tempered transitions refuse kernels that are not reversible, and say which is") {
  const auto model = recipe_boltzmann(3, 1, true);
  for (const std::string name :
       {"tempered_transitions", "simulated_tempering", "sequential_monte_carlo"}) {
    const std::string refusal = error_of([&] { make_sampler(name, *model); });
    CAPTURE(refusal);
    CHECK(refusal.find("sampler " + name +
                       ": sampler: must be a reversible kernel ({name: gibbs, scan: palindromic} "
                       "is one), got {name: gibbs") == 0);
    CHECK(error_of([&] {
            make_sampler("{name: " + name + ", sampler: {name: gibbs, scan: palindromic}}", *model);
          }).empty());
    CHECK(error_of([&] {
            make_sampler("{name: " + name + ", sampler: parallel_tempering}", *model);
          }).find("must be a reversible kernel, got") != std::string::npos);
  }
}
