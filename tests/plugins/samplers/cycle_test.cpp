// Cycles and mixtures of kernels, and what all kernels over kernels share.
#include <cmath>
#include <set>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/stationarity.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

Eigen::MatrixXd matrix(const std::string& yaml, EnergyModel& model) {
  return transition_matrix(*make_sampler(yaml, model), model);
}

Index row_of(const Sampler& kernel, const std::string& statistic) {
  const auto all = kernel.statistics();
  for (std::size_t k = 0; k < all.size(); ++k)
    if (all[k].name == statistic) return Index(k);
  FAIL("no statistic " << statistic);
  return 0;
}

void warm_up(const Sampler& kernel, Chains& chains, Index total) {
  for (Index n = 1; n <= total; ++n) {
    kernel.step(chains, Stream(31).at(std::uint64_t(n)));
    kernel.adapt(chains, {n, total});
  }
}

}  // namespace

TEST_CASE("a cycle is the product of its kernels, in their order") {
  const auto model = recipe_boltzmann(3, 1, true);
  const Eigen::MatrixXd one = matrix("gibbs", *model),
                        two = matrix("{name: metropolis, updates: 2}", *model),
                        both = matrix(
                            "{name: cycle, kernels: [gibbs, {name: metropolis, "
                            "updates: 2}]}",
                            *model);
  CHECK((both - one * two).cwiseAbs().maxCoeff() < 1e-12);
  CHECK((both - two * one).cwiseAbs().maxCoeff() > 1e-3);
  CHECK(invariance_defect(both, *model) < 1e-12);
}

