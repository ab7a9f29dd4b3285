#include <cmath>

#include "support/models.hpp"
#include "support/rows.hpp"

using namespace gibbsite;

namespace {

// P(row of `of` | each column of natural), for independent binary units: columns of natural x
// states.
Eigen::MatrixXd binary_law(const Batch& natural, const Batch& of) {
  const Eigen::MatrixXd eta = natural.cast<double>();
  Eigen::MatrixXd law = (eta.transpose() * of.cast<double>()).eval();
  for (Index c = 0; c < law.rows(); ++c) {
    double log_partition = 0;
    for (Index i = 0; i < eta.rows(); ++i) log_partition += softplus(eta(i, c));
    law.row(c) = (law.row(c).array() - log_partition).exp();
  }
  return law;
}

// The transition matrices v -> h and h -> v of block Gibbs on a binary latent energy.
std::pair<Eigen::MatrixXd, Eigen::MatrixXd> block_gibbs(const WeightedSum& path) {
  const Batch v = states(path.domain(), 0, Index{1} << path.dim());
  const Batch h = states(path.hidden(), 0, Index{1} << path.hidden().dim());
  Batch eta, xi;
  path.hidden_natural(v, eta);
  path.visible_natural(h, xi);
  return {binary_law(eta, h), binary_law(xi, v)};
}

struct Moments2 {
  double first = 0, second = 0;
};

// E[w] and E[w²] of annealed importance sampling on all states, without sampling.
Moments2 enumerated_weight(EnergyModel& base, EnergyModel& target,
                           const std::vector<double>& betas) {
  WeightedSum path = WeightedSum::path(base, target, 0);
  const Batch v = states(path.domain(), 0, Index{1} << path.dim());
  Row energy;
  base.energy(v, energy);
  Eigen::RowVectorXd first = (-energy).exp().matrix();
  first /= first.sum();
  Eigen::RowVectorXd second = first;
  for (std::size_t t = 1; t < betas.size(); ++t) {
    const Row step =
        path.energy_difference(v, {1 - betas[t - 1], betas[t - 1]}, {1 - betas[t], betas[t]});
    first.array() *= step.exp();
    second.array() *= (2 * step).exp();
    path.set_weights({1 - betas[t], betas[t]});
    const auto [up, down] = block_gibbs(path);
    first = (first * up * down).eval();
    second = (second * up * down).eval();
  }
  return {first.sum(), second.sum()};
}

// A model on the line whose energy is NaN everywhere.
class Broken final : public EnergyModel, public Differentiable {
 public:
  const Domain& domain() const override { return domain_; }

 private:
  void do_energy(const BatchView&, Row& energy) const override { energy.setConstant(std::nan("")); }
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    do_energy(x, energy);
    gradient.setZero();
  }
  Domain domain_ = Domain::real(1);
};

// Interrupts at the first report with this note.
class NoteDesk final : public Desk {
 public:
  explicit NoteDesk(std::string note) : note_(std::move(note)) {}
  void report(double, double, const std::string& note) override {
    if (note == note_) throw Interrupted();
  }

 private:
  std::string note_;
};

double exact_log_z(const EnergyModel& model) {
  return exact_sum(model, test::workers(), false).log_partition;
}

std::string ais(Index temperatures, const std::string& more = "") {
  return "{name: annealed_importance_sampling, temperatures: " + std::to_string(temperatures) +
         more + "}";
}

Result run(const std::string& yaml, EnergyModel& model, std::uint64_t seed,
           const Dataset* train = nullptr) {
  return test::evaluate(*test::make_evaluation(yaml, test::context_with(model, train)), seed);
}

}  // namespace

