// Every exact kernel on real coordinates keeps four laws of different shape from exact starts, at
// step sizes where it both accepts and rejects.
#include "support/make.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const std::vector<std::string> targets = {
    "{name: gaussian, mean: [1, -2], precision: [2, -1.2, -1.2, 1]}",
    "{name: gaussian_mixture, weights: [.3, .7], means: [-2, 0, 2, 1], standard_deviations: [.5, "
    "1]}",
    "{name: funnel, units: 3, scale: 1.5}", "{name: rosenbrock, a: 0.5, b: 5, mu: 1}"};

struct Kernel {
  std::string spec;
  std::vector<double> step_sizes;  ///< one per target; empty: the kernel has none
};
const std::vector<Kernel> kernels_under_test = {
    {"{name: random_walk, step_size: ", {1.2, 1, 1, .6}},
    {"{name: mala, step_size: ", {.6, .5, .8, .15}},
    {"{name: barker, step_size: ", {1, .8, 1, .4}},
    {"{name: hmc, steps: 3, steps_jitter: 0.4, step_size: ", {.7, .6, .6, .3}},
    {"{name: nuts, step_size: ", {.7, .5, .6, .3}},
    {"{name: underdamped_langevin, adjust: true, step_size: ", {.9, .7, .8, .4}},
    {"{name: slice", {}},
};

// The mean of a statistic over the first step from exact starts; NaN where there is none.
double mean_statistic(const Sampler& kernel, const EnergyModel& model, const std::string& name) {
  Chains chains = kernel.init(exact_draws(model, 2000, Stream(1)));
  kernel.step(chains, Stream(2));
  const auto statistics = kernel.statistics();
  for (std::size_t k = 0; k < statistics.size(); ++k)
    if (statistics[k].name == name) return chains.statistics.row(Index(k)).mean();
  return std::nan("");
}

}  // namespace

TEST_SUITE("slow") {
  // False-alarm rate 1e-5 each.
  TEST_CASE("kernels on real coordinates keep Gaussian, mixture, funnel and banana") {
    for (const Kernel& kernel : kernels_under_test)
      for (std::size_t k = 0; k < targets.size(); ++k) {
        const bool steps = !kernel.step_sizes.empty();
        const std::string spec =
            kernel.spec + (steps ? std::to_string(kernel.step_sizes[k]) : "") + "}";
        CAPTURE(spec);
        CAPTURE(targets[k]);
        const auto model = make_model(targets[k]);
        if (steps) {
          const double rate =
              mean_statistic(*make_sampler(spec, *model), *model, "acceptance_rate");
          CHECK(rate > .2);
          CHECK(rate < .99);
        }
        const Verdict verdict = invariance_test(sampler(spec), *model, {.count = 20000});
        INFO("p = " << verdict.smallest_p << " in round " << verdict.rounds);
        CHECK(verdict.passed);
      }
  }
}

// A step far too long is refused and shows; one far too short is taken and changes nothing.
TEST_CASE("step sizes of 1e9 and 1e-9 are visible in what kernels report, and warm-up mends them") {
  const auto model = make_model("{name: gaussian, units: 3}");
  for (const std::string name : {"random_walk", "mala", "barker", "hmc", "nuts"}) {
    CAPTURE(name);
    for (const auto& [size, least, most] :
         {std::tuple{"1e9", 0., .01}, std::tuple{"1e-9", .99, 1.}}) {
      CAPTURE(size);
      const std::string more = name == "nuts" ? ", max_depth: 4" : "";
      const auto kernel =
          make_sampler("{name: " + name + ", step_size: " + size + more + "}", *model);
      const double rate = mean_statistic(*kernel, *model, "acceptance_rate");
      CHECK(rate >= least);
      CHECK(rate <= most);
      Chains chains = kernel->init(exact_draws(*model, 4, Stream(3)));
      for (Index n = 1; n <= 400; ++n) {
        kernel->step(chains, Stream(4).at(std::uint64_t(n)));
        kernel->adapt(chains, {n, 400});
        REQUIRE(chains.tuning.isFinite().all());
      }
      CHECK((chains.tuning.row(0) > 1e-3 && chains.tuning.row(0) < 1e3).all());
    }
  }
}

TEST_CASE(
    "hmc and nuts count trajectories of step 1e9 as diverging, ula those out of the numbers") {
  const auto model = make_model("{name: gaussian, units: 3}");
  for (const std::string name : {"hmc", "nuts"}) {
    const auto kernel = make_sampler("{name: " + name + ", step_size: 1e9}", *model);
    CHECK(mean_statistic(*kernel, *model, "diverging") == 1);
  }
  const auto kernel = make_sampler("{name: ula, step_size: 1e200}", *model);
  CHECK(mean_statistic(*kernel, *model, "diverging") == 1);
}