TEST_CASE("a mixture is the weighted mean of its kernels, reversible where they are") {
  const auto model = recipe_boltzmann(3, 1, true);
  const Eigen::MatrixXd one = matrix("{name: gibbs, scan: palindromic}", *model),
                        two = matrix("{name: metropolis, updates: 2}", *model);
  const std::string kernels =
      "kernels: [{name: gibbs, scan: palindromic}, {name: metropolis, "
      "updates: 2}]";
  const Eigen::MatrixXd both = matrix("{name: mixture, " + kernels + ", weights: [3, 1]}", *model);
  CHECK((both - .75 * one - .25 * two).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(reversibility_defect(both, *model) < 1e-12);
  const Eigen::MatrixXd alike = matrix("{name: mixture, " + kernels + "}", *model);
  CHECK((alike - .5 * one - .5 * two).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("a cycle is reversible alone, a mixture where all are, both exact where all are") {
  const auto model = recipe_boltzmann(3, 1, true);
  Independent real = Independent::uniform(Domain::real(2));
  CHECK(make_sampler("{name: cycle, kernels: [metropolis]}", *model)->is_reversible());
  CHECK_FALSE(
      make_sampler("{name: cycle, kernels: [metropolis, metropolis]}", *model)->is_reversible());
  CHECK_FALSE(make_sampler("{name: cycle, kernels: [gibbs]}", *model)->is_reversible());
  CHECK(
      make_sampler("{name: mixture, kernels: [metropolis, metropolis]}", *model)->is_reversible());
  CHECK_FALSE(
      make_sampler("{name: mixture, kernels: [metropolis, gibbs]}", *model)->is_reversible());
  CHECK(make_sampler("{name: mixture, kernels: [mala, mala]}", real)->is_exact());
  CHECK_FALSE(make_sampler("{name: mixture, kernels: [mala, ula]}", real)->is_exact());
  CHECK_FALSE(make_sampler("{name: cycle, kernels: [mala, ula]}", real)->is_exact());
}

TEST_CASE("statistics of kernels in a cycle are told apart by name and are those of its kernels") {
  Independent real = Independent::uniform(Domain::real(2));
  const auto kernel = make_sampler(
      "{name: cycle, kernels: [{name: mala, step_size: .5}, {name: mala, step_size: 3}]}", real);
  std::vector<std::string> names;
  for (const Statistic& s : kernel->statistics()) names.push_back(s.name);
  CHECK(names == std::vector<std::string>{"mala_acceptance_rate", "mala_step_size",
                                          "mala_2_acceptance_rate", "mala_2_step_size"});
  Chains chains = kernel->init(Batch::Ones(2, 50));
  kernel->step(chains, Stream(1));
  CHECK((chains.statistics.row(1) == .5).all());
  CHECK((chains.statistics.row(3) == 3).all());
  CHECK(chains.statistics.row(0).mean() > chains.statistics.row(2).mean());
}

TEST_CASE("kernels in a cycle adapt in warm-up and stay where they are after it") {
  const auto model = make_model("{name: gaussian, units: 5, precision: [4]}");
  const auto kernel = make_sampler(
      "{name: cycle, kernels: [{name: mala, step_size: .001}, {name: hmc, step_size: .001}]}",
      *model);
  Chains chains = kernel->init(Batch::Zero(5, 20));
  warm_up(*kernel, chains, 300);
  const Table mala = chains.nested[0].tuning, hmc = chains.nested[1].tuning;
  CHECK((mala.row(0) > .05).all());
  CHECK((hmc.row(0) > .05).all());
  for (std::uint64_t n = 0; n < 20; ++n) kernel->step(chains, Stream(32).at(n));
  CHECK((chains.nested[0].tuning == mala).all());
  CHECK((chains.nested[1].tuning == hmc).all());
}

TEST_CASE("a kernel in a mixture adapts after its own steps only, and ends its warm-up") {
  const auto model = make_model("{name: gaussian, units: 5, precision: [4]}");
  const auto kernel = make_sampler(
      "{name: mixture, weights: [1, 4], kernels: [{name: mala, step_size: .001}, "
      "{name: mala, step_size: .001}]}",
      *model);
  Chains chains = kernel->init(Batch::Zero(5, 20));
  kernel->step(chains, Stream(33));
  kernel->adapt(chains, {1, 500});
  int first = 0;
  for (Index c = 0; c < 20; ++c) {
    const auto k = std::size_t(chains.statistics(0, c));
    first += k == 0 ? 1 : 0;
    CHECK(chains.nested[k].tuning(0, c) != .001);
    CHECK(chains.nested[1 - k].tuning(0, c) == .001);
  }
  CHECK(first > 0);
  CHECK(first < 20);
  chains = kernel->init(Batch::Zero(5, 20));
  warm_up(*kernel, chains, 500);
  // Dual averaging that has ended has the averaged step size in use.
  for (const Chains& inner : chains.nested) {
    CHECK((inner.tuning.row(0) == inner.tuning.row(1).exp()).all());
    CHECK((inner.tuning.row(0) > .05).all());
  }
}

TEST_CASE("a mixture keeps a law on real coordinates though its kernels share only x") {
  const auto model = make_model(
      "{name: gaussian_mixture, weights: [.3, .7], means: [-2, 2], standard_deviations: [.5, 1]}");
  CHECK(invariance_test(sampler("{name: mixture, kernels: [mala, hmc, {name: random_walk, "
                                "step_size: 2}], weights: [1, 1, 2]}"),
                        *model, {.count = 20000})
            .passed);
}

TEST_CASE("refreshed after a change of parameters, kernels over kernels move as if made anew") {
  const auto model = make_model("{name: gaussian, units: 3, precision: [4]}");
  auto& parametric = *model->capability<Parametric>();
  const Parameters before = parametric.parameters();
  for (const std::string spec :
       {"{name: cycle, kernels: [mala, hmc]}", "{name: mixture, kernels: [mala, hmc]}",
        "{name: cycle, kernels: [{name: mixture, kernels: [mala, hmc]}, mala]}",
        "{name: parallel_tempering, temperatures: 3}",
        "{name: parallel_tempering, temperatures: 3, base: uniform}",
        "{name: tempered_transitions, temperatures: 3, lowest: .8}",
        "{name: simulated_tempering, temperatures: 3, lowest: .8}",
        "{name: sequential_monte_carlo, temperatures: 3, particles: 3}"}) {
    CAPTURE(spec);
    const auto kernel = make_sampler(spec, *model);
    const Batch x = exact_draws(*model, 30, Stream(34));
    parametric.set_parameters(before);
    Chains kept = kernel->init(x);
    parametric.set_parameters(2 * before);
    kernel->refresh(kept);
    Chains made = kernel->init(x);
    for (std::uint64_t n = 0; n < 3; ++n) {
      kernel->step(kept, Stream(35).at(n));
      kernel->step(made, Stream(35).at(n));
    }
    CHECK(kept.x == made.x);
    CHECK(kept.x != x);
    parametric.set_parameters(before);
  }
}

TEST_CASE("kernels over kernels train in CD and PCD, and anneal in AIS") {
  const auto model = recipe_rbm(4, 2, .5);
  const Rows data{all_states(model->domain())};
  const Context context = context_with(*model, &data);
  for (const std::string spec : {"{name: cycle, kernels: [gibbs, block_gibbs]}",
                                 "{name: mixture, kernels: [block_gibbs, "
                                 "metropolis]}",
                                 "{name: parallel_tempering, temperatures: 3, base: data}",
                                 "{name: tempered_transitions, temperatures: 3}",
                                 "{name: simulated_tempering, "
                                 "temperatures: 3}",
                                 "{name: sequential_monte_carlo, base: data}", "coupled"}) {
    CAPTURE(spec);
    for (const std::string persistent : {"false", "true"}) {
      const auto gradient = make_gradient(
          "{name: contrastive_divergence, persistent: " + persistent + ", sampler: " + spec + "}",
          context);
      Saved saved = gradient->init(Stream(36));
      for (std::uint64_t n = 0; n < 3; ++n)
        CHECK(gradient->estimate(data.x(), saved, Stream(37).at(n)).ascent.allFinite());
    }
    const auto annealing = make_evaluation(
        "{name: annealed_importance_sampling, temperatures: 5, runs: 20, sampler: " + spec + "}",
        context);
    CHECK(std::isfinite(value_of(evaluate(*annealing, 38), "log_partition")));
  }
}

TEST_CASE("cycle and mixture refuse what they cannot use") {
  const auto model = recipe_boltzmann(3, 1, true);
  CHECK(error_of([&] { make_sampler("cycle", *model); }).find("kernels: is required") !=
        std::string::npos);
  CHECK(error_of([&] {
          make_sampler("{name: mixture, kernels: []}", *model);
        }).find("must be a list with at least one entry") != std::string::npos);
  CHECK(error_of([&] {
          make_sampler("{name: mixture, kernels: [gibbs], weights: [1, 2]}", *model);
        }).find("sampler mixture: weights: must be one per kernel (1), got 2") == 0);
  CHECK(error_of([&] {
          make_sampler("{name: mixture, kernels: [gibbs], weights: [0]}", *model);
        }).find("must be > 0") != std::string::npos);
  CHECK(error_of([&] {
          make_sampler("{name: cycle, kernels: [mala]}", *model);
        }).find("sampler mala: ") == 0);
  CHECK(row_of(*make_sampler("{name: mixture, kernels: [gibbs]}", *model), "kernel") == 0);
}
