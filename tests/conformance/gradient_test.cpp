// What every registered gradient estimator must do, on every test model that it can run on.
#include <algorithm>
#include <cmath>
#include <functional>
#include <gibbsite/io/checkpoint.hpp>
#include <map>
#include <set>

#include "support/program.hpp"
#include "support/rows.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Specs of estimators that cannot run on their defaults alone, or have more states than those.
const std::map<std::string, std::vector<std::string>> specs = {
    {"contrastive_divergence",
     {"{name: contrastive_divergence, steps: 2}",
      "{name: contrastive_divergence, start: noise, energy_magnitude: 0.1}",
      "{name: contrastive_divergence, persistent: true, chains: 20, buffer_size: 30, "
      "reinitialization_rate: 0.2}",
      "{name: contrastive_divergence, persistent: true, chains: 20, sampler: {name: "
      "parallel_tempering, temperatures: 3}}"}},
    {"fast_pcd", {"{name: fast_pcd, chains: 20, fast_rate: 0.05}"}},
    {"jarzynski_pcd", {"{name: jarzynski_pcd, chains: 20}"}},
    {"joint_energy",
     {"{name: joint_energy, gradient: {name: contrastive_divergence, persistent: true, chains: 20, "
      "sampler: {name: mala, step_size: 0.2}}}",
      "{name: joint_energy, generative: xy, gradient: {name: contrastive_divergence, persistent: "
      "true, chains: 20}}"}},
    {"stochastic_maximum_likelihood",
     {"{name: stochastic_maximum_likelihood, chains: 20, draws: 2, gradient_variance: true}",
      "{name: stochastic_maximum_likelihood, chains: 20, persistent: true}"}},
};

std::vector<std::string> specs_of(const std::string& name) {
  const auto found = specs.find(name);
  return found != specs.end() ? found->second : std::vector<std::string>{"{name: " + name + "}"};
}

// A model with data that it could be trained on.
struct Case {
  std::string title;
  std::unique_ptr<EnergyModel> model;
  std::unique_ptr<Rows> rows;
};

Batch normal(Index dim, Index count) {
  Batch x(dim, count);
  Stream(31).normal(x);
  return x;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> made;
    const auto add = [&](const std::string& title, std::unique_ptr<EnergyModel> model, Batch x) {
      made.push_back({title, std::move(model), std::make_unique<Rows>(std::move(x))});
    };
    add("rbm", recipe_rbm(8, 6, 1), two_of_four().replicate(1, 4));
    add("boltzmann_machine", recipe_boltzmann(8, .3, true), two_of_four().replicate(1, 4));
    add("gaussian", make_model("{name: gaussian, mean: [1, -2], precision: [2, 0, 0, 1]}"),
        normal(2, 25));
    add("mlp", make_model("{name: mlp, units: 2, hidden: [6]}"), normal(2, 25));
    add("noise_conditional",
        make_model("{name: noise_conditional, model: {name: mlp, units: 3, hidden: [6]}}"),
        normal(2, 25));
    Batch labelled = normal(3, 25);
    for (Index n = 0; n < 25; ++n) labelled(2, n) = Real(n % 3);
    add("joint_energy",
        make_model("{name: joint_energy, classes: 3, shape: [2], layers: [dense 4, tanh], joint: "
                   "true}"),
        labelled);
    Batch classified = two_of_four().replicate(1, 4).topRows(5);
    for (Index n = 0; n < 24; ++n) classified(4, n) = Real(n % 3);
    add("classification_rbm",
        make_model("{name: classification_rbm, visible: 4, hidden: 3, classes: 3}"), classified);
    return made;
  }();
  return all;
}

std::unique_ptr<GradientEstimator> make_if_suited(const std::string& spec, const Case& on,
                                                  const Workers& threads) {
  try {
    return make_gradient(spec, context_with(*on.model, on.rows.get(), nullptr, threads));
  } catch (const Error&) {
    return nullptr;  // lacks an ability, say
  }
}

// Visits every estimator, by every spec, with every model that suits it.
void each_pair(const std::function<void(const GradientEstimator&, const std::string& spec,
                                        const Case& on)>& visit) {
  const auto names = registry().names(Kind::gradient);
  CHECK_FALSE(names.empty());
  for (const std::string& name : names)
    for (const std::string& spec : specs_of(name)) {
      int suited = 0;
      for (const Case& on : cases()) {
        const Parameters theta = on.model->capability<Parametric>()->parameters();
        const auto estimator = make_if_suited(spec, on, workers());
        if (estimator == nullptr) continue;
        ++suited;
        INFO("gradient " << spec << " on " << on.title);
        visit(*estimator, spec, on);
        on.model->capability<Parametric>()->set_parameters(theta);
      }
      INFO("gradient " << spec << ": no test model suits it (give it a spec or a model here)");
      CHECK(suited > 0);
    }
}

// One update of θ at a small rate; what the estimator found is returned. As in training, θ is kept
// here: of the model's own, which may be rounded to single precision, another model would be made.
GradientEstimate update(const GradientEstimator& estimator, const Case& on, Parameters& theta,
                        Saved& saved, std::uint64_t number, std::uint64_t seed = 5) {
  auto& parametric = *on.model->capability<Parametric>();
  parametric.set_parameters(theta);
  GradientEstimate estimate = estimator.estimate(on.rows->x(), saved, Stream(seed).at(number));
  theta += 0.01 * estimate.ascent;
  return estimate;
}

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return same(x, y); });
}

