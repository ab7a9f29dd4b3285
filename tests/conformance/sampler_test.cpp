// What every registered sampler must do, on every test model that it can run on.
#include <cmath>
#include <functional>
#include <gibbsite/conformance/counting.hpp>
#include <gibbsite/conformance/examine.hpp>
#include <gibbsite/conformance/models.hpp>
#include <gibbsite/conformance/sampler_checks.hpp>
#include <map>
#include <set>

#include "support/make.hpp"
#include "support/models.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Most states of a model whose transition matrix is built by walking through all outcomes.
constexpr double most_states = 33;

// Specs of samplers that cannot run on their defaults alone, or take too long with them.
const std::map<std::string, std::vector<std::string>> specs = {
    {"cycle",
     {"{name: cycle, kernels: [mala, hmc]}", "{name: cycle, kernels: [metropolis, gibbs]}"}},
    {"diffusion_recovery", {"{name: diffusion_recovery, steps: 3}"}},
    {"hmc",
     {"{name: hmc}", "{name: hmc, mass: diagonal}", "{name: hmc, mass: dense}",
      "{name: hmc, adjust: false, adapt: false}"}},
    {"mixture",
     {"{name: mixture, kernels: [mala, hmc], weights: [2, 1]}",
      "{name: mixture, kernels: [metropolis, {name: gibbs, scan: random}]}"}},
    {"parallel_tempering",
     {"{name: parallel_tempering, temperatures: 5}",
      "{name: parallel_tempering, ladder: [1, .3], base: uniform, steps: 2}"}},
    {"sequential_monte_carlo",
     {"{name: sequential_monte_carlo, temperatures: 3, particles: 3}",
      "{name: sequential_monte_carlo, temperatures: 2, particles: 2, sampler: {name: gibbs, scan: "
      "palindromic}}"}},
    {"simulated_tempering",
     {"{name: simulated_tempering, temperatures: 3, lowest: .5, most_updates: 20}",
      "{name: simulated_tempering, ladder: [1, .5], base: uniform, most_updates: 3, sampler: "
      "{name: metropolis, updates: 1}}"}},
    {"tempered_transitions",
     {"{name: tempered_transitions, temperatures: 3, lowest: .5}",
      "{name: tempered_transitions, ladder: [1, .5], base: uniform, sampler: {name: metropolis, "
      "updates: 1}}"}},
};

// The given specs, or else the defaults and every other choice that a field offers.
std::vector<std::string> specs_of(const std::string& name) {
  if (const auto found = specs.find(name); found != specs.end()) return found->second;
  return specs_by_default(*registry().find(Kind::sampler, name));
}

const SmallModels& zoo() {
  static const SmallModels all(context());
  return all;
}

// The sampler on the model, or null where the model lacks what it needs.
std::unique_ptr<Sampler> make_if_suited(const std::string& name, const std::string& spec,
                                        EnergyModel& model) {
  const auto offered = capabilities_of(model);
  for (const std::string& need : registry().find(Kind::sampler, name)->needs)
    if (std::find(offered.begin(), offered.end(), need) == offered.end()) return nullptr;
  try {
    return make_sampler(spec, model);
  } catch (const Error&) {
    return nullptr;  // the domain, say
  }
}

// Visits every sampler, by every spec, on every model it runs on.
void each_pair(
    const std::function<void(const Sampler&, EnergyModel&, const std::string& spec)>& visit) {
  const auto names = registry().names(Kind::sampler);
  CHECK_FALSE(names.empty());
  for (const std::string& name : names)
    for (const std::string& spec : specs_of(name)) {
      int suited = 0;
      for (const auto& [title, model] : zoo().all()) {
        const auto kernel = make_if_suited(name, spec, *model);
        if (kernel == nullptr) continue;
        ++suited;
        INFO("sampler " << spec << " on " << title);
        visit(*kernel, *model, spec);
      }
      INFO("sampler " << spec << ": no test model suits it (give it a spec or a model here)");
      CHECK(suited > 0);
    }
}

// The name in "{name: …".
std::string name_of(const std::string& spec) {
  return spec.substr(7, spec.find_first_of(",}") - 7);
}

// All of what a check found.
void expect_none(const Sentences& wrong) {
  INFO(join(wrong, "\n"));
  CHECK(wrong.empty());
}

// The kernel of a spec, on models that suit it; throws Error elsewhere.
MakeSampler maker(const std::string& spec) {
  return [spec](EnergyModel& model) {
    auto kernel = make_if_suited(name_of(spec), spec, model);
    if (kernel == nullptr) throw Error("not suited");
    return kernel;
  };
}

}  // namespace

