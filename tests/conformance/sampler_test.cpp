// What every registered sampler must do, on every test model that it can run on.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
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
    {"mixture",
     {"{name: mixture, kernels: [mala, hmc], weights: [2, 1]}",
      "{name: mixture, kernels: [metropolis, {name: gibbs, scan: random}]}"}},
    {"parallel_tempering",
     {"{name: parallel_tempering, temperatures: 3}",
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
  std::vector<std::string> all = {"{name: " + name + "}"};
  Describer describer;
  registry().find(Kind::sampler, name)->fields(describer);
  for (const auto& [field, type, standard] : describer.items()) {
    std::vector<std::string> values = field.choices;
    if (type == "boolean") values = {"true", "false"};
    for (const std::string& value : values)
      if (!standard || standard->text != value)
        all.push_back("{name: " + name + ", " + field.name + ": " + value + "}");
  }
  return all;
}

// The result of a factory on the heap, where models that cannot be moved have to be made.
std::unique_ptr<EnergyModel> made(auto factory) {
  return std::unique_ptr<EnergyModel>(new auto(factory()));
}

// Small models of all kinds, with the parts that they are composed of.
struct Zoo {
  std::vector<std::unique_ptr<EnergyModel>> owned;
  std::vector<std::pair<std::string, EnergyModel*>> models;

  EnergyModel& add(const std::string& name, std::unique_ptr<EnergyModel> model) {
    owned.push_back(std::move(model));
    models.emplace_back(name, owned.back().get());
    return *owned.back();
  }

  Zoo() {
    const Domain mixed{{{Domain::Kind::binary, 2, 2},
                        {Domain::Kind::categorical, 1, 3},
                        {Domain::Kind::spin, 1, 2}}};
    add("table of energies on mixed coordinates", made([&] { return TableModel::rugged(mixed); }));
    add("independent units, real ones among them", made([] {
          return Independent::uniform({{{Domain::Kind::spin, 2, 2}, {Domain::Kind::real, 3, 0}}});
        }));
    EnergyModel& rbm = add("rbm", recipe_rbm(4, 3, 1));
    EnergyModel& boltzmann = add("boltzmann_machine", recipe_boltzmann(5, .5, true));
    EnergyModel& base =
        add("independent units",
            std::make_unique<Independent>(Domain::binary(4), Vector::Constant(4, Real(0.4))));
    add("annealed rbm", made([&] { return WeightedSum::path(base, rbm, 0.6); }));
    add("tempered boltzmann_machine", made([&] { return WeightedSum::tempered(0.6, boltzmann); }));
    add("clamped rbm", std::make_unique<Clamped>(rbm, std::vector<Index>{1}, Vector::Ones(1)));
    add("ising on a checkerboard",
        make_model("{name: ising, sides: [2, 3], boundary: open, coupling: .4, field: [.2]}"));
    add("potts", make_model("{name: potts, lattice: chain, sides: [4], levels: 3, coupling: .8}"));
    EnergyModel& normal = add(
        "gaussian",
        make_model("{name: gaussian, mean: [1, -2, 0], precision: [2, -1, 0, -1, 1, 0, 0, 0, 3]}"));
    EnergyModel& mixture =
        add("gaussian_mixture",
            make_model("{name: gaussian_mixture, weights: [.3, .7], means: [-1, 0, 1, 1]}"));
    add("logistic_regression",
        make_model("{name: logistic_regression, dataset: {name: two_moons, size: 12, seed: 3}}"));
    add("tempered gaussian_mixture", made([&] { return WeightedSum::tempered(0.6, mixture); }));
    add("clamped gaussian",
        std::make_unique<Clamped>(normal, std::vector<Index>{1}, Vector::Ones(1)));
  }
};

Zoo& zoo() {
  static Zoo all;
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
      for (const auto& [title, model] : zoo().models) {
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

// Forwards to a model and counts by itself what it is asked to evaluate.
class Counting final : public EnergyModel,
                       public Differentiable,
                       public Conditional,
                       public DiscreteGradient,
                       public Pairwise,
                       public Latent,
                       public Minibatch,
                       public Exact {
 public:
  explicit Counting(EnergyModel& target) : target_(target) {}
  const Domain& domain() const override { return target_.domain(); }
  bool offers(std::string_view name) const override {
    const auto offered = capabilities_of(target_);
    return std::find(offered.begin(), offered.end(), name) != offered.end();
  }
  std::vector<std::vector<Index>> independent_sets() const override {
    return of<Conditional>().independent_sets();
  }
  PairwiseGraph graph() const override { return of<Pairwise>().graph(); }
  // What kernels do with a graph they alone know.
  void count_site_updates(Index count) const override {
    Pairwise::count_site_updates(count);
    sites_ += std::uint64_t(count);
  }
  const Domain& hidden() const override { return of<Latent>().hidden(); }
  void visible_energy(const BatchView& v, Row& energy) const override {
    of<Latent>().visible_energy(v, energy);
  }
  void gradient_over_hidden(const BatchView&, const BatchView&, const Row&,
                            Parameters&) const override {}
  void gradient_over_visible(const BatchView&, const BatchView&, const Row&,
                             Parameters&) const override {}
  Index observations() const override { return of<Minibatch>().observations(); }
  void draw(Stream random, Eigen::Ref<Batch> x) const override { of<Exact>().draw(random, x); }

  // Gradients of parts of the data add up to whole ones.
  Evaluations counted() const {
    const double gradients = double(gradients_) + terms_;
    return {energies_, std::uint64_t(std::floor(gradients + 1e-9)), 0, sites_};
  }

 private:
  template <class C>
  const C& of() const {
    return *target_.capability<C>();
  }
  void do_energy(const BatchView& x, Row& energy) const override {
    energies_ += std::uint64_t(x.cols());
    target_.energy(x, energy);
  }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    gradients_ += std::uint64_t(x.cols());
    of<Differentiable>().energy_and_gradient(x, energy, gradient);
  }
  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    sites_ += std::uint64_t(x.cols()) * sites.size();
    of<Conditional>().natural(sites, x, natural);
  }
  void do_energy_and_local_natural(const BatchView& x, Row& energy, Batch& natural) const override {
    gradients_ += std::uint64_t(x.cols());
    of<DiscreteGradient>().energy_and_local_natural(x, energy, natural);
  }
  void do_hidden_natural(const BatchView& v, Batch& natural) const override {
    sites_ += std::uint64_t(v.cols() * hidden().dim());
    of<Latent>().hidden_natural(v, natural);
  }
  void do_visible_natural(const BatchView& h, Batch& natural) const override {
    sites_ += std::uint64_t(h.cols() * dim());
    of<Latent>().visible_natural(h, natural);
  }
  void do_minibatch_gradient(const BatchView& x, Index count, const Stream& random,
                             Batch& gradient) const override {
    terms_ += double(count * x.cols()) / double(observations());
    of<Minibatch>().minibatch_gradient(x, count, random, gradient);
  }

  EnergyModel& target_;
  mutable std::atomic<std::uint64_t> energies_{0}, gradients_{0}, sites_{0};
  mutable std::atomic<double> terms_{0};
};

Batch some_starts(const EnergyModel& model, Index count) {
  Batch x(model.dim(), count);
  Independent::uniform(model.domain()).draw(Stream(21), x);
  return x;
}

// Some steps, the first ones as warm-up.
Chains run(const Sampler& kernel, const Batch& x, Stream random) {
  constexpr Index warmup = 5, steps = 10;
  Chains chains = kernel.init(x);
  for (Index n = 1; n <= steps; ++n) {
    kernel.step(chains, random.at(std::uint64_t(n)));
    if (n <= warmup) kernel.adapt(chains, {n, warmup});
  }
  return chains;
}

// The name in "{name: …".
std::string name_of(const std::string& spec) {
  return spec.substr(7, spec.find_first_of(",}") - 7);
}

template <class A, class B>
bool same(const A& a, const B& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         ((a.array() == b.array()) || (a.array().isNaN() && b.array().isNaN())).all();
}

}  // namespace