TEST_CASE(
    "the enumerated expectation of the weight is Z / Z_0 to 1e-10 for every schedule and base") {
  const auto model = test::recipe_rbm(6, 4, 2);
  const test::Rows data(test::bars_and_stripes(3).topRows(6));
  auto uniform = Independent::uniform(model->domain());
  auto rates = Independent::from_data(model->domain(), data, .5);
  for (const std::string schedule : {"linear", "salakhutdinov_murray", "adaptive"})
    for (const bool from_data : {false, true}) {
      const std::string base = from_data ? ", base: data, smoothing: 0.03125" : "";
      const Result result =
          run(ais(7, ", runs: 4, schedule: " + schedule + base), *model, 1, &data);
      Independent& start = from_data ? rates : uniform;
      const double mean =
          enumerated_weight(start, *model, test::values_of(result, "inverse_temperature")).first;
      // What the plugin added to the log mean of its weights is its ln Z_0.
      const auto& log_weights = test::values_of(result, "log_weights");
      const double log_z0 = test::value_of(result, "log_partition") -
                            log_mean_exp(Eigen::Map<const Eigen::ArrayXd>(
                                log_weights.data(), Index(log_weights.size())));
      CAPTURE(schedule);
      CAPTURE(base);
      CHECK(std::abs(std::log(mean) + log_z0 - exact_log_z(*model)) < 1e-10);
    }
}

TEST_CASE("weights have the enumerated mean and variance (|z| < 4.5 in 20000 runs)") {
  const auto model = test::recipe_rbm(6, 4, 1);
  const Result result = run(ais(5, ", runs: 20000"), *model, 5);
  auto base = Independent::uniform(model->domain());
  const Moments2 exact =
      enumerated_weight(base, *model, test::values_of(result, "inverse_temperature"));
  Moments first, second;
  for (const double log_weight : test::values_of(result, "log_weights")) {
    const double w = std::exp(log_weight) / exact.first;
    first.add(w);
    second.add(w * w);
  }
  const double second_moment = exact.second / (exact.first * exact.first);
  CHECK(std::abs(first.mean - 1) < 4.5 * std::sqrt((second_moment - 1) / first.count));
  CHECK(std::abs(second.mean - second_moment) < 4.5 * std::sqrt(second.variance() / second.count));
  // An annealer that forgot to move would have the variance of plain importance sampling.
  CHECK(second_moment - 1 <
        .5 * (enumerated_weight(base, *model, {0, 1}).second / (exact.first * exact.first) - 1));
}

TEST_CASE("the interval covers the exact log partition function in 88 to 99 of 100 seeds") {
  const auto model = test::recipe_rbm(16, 10, 2);
  const double exact = exact_log_z(*model);
  std::string schedule;
  SUBCASE("evenly spaced") { schedule = "linear"; }
  SUBCASE("spaced by a pilot") { schedule = "adaptive"; }
  const auto evaluation = test::make_evaluation(ais(50, ", schedule: " + schedule),
                                                test::context_with(*model, nullptr));
  int covered = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Result result = test::evaluate(*evaluation, seed);
    REQUIRE(test::value_of(result, "effective_sample_size") > 50);
    const auto& interval = test::values_of(result, "interval");
    covered += interval.at(0) <= exact && exact <= interval.at(1);
  }
  CAPTURE(covered);
  CHECK(covered >= 88);
  CHECK(covered <= 99);
}

TEST_CASE("few temperatures on a rugged model are reported as unreliable, with the reason") {
  const auto model = test::recipe_rbm(64, 16, 2);
  const Result poor = run(ais(3), *model, 1);
  CHECK(std::get<bool>(poor.attributes.at("reliable")) == false);
  CHECK(std::get<std::string>(poor.attributes.at("warning")).find("too low") != std::string::npos);
  const Result fine = run(ais(1000), *model, 1);
  CHECK(std::get<bool>(fine.attributes.at("reliable")));
  CHECK(fine.attributes.count("warning") == 0);
  CHECK(std::get<std::string>(fine.attributes.at("bound")) == "unbiased_Z");
  CHECK(std::abs(test::value_of(fine, "log_partition") - 129.6561338075) <
        4 * test::value_of(fine, "standard_error"));
}