TEST_CASE("every sampler says what it is, and documents every field") {
  for (const std::string& name : registry().names(Kind::sampler)) {
    INFO("sampler " << name);
    expect_none(description_faults(*registry().find(Kind::sampler, name)));
  }
}

TEST_CASE("every sampler gives the same bits for the same seed and others for another") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    expect_none(repeat_faults(kernel, model));
  });
}

TEST_CASE("every sampler moves a chain alike whether it runs alone or in a batch of five") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    expect_none(batch_faults(kernel, model));
  });
}

TEST_CASE("every sampler moves blocks of chains alike on one thread and on two") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string& spec) {
    if (!specs.contains(name_of(spec))) expect_none(thread_faults(kernel, model, workers()));
  });
}

TEST_CASE("a new object of every sampler goes on from stored chains as the old one would have") {
  each_pair([](const Sampler&, EnergyModel& model, const std::string& spec) {
    expect_none(resume_faults(maker(spec), model));
  });
}

TEST_CASE("every sampler stays in the domain and reports its statistics as declared") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    expect_none(domain_faults(kernel, model));
  });
}

TEST_CASE("what a sampler caches of the model is that of its configurations") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    expect_none(cache_faults(kernel, model));
  });
}

TEST_CASE("no sampler changes its tuning outside adapt") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    expect_none(tuning_faults(kernel, model));
  });
}

TEST_CASE("what every sampler spends per step is what its model counts, by itself and tempered") {
  std::set<std::string> tempered_too;
  each_pair([&](const Sampler&, EnergyModel& model, const std::string& spec) {
    const std::string name = name_of(spec);
    expect_none(count_faults(maker(spec), model, name == "exact"));
    CountingModel counting(model);
    WeightedSum tempered = WeightedSum::tempered(0.6, counting);
    if (make_if_suited(name, spec, tempered) != nullptr) tempered_too.insert(name);
  });
  CHECK(tempered_too.contains("gibbs"));
  CHECK(tempered_too.contains("hmc"));
}

TEST_CASE("no sampler ever enters a place where the energy is NaN") {
  HalfNan model(2);
  int tried = 0;
  for (const std::string& name : registry().names(Kind::sampler)) {
    const std::string spec = specs_of(name)[0];
    INFO("sampler " << name);
    expect_none(nan_faults(maker(spec)));
    if (make_if_suited(name, spec, model) != nullptr) ++tried;
  }
  CHECK(tried >= 2);
}

// A kernel that draws real numbers cannot be walked, nor one whose choices are too many.
TEST_CASE(
    "every kernel of discrete choices keeps each small law to 1e-12, reversibly if it says so") {
  if (!std::is_same_v<Real, double>) return;
  std::set<std::string> walked;
  each_pair([&](const Sampler& kernel, EnergyModel& model, const std::string& spec) {
    if (!kernel.keeps_x_alone() || !model.domain().is_discrete() ||
        model.domain().log_states() > std::log(most_states))
      return;
    Eigen::MatrixXd K;
    try {
      // Kernels over kernels that exceed the limit would do so after the longest walks.
      K = transition_matrix(kernel, model, specs.contains(name_of(spec)) ? 20000 : 200000);
    } catch (const Error&) {
      return;
    }
    walked.insert(spec);
    CHECK(invariance_defect(K, model) < 1e-12);
    if (kernel.is_reversible()) CHECK(reversibility_defect(K, model) < 1e-12);
  });
  CHECK(walked.contains("{name: gibbs}"));
  CHECK(walked.contains("{name: metropolis}"));
}

// False-alarm rate 1e-5 per pair. At 1e4 starts a law that is off by Σ(π' - π)²/π = 1e-2 is found
// with probability .99 in the first round; the tests of each sampler look closer. Kernels over
// kernels, whose steps are long, are given fewer.
TEST_CASE("every exact sampler keeps the law of every small model from exact starts") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string& spec) {
    if (!kernel.keeps_x_alone() || !can_draw_exactly(model)) return;
    const Verdict verdict = invariance_test(
        sampler(spec), model,
        specs.contains(name_of(spec)) ? Starts{.count = 2500, .steps = 2} : Starts{.count = 10000});
    INFO("p = " << verdict.smallest_p << " in round " << verdict.rounds);
    CHECK(verdict.passed);
  });
}