TEST_CASE("every sampler says what it is, and documents every field") {
  for (const std::string& name : registry().names(Kind::sampler)) {
    INFO("sampler " << name);
    const Entry* entry = registry().find(Kind::sampler, name);
    REQUIRE(entry != nullptr);
    CHECK_FALSE(entry->summary.empty());
    CHECK_FALSE(entry->reference.empty());
    Describer describer;
    entry->fields(describer);
    std::set<std::string> seen;
    for (const auto& item : describer.items()) {
      INFO("field " << item.field.name);
      CHECK(item.field.documentation.size() >= 10);
      CHECK(seen.insert(item.field.name).second);
    }
  }
}

TEST_CASE("every sampler gives the same bits for the same seed and others for another") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    const Batch x = some_starts(model, 20);
    const Chains one = run(kernel, x, Stream(5)), two = run(kernel, x, Stream(5)),
                 other = run(kernel, x, Stream(6));
    CHECK(same(one.x, two.x));
    CHECK(same(one.statistics, two.statistics));
    CHECK_FALSE(same(one.x, other.x));
  });
}

TEST_CASE("every sampler moves a chain alike whether it runs alone or in a batch of five") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    const Batch x = some_starts(model, 5);
    const Chains together = run(kernel, x, Stream(7));
    for (Index c = 0; c < 5; ++c) {
      const Chains alone = run(kernel, x.col(c), Stream(7).chains_from(c));
      CHECK(same(alone.x, together.x.col(c)));
      CHECK(same(alone.statistics, together.statistics.col(c)));
      if (together.tuning.size() > 0) CHECK(same(alone.tuning, together.tuning.col(c)));
    }
  });
}