TEST_CASE(
    "the schedule of Salakhutdinov and Murray has 500, 4000 and 10000 steps in its three ranges") {
  const auto model = test::recipe_rbm(2, 1, 1);
  const Result result = run(ais(14500, ", runs: 1, schedule: salakhutdinov_murray"), *model, 1);
  const auto& beta = test::values_of(result, "inverse_temperature");
  REQUIRE(beta.size() == 14501);
  CHECK(beta[0] == 0);
  CHECK(beta[500] == doctest::Approx(.5).epsilon(1e-14));
  CHECK(beta[4500] == doctest::Approx(.9).epsilon(1e-14));
  CHECK(beta[14500] == 1);
  CHECK(beta[1] == doctest::Approx(.001).epsilon(1e-12));
  CHECK(beta[501] - beta[500] == doctest::Approx(.0001).epsilon(1e-9));
  CHECK(beta[14500] - beta[14499] == doctest::Approx(.00001).epsilon(1e-6));
}

TEST_CASE("an adaptive ladder goes where the law changes, which lowers the exact variance of w") {
  // Coupled units make up their mind early on the path; even steps waste the rest of it.
  const auto model = test::recipe_rbm(6, 4, 8);
  auto base = Independent::uniform(model->domain());
  const auto variance = [&](const std::string& schedule) {
    const Result result = run(ais(20, ", runs: 2, schedule: " + schedule), *model, 1);
    const auto& beta = test::values_of(result, "inverse_temperature");
    CHECK(beta.size() == 21);
    CHECK(beta.front() == 0);
    CHECK(beta.back() == 1);
    for (std::size_t t = 1; t < beta.size(); ++t) CHECK(beta[t] > beta[t - 1]);
    const Moments2 w = enumerated_weight(base, *model, beta);
    return w.second / (w.first * w.first) - 1;
  };
  CHECK(variance("adaptive") < variance("linear"));
}

TEST_CASE("between precisions 1 and 16 an adaptive ladder is geometric in the precision") {
  // The conditional effective sample size of two Gaussians depends on the ratio of their precisions
  // alone. The pilot's noise is .007 in ln λ, straight lines between its steps add up to .015.
  const auto model = test::make_model("{name: gaussian, units: 1, precision: [16]}");
  const Result result = run(ais(16,
                                ", runs: 2, schedule: adaptive, pilot: 20000, sampler: gibbs, "
                                "base_model: {name: gaussian, units: 1, precision: [1]}"),
                            *model, 1);
  const auto& beta = test::values_of(result, "inverse_temperature");
  for (std::size_t t = 0; t <= 16; ++t)
    CHECK(std::abs(std::log(1 + 15 * beta[t]) - double(t) / 16 * std::log(16.)) < .05);
}

TEST_CASE("the ladder of a pilot does not depend on the runs that use it") {
  const auto model = test::recipe_rbm(12, 8, 2);
  const auto ladder = [&](const std::string& more) {
    return test::values_of(run(ais(30, ", schedule: adaptive" + more), *model, 1),
                           "inverse_temperature");
  };
  CHECK(ladder(", runs: 3") == ladder(", runs: 50"));
  CHECK(ladder(", runs: 3") != ladder(", runs: 3, pilot: 50"));
}

TEST_CASE("energies of ±1e5 overflow nowhere, neither in one step nor in 1e5") {
  Row energies(2);
  energies << -1e5, 1e5;
  test::TableModel model(Domain::binary(1), energies);
  for (const std::string name : {"annealed_importance_sampling", "sequential_monte_carlo"})
    for (const Index temperatures : {1, 100000}) {
      CAPTURE(name);
      CAPTURE(temperatures);
      const Result result =
          run("{name: " + name + (temperatures == 1 ? ", runs: 10" : ", runs: 3") +
                  ", temperatures: " + std::to_string(temperatures) +
                  (name == "sequential_monte_carlo" ? ", particles: 3}" : "}"),
              model, 1);
      // In one step each weight is e^1e5 or next to nothing; in many they differ by some nats.
      CHECK(std::abs(test::value_of(result, "log_partition") - 1e5) < std::log(10.));
      for (const double log_weight : test::values_of(result, "log_weights"))
        CHECK(std::isfinite(log_weight));
    }
  const auto cold = test::make_model(
      "{name: tempered, beta: 1000, model: {name: rbm, visible: 6, "
      "hidden: 4, weight_scale: 3}}");
  const Result frozen = run(ais(50, ", schedule: adaptive"), *cold, 1);
  CHECK(std::isfinite(test::value_of(frozen, "log_partition")));
  // By Markov's inequality with a probability above 1 - e^-10.
  CHECK(test::value_of(frozen, "log_partition") <= exact_log_z(*cold) + 10);
}