bool same(const GradientEstimate& a, const GradientEstimate& b) {
  return a.ascent == b.ascent && same(a.objective, b.objective) &&
         same(a.energy_gap, b.energy_gap) && same(a.mean_chain_age, b.mean_chain_age) &&
         same(a.max_chain_age, b.max_chain_age) && same(a.statistics, b.statistics);
}

bool same(const Saved& a, const Saved& b) {
  if (a.position != b.position || !same(a.numbers, b.numbers) || a.chains.size() != b.chains.size())
    return false;
  for (std::size_t k = 0; k < a.chains.size(); ++k)
    if (a.chains[k].x != b.chains[k].x) return false;
  return true;
}

// What a checkpoint file gives back.
Saved through_a_file(const Saved& saved) {
  const TemporaryFolder folder;
  Checkpoint checkpoint;
  checkpoint.cell = "0123456789ab";
  checkpoint.precision = "any";
  checkpoint.training.gradient = saved;
  write_checkpoint(folder.path(), checkpoint);
  return read_checkpoint(folder.path(), checkpoint.cell).checkpoint.value().training.gradient;
}

}  // namespace

TEST_CASE("every gradient estimator says what it is, and documents every field") {
  for (const std::string& name : registry().names(Kind::gradient)) {
    INFO("gradient " << name);
    const Entry* entry = registry().find(Kind::gradient, name);
    REQUIRE(entry != nullptr);
    CHECK_FALSE(entry->summary.empty());
    CHECK_FALSE(entry->reference.empty());
    Describer describer;
    entry->fields(describer);
    std::set<std::string> seen;
    for (const auto& item : describer.items()) {
      INFO("field " << item.field.name);
      CHECK(item.field.documentation.size() >= 10);
      CHECK(item.field.documentation.back() != '.');
      CHECK(seen.insert(item.field.name).second);
    }
  }
}

TEST_CASE("every estimate is finite, as long as θ, with the statistics that are named") {
  each_pair([](const GradientEstimator& estimator, const std::string&, const Case& on) {
    const auto names = estimator.statistics();
    CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
    for (const std::string& name : names)
      CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos);
    Saved saved = estimator.init(Stream(4));
    const Parameters theta = on.model->capability<Parametric>()->parameters();
    const GradientEstimate estimate = estimator.estimate(on.rows->x(), saved, Stream(5));
    CHECK(on.model->capability<Parametric>()->parameters() == theta);
    CHECK(estimate.ascent.size() == theta.size());
    CHECK(estimate.ascent.allFinite());
    CHECK(estimate.ascent.norm() > 0);
    CHECK(estimate.statistics.size() == names.size());
  });
}

TEST_CASE("every gradient estimator gives the same bits with one thread as with two") {
  const Workers one(1);
  each_pair([&](const GradientEstimator& both, const std::string& spec, const Case& on) {
    auto& parametric = *on.model->capability<Parametric>();
    const Parameters start = parametric.parameters();
    const auto single = make_if_suited(spec, on, one);
    REQUIRE(single != nullptr);
    const auto run = [&](const GradientEstimator& estimator) {
      Parameters theta = start;
      parametric.set_parameters(theta);
      Saved saved = estimator.init(Stream(4));
      std::vector<GradientEstimate> all;
      for (std::uint64_t n = 0; n < 3; ++n) all.push_back(update(estimator, on, theta, saved, n));
      return std::pair(all, saved);
    };
    const auto [a, first] = run(*single);
    const auto [b, second] = run(both);
    for (std::size_t n = 0; n < 3; ++n) CHECK(same(a[n], b[n]));
    CHECK(same(first, second));
  });
}

TEST_CASE("every gradient estimator goes on from a checkpoint as if it had not stopped") {
  each_pair([](const GradientEstimator& estimator, const std::string& spec, const Case& on) {
    Parameters theta = on.model->capability<Parametric>()->parameters();
    Saved saved = estimator.init(Stream(4));
    for (std::uint64_t n = 0; n < 2; ++n) update(estimator, on, theta, saved, n);
    Saved restored = through_a_file(saved);
    Parameters kept = theta;
    std::vector<GradientEstimate> whole;
    for (std::uint64_t n = 2; n < 4; ++n) whole.push_back(update(estimator, on, theta, saved, n));
    const auto another = make_if_suited(spec, on, workers());
    REQUIRE(another != nullptr);
    for (std::uint64_t n = 2; n < 4; ++n)
      CHECK(same(update(*another, on, kept, restored, n), whole[n - 2]));
    CHECK(same(restored, saved));
  });
}

TEST_CASE("estimators that have no random numbers to draw are the same for any seed, others not") {
  std::map<std::string, bool> varies;
  each_pair([&](const GradientEstimator& estimator, const std::string& spec, const Case& on) {
    const Parameters start = on.model->capability<Parametric>()->parameters();
    Saved one = estimator.init(Stream(4)), two = estimator.init(Stream(4)),
          again = estimator.init(Stream(4));
    const auto from_start = [&](Saved& saved, std::uint64_t seed) {
      Parameters theta = start;
      return update(estimator, on, theta, saved, 0, seed);
    };
    const GradientEstimate first = from_start(one, 5), other = from_start(two, 6);
    CHECK(same(from_start(again, 5), first));
    varies[spec] = varies[spec] || !same(first, other);
  });
  CHECK_FALSE(varies.at("{name: exact}"));
  for (const auto& [name, list] : specs)
    for (const std::string& spec : list) {
      CAPTURE(spec);
      CHECK(varies.at(spec));
    }
}