TEST_CASE("every sampler stays in the domain and reports its statistics as declared") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    const Chains chains = run(kernel, some_starts(model, 20), Stream(8));
    CHECK_NOTHROW(require_inside(model.domain(), chains.x));
    const auto declared = kernel.statistics();
    REQUIRE(chains.statistics.rows() == Index(declared.size()));
    REQUIRE((declared.empty() || chains.statistics.cols() == 20));
    std::set<std::string> names;
    for (std::size_t k = 0; k < declared.size(); ++k) {
      INFO("statistic " << declared[k].name);
      CHECK(names.insert(declared[k].name).second);
      const Row row = chains.statistics.row(Index(k));
      if (declared[k].type == Statistic::Type::boolean) CHECK((row == 0 || row == 1).all());
      if (declared[k].type == Statistic::Type::integer) CHECK((row == row.round()).all());
      if (declared[k].name == "acceptance_rate" || declared[k].name == "hop_distance")
        CHECK((row >= 0 && row <= 1).all());
      if (declared[k].name == "step_size") CHECK((row > 0).all());
    }
  });
}

TEST_CASE("what a sampler caches of the model is that of its configurations") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    const Chains chains = run(kernel, some_starts(model, 20), Stream(9));
    Chains again = chains;
    kernel.refresh(again);
    CHECK(same(again.x, chains.x));
    CHECK(same(again.energy, chains.energy));
    CHECK(same(again.gradient, chains.gradient));
  });
}

TEST_CASE("no sampler changes its tuning outside adapt") {
  each_pair([](const Sampler& kernel, EnergyModel& model, const std::string&) {
    Chains chains = run(kernel, some_starts(model, 6), Stream(10));
    const Table tuning = chains.tuning;
    for (std::uint64_t n = 0; n < 10; ++n) kernel.step(chains, Stream(11).at(n));
    CHECK(same(chains.tuning, tuning));
  });
}

TEST_CASE("what every sampler spends per step is what its model counts, by itself and tempered") {
  std::set<std::string> tempered_too;
  each_pair([&](const Sampler&, EnergyModel& model, const std::string& spec) {
    Counting counting(model);
    WeightedSum tempered = WeightedSum::tempered(0.6, counting);
    const std::string name = spec.substr(7, spec.find_first_of(",}") - 7);
    for (EnergyModel* target :
         {static_cast<EnergyModel*>(&counting), static_cast<EnergyModel*>(&tempered)}) {
      const auto kernel = make_if_suited(name, spec, *target);
      if (kernel == nullptr) continue;
      if (target == &tempered) tempered_too.insert(name);
      Chains chains = kernel->init(some_starts(model, 3));
      for (Index n = 1; n <= 4; ++n) {
        CHECK(counting.evaluations() == counting.counted());
        kernel->step(chains, Stream(13).at(std::uint64_t(n)));
        kernel->adapt(chains, {n, 4});
      }
      CHECK(counting.evaluations() == counting.counted());
    }
    // Independent draws cost no evaluation.
    if (name != "exact") CHECK_FALSE(counting.counted() == Evaluations{});
  });
  CHECK(tempered_too.contains("gibbs"));
  CHECK(tempered_too.contains("hmc"));
}

TEST_CASE("no sampler ever enters a place where the energy is NaN") {
  HalfNan model(2);
  int tried = 0;
  for (const std::string& name : registry().names(Kind::sampler)) {
    const auto kernel = make_if_suited(name, specs_of(name)[0], model);
    if (kernel == nullptr) continue;
    ++tried;
    INFO("sampler " << name);
    Chains chains = kernel->init(Batch::Constant(2, 200, Real(-0.05)));
    for (Index n = 1; n <= 40; ++n) {
      kernel->step(chains, Stream(12).at(std::uint64_t(n)));
      if (n <= 20) kernel->adapt(chains, {n, 20});
      CHECK((chains.x.array().isFinite() && chains.x.row(0).replicate(2, 1).array() <= 0).all());
      CHECK(chains.tuning.isFinite().all());
    }
    Row energy;
    model.energy(chains.x, energy);
    CHECK(energy.isFinite().all());
    CHECK_FALSE((chains.x.array() == Real(-0.05)).all());
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
    const std::string method = exact_method(model);
    if (!kernel.keeps_x_alone() ||
        (model.capability<Exact>() == nullptr && (method.empty() || method == "closed_form")))
      return;
    const Verdict verdict = invariance_test(
        sampler(spec), model,
        specs.contains(name_of(spec)) ? Starts{.count = 2500, .steps = 2} : Starts{.count = 10000});
    INFO("p = " << verdict.smallest_p << " in round " << verdict.rounds);
    CHECK(verdict.passed);
  });
}