TEST_CASE("with an unadjusted kernel nothing is called unbiased") {
  const auto model = test::make_model("{name: gaussian, units: 2}");
  const Result result = run(ais(10, ", sampler: {name: ula, step_size: 0.5}"), *model, 1);
  CHECK(std::get<std::string>(result.attributes.at("bound")) == "none");
  CHECK_FALSE(std::get<bool>(result.attributes.at("reliable")));
}

TEST_CASE("a base from the data gives the same log partition function within 4 standard errors") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows data(test::two_of_four());
  const Result result = run(ais(200, ", base: data"), *model, 3, &data);
  CHECK(std::abs(test::value_of(result, "log_partition") - 11.494515093304) <
        4 * test::value_of(result, "standard_error"));
  CHECK(std::abs(test::value_of(result, "mean_log_likelihood_train") + 6.6471602110) <
        4 * test::value_of(result, "standard_error"));
  CHECK(test::values_of(result, "log_likelihood").size() == 6);
}

TEST_CASE("one thread and two give the same bits") {
  const auto model = test::recipe_rbm(12, 8, 1);
  const Workers one(1);
  const auto single = test::make_evaluation(ais(30, ", runs: 37"),
                                            test::context_with(*model, nullptr, nullptr, one));
  const auto both =
      test::make_evaluation(ais(30, ", runs: 37"), test::context_with(*model, nullptr));
  CHECK(test::identical(test::evaluate(*single, 2), test::evaluate(*both, 2)));
}

TEST_CASE("runs are independent: no two have the same weight") {
  const auto model = test::recipe_rbm(12, 8, 1);
  auto weights = test::values_of(run(ais(10), *model, 2), "log_weights");
  std::sort(weights.begin(), weights.end());
  CHECK(std::adjacent_find(weights.begin(), weights.end()) == weights.end());
}

TEST_CASE("interrupted and resumed annealing equals the uninterrupted one bit for bit") {
  const auto model = test::recipe_rbm(12, 8, 1);
  const auto make = [&] {
    return test::make_evaluation(ais(250, ", runs: 20"), test::context_with(*model, nullptr));
  };
  const Result whole = test::evaluate(*make(), 9);
  for (const int at : {1, 40, 84})
    CHECK(test::identical(test::evaluate_interrupted(make, 9, at), whole));
}

TEST_CASE("a resumed evaluation takes its pilot's ladder from what was saved") {
  // Energies of the pilot: were it run again, the count of evaluations would show it.
  const auto model = test::recipe_rbm(12, 8, 1);
  const auto make = [&] {
    return test::make_evaluation(ais(250, ", runs: 20, schedule: adaptive, pilot: 500"),
                                 test::context_with(*model, nullptr));
  };
  const Result whole = test::evaluate(*make(), 9);
  const auto first = make(), second = make(), third = make();
  const auto cost = [&](const Evaluation& evaluation, Saved& saved, Desk& desk) {
    const auto before = model->evaluations().site_updates;
    try {
      const Result result =
          evaluation.evaluate({.random = Stream(9), .saved = saved, .desk = desk});
      CHECK(test::identical(result, whole));
    } catch (const Interrupted&) {
    }
    return model->evaluations().site_updates - before;
  };
  Saved saved, other;
  NoteDesk desk("the pilot has ended");
  test::QuietDesk quiet;
  const auto pilot = cost(*first, saved, desk), rest = cost(*second, saved, quiet);
  CHECK(cost(*third, other, quiet) == pilot + rest);
  CHECK(pilot > 500 * 20);
  for (const int at : {3, 40, 84})
    CHECK(test::identical(test::evaluate_interrupted(make, 9, at), whole));
}

TEST_CASE("an energy that is NaN ends annealing as diverged") {
  Broken model;
  CHECK_THROWS_AS(run(ais(10, ", sampler: mala"), model, 1), Diverged);
}

TEST_CASE(
    "a base model without a known log partition function is refused when the plugin is built") {
  const auto model = test::recipe_rbm(4, 3, 1);
  CHECK_THROWS_AS(test::make_evaluation(ais(10, ", base_model: {name: rbm, visible: 4, hidden: 2}"),
                                        test::context_with(*model, nullptr)),
                  Error);
}

TEST_SUITE("slow") {
  TEST_CASE("on trained bars and stripes the enumerated weight has the tabulated variance") {
    const test::Rows rows(test::bars_and_stripes(3));
    const auto model = test::make_model("{name: rbm, visible: 9, hidden: 8}");
    auto& parametric = *model->capability<Parametric>();
    Parameters theta = Parameters::Zero(9 * 8 + 9 + 8);
    for (Index i = 0; i < 9; ++i)
      for (Index j = 0; j < 8; ++j)
        theta(i * 8 + j) =
            .1 * std::sin(1 + .7 * double(i) + 1.3 * double(j) + .11 * double(i * j));
    parametric.set_parameters(theta);
    const auto gradient = test::make_gradient("{name: exact}", test::context_with(*model, &rows));
    Saved saved;
    for (int n = 0; n < 20001; ++n) {
      theta += .1 * gradient->estimate(rows.x(), saved, Stream(1)).ascent;
      parametric.set_parameters(theta);
    }
    CHECK(std::abs(exact_log_z(*model) - 45.539584503) < 1e-6);
    auto base = Independent::uniform(model->domain());
    for (const auto& [temperatures, variance] : {std::pair{10, 3.491460}, {100, .272929}}) {
      std::vector<double> betas;
      for (int t = 0; t <= temperatures; ++t) betas.push_back(double(t) / temperatures);
      const Moments2 w = enumerated_weight(base, *model, betas);
      MESSAGE("relative variance " << w.second / (w.first * w.first) - 1);
      CHECK(std::abs(w.second / (w.first * w.first) - 1 - variance) < 1e-4);
    }
  }

  TEST_CASE("rbm 16 x 10: the error over 40 seeds is the tabulated one, 10 to 1000 temperatures") {
    // Of 40 normal errors the root mean square is beyond these factors in 1 of 10^6 cases.
    const auto model = test::recipe_rbm(16, 10, 2);
    for (const auto& [temperatures, tabulated] : {std::pair{10, .139}, {100, .034}, {1000, .011}}) {
      const auto evaluation =
          test::make_evaluation(ais(temperatures), test::context_with(*model, nullptr));
      double squares = 0;
      for (std::uint64_t seed = 1; seed <= 40; ++seed)
        squares += std::pow(
            test::value_of(test::evaluate(*evaluation, seed), "log_partition") - 28.033443425646,
            2);
      MESSAGE(temperatures << " temperatures: " << std::sqrt(squares / 40));
      CHECK(std::sqrt(squares / 40) < 1.6 * tabulated);
      CHECK(std::sqrt(squares / 40) > .5 * tabulated);
    }
  }

  TEST_CASE("rbm 64 x 16: error below 5 of the tabulated ones at 1000 and 10000 temperatures") {
    const auto model = test::recipe_rbm(64, 16, 2);
    for (const auto& [temperatures, bar] : {std::pair{1000, .235}, {10000, .06}})
      CHECK(std::abs(test::value_of(run(ais(temperatures), *model, 1), "log_partition") -
                     129.6561338075) < bar);
  }

  TEST_CASE("rbm 784 x 20: error below 0.12 for each of 10 seeds and below 0.04 on average") {
    const auto model = test::recipe_rbm(784, 20, .25);
    const auto evaluation = test::make_evaluation(ais(1000), test::context_with(*model, nullptr));
    double sum = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const double error = std::abs(
          test::value_of(test::evaluate(*evaluation, seed), "log_partition") - 596.8536766420);
      CAPTURE(seed);
      CHECK(error < .12);
      sum += error;
    }
    CAPTURE(sum / 10);
    CHECK(sum / 10 < .04);
  }
}
