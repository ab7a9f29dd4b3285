#include <cmath>

#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;

namespace {

Parameters exact_gradient(EnergyModel& model, const Batch& data) {
  Saved saved;
  const auto exact = test::make_gradient("{name: exact}", test::context_with(model, nullptr));
  return exact->estimate(data, saved, Stream(1)).ascent;
}

double mean_log_likelihood(EnergyModel& model, const Batch& data) {
  const test::Rows rows(data);
  const auto evaluation =
      test::make_evaluation("{name: exact_log_partition}", test::context_with(model, &rows));
  return test::value_of(test::evaluate(*evaluation, 1), "mean_log_likelihood_train");
}

// The expectation of CD-k over all random numbers: the data's law moved k times by the block-Gibbs
// transition matrix on v, by enumeration.
enum class Start { data, noise };
Parameters expected_cd(EnergyModel& model, const Batch& data, int steps,
                       Start start = Start::data) {
  const auto& latent = *model.capability<Latent>();
  const Batch v = states(model.domain(), 0, Index{1} << model.dim());
  const Batch h = states(latent.hidden(), 0, Index{1} << latent.hidden().dim());
  const auto law = [](const Batch& natural, const Batch& of) {
    Eigen::MatrixXd p(natural.cols(), of.cols());
    for (Index c = 0; c < natural.cols(); ++c)
      for (Index s = 0; s < of.cols(); ++s) {
        double log_p = 0;
        for (Index i = 0; i < natural.rows(); ++i)
          log_p -= softplus(of(i, s) > 0 ? -double(natural(i, c)) : double(natural(i, c)));
        p(c, s) = std::exp(log_p);
      }
    return p;
  };
  Batch eta, xi;
  latent.hidden_natural(v, eta);
  latent.visible_natural(h, xi);
  const Eigen::MatrixXd kernel = law(eta, h) * law(xi, v);
  Row particles = Row::Zero(v.cols());
  for (Index n = 0; n < data.cols(); ++n)
    for (Index s = 0; s < v.cols(); ++s)
      if (v.col(s) == data.col(n)) particles(s) += 1 / double(data.cols());
  Row weights = -particles;
  if (start == Start::noise) particles.setConstant(1 / double(v.cols()));
  for (int k = 0; k < steps; ++k) particles = (particles.matrix() * kernel).array().eval();
  weights += particles;
  const auto& parametric = *model.capability<Parametric>();
  Parameters out = Parameters::Zero(parametric.parameters().size());
  parametric.parameter_gradient(v, weights, out);
  return out;
}

double cosine(const Parameters& a, const Parameters& b) { return a.dot(b) / (a.norm() * b.norm()); }

struct TableRow {
  double scale, log_likelihood, gradient;
  std::vector<double> relative_bias, cosine;  // k = 1, 2, 5, 10
};
const std::vector<TableRow> table = {
    {.5, -5.7964489695, .559427, {.118956, .015758, .000038, 0}, {.999066, .999984, 1, 1}},
    {1,
     -6.6471602110,
     1.375870,
     {.309096, .103025, .004239, .000023},
     {.994597, .999479, .999999, 1}},
    {3,
     -15.6213696777,
     3.094393,
     {.433254, .219597, .049953, .004454},
     {.973778, .993469, .999661, .999997}},
    {6,
     -31.6927547883,
     3.461666,
     {.504704, .338788, .181753, .064513},
     {.921041, .965559, .991388, .998991}},
};
constexpr int table_steps[] = {1, 2, 5, 10};

}  // namespace

TEST_CASE("exact gradient and log-likelihood agree with the CD-bias table to its last digit") {
  for (const TableRow& row : table) {
    CAPTURE(row.scale);
    const auto model = test::recipe_rbm(8, 6, row.scale);
    CHECK(std::abs(mean_log_likelihood(*model, test::two_of_four()) - row.log_likelihood) < 1e-9);
    CHECK(std::abs(exact_gradient(*model, test::two_of_four()).norm() - row.gradient) < 1e-6);
  }
}

TEST_CASE("the exact gradient is the derivative of the mean log-likelihood") {
  const auto model = test::recipe_rbm(8, 6, 1);
  auto& parametric = *model->capability<Parametric>();
  const Parameters theta = parametric.parameters();
  const Parameters gradient = exact_gradient(*model, test::two_of_four());
  for (Index i = 0; i < theta.size(); i += 7) {
    constexpr double step = 1e-5;
    Parameters moved = theta;
    moved(i) += step;
    parametric.set_parameters(moved);
    const double up = mean_log_likelihood(*model, test::two_of_four());
    moved(i) -= 2 * step;
    parametric.set_parameters(moved);
    const double down = mean_log_likelihood(*model, test::two_of_four());
    CHECK(std::abs((up - down) / (2 * step) - gradient(i)) < 1e-8);
  }
}

TEST_CASE("the enumerated expectation of CD-k has the tabulated bias and cosine") {
  for (const TableRow& row : table) {
    const auto model = test::recipe_rbm(8, 6, row.scale);
    const Parameters exact = exact_gradient(*model, test::two_of_four());
    for (std::size_t k = 0; k < 4; ++k) {
      const Parameters mean = expected_cd(*model, test::two_of_four(), table_steps[k]);
      CAPTURE(row.scale);
      CAPTURE(table_steps[k]);
      CHECK(std::abs((mean - exact).norm() / exact.norm() - row.relative_bias[k]) < 1.01e-6);
      CHECK(std::abs(cosine(mean, exact) - row.cosine[k]) < 1.01e-6);
    }
  }
}

TEST_CASE("CD-k has its enumerated expectation in every parameter (|t| < 5.6 over 16 x 62 means)") {
  // Data are 80 copies of the six rows, so that one call averages 80 independent estimates. The
  // t statistic of 40 calls exceeds 5.6 with probability 1.8e-6: 2 false alarms in 1000 runs.
  const Batch data = test::two_of_four().replicate(1, 80);
  for (const TableRow& row : table) {
    const auto model = test::recipe_rbm(8, 6, row.scale);
    for (const int steps : table_steps) {
      const auto cd = test::make_gradient(
          "{name: contrastive_divergence, steps: " + std::to_string(steps) + "}",
          test::context_with(*model, nullptr));
      const Parameters expected = expected_cd(*model, test::two_of_four(), steps);
      std::vector<Moments> moments(std::size_t(expected.size()));
      Saved saved;
      for (std::uint64_t call = 0; call < 40; ++call) {
        const Parameters draw = cd->estimate(data, saved, Stream(11).at(call)).ascent;
        for (Index i = 0; i < draw.size(); ++i) moments[std::size_t(i)].add(draw(i));
      }
      double largest = 0;
      for (std::size_t i = 0; i < moments.size(); ++i)
        largest = std::max(largest, std::abs(moments[i].mean - expected(Index(i))) /
                                        std::sqrt(moments[i].variance() / 40));
      CAPTURE(row.scale);
      CAPTURE(steps);
      CHECK(largest < 5.6);
    }
  }
}

// As for CD-k above, over 62 means for each of two k.
TEST_CASE("short-run chains from noise have their enumerated expectation") {
  const Batch data = test::two_of_four().replicate(1, 80);
  const auto model = test::recipe_rbm(8, 6, 3);
  for (const int steps : {1, 3}) {
    const auto short_run = test::make_gradient(
        "{name: contrastive_divergence, start: noise, steps: " + std::to_string(steps) + "}",
        test::context_with(*model, nullptr));
    const Parameters expected = expected_cd(*model, test::two_of_four(), steps, Start::noise);
    CHECK((expected - expected_cd(*model, test::two_of_four(), steps)).norm() > .02);
    std::vector<Moments> moments(std::size_t(expected.size()));
    Saved saved;
    for (std::uint64_t call = 0; call < 40; ++call) {
      const GradientEstimate draw = short_run->estimate(data, saved, Stream(12).at(call));
      CHECK(draw.mean_chain_age == steps);
      CHECK(draw.max_chain_age == steps);
      for (Index i = 0; i < expected.size(); ++i) moments[std::size_t(i)].add(draw.ascent(i));
    }
    CAPTURE(steps);
    for (std::size_t i = 0; i < moments.size(); ++i)
      CHECK(std::abs(moments[i].mean - expected(Index(i))) <
            5.6 * std::sqrt(moments[i].variance() / 40));
  }
}

TEST_CASE("the age of persistent particles grows by the steps of each update") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  const auto pcd =
      test::make_gradient("{name: contrastive_divergence, persistent: true, chains: 9, steps: 3}",
                          test::context_with(*model, &rows));
  Saved saved = pcd->init(Stream(3));
  for (std::uint64_t call = 0; call < 5; ++call) {
    const GradientEstimate estimate = pcd->estimate(rows.x(), saved, Stream(5).at(call));
    CHECK(estimate.mean_chain_age == doctest::Approx(3. * double(call + 1)).epsilon(1e-12));
    CHECK(estimate.max_chain_age == 3. * double(call + 1));
  }
  const auto exact = test::make_gradient("exact", test::context_with(*model, nullptr));
  CHECK(std::isnan(exact->estimate(rows.x(), saved, Stream(1)).mean_chain_age));
}

TEST_CASE("noise on real coordinates is uniform in the range asked for") {
  const auto model = test::make_model("{name: gaussian, mean: [0, 0]}");
  const auto start = [&](const std::string& more) {
    return test::make_gradient(
               "{name: contrastive_divergence, persistent: true, chains: 20000" + more + "}",
               test::context(model.get()))
        ->init(Stream(5))
        .chains.at(0)
        .x;
  };
  const Batch x = start(", start: noise, noise_range: [-1, 3]");
  CHECK(x.minCoeff() >= -1);
  CHECK(x.maxCoeff() <= 3);
  // 40000 draws of mean 1 and variance 4/3, whose fourth central moment is 16/5.
  const double variance = (x.cast<double>().array() - 1).square().mean();
  CHECK(std::abs(x.cast<double>().mean() - 1) < 5 * std::sqrt(4 / 3. / 40000));
  CHECK(std::abs(variance - 4 / 3.) < 5 * std::sqrt((16 / 5. - 16 / 9.) / 40000));
  const auto refusal = [&](const std::string& more) {
    return test::error_of([&] { start(more); });
  };
  const std::string subject = "gradient contrastive_divergence: noise_range: must ";
  CHECK(refusal(", start: noise, noise_range: [1, 1]") ==
        subject + "be two values, the lesser one first");
  const auto bits = test::recipe_rbm(4, 2, 1);
  CHECK(test::error_of([&] {
          test::make_gradient("{name: contrastive_divergence, start: noise, noise_range: [0, 1]}",
                              test::context(bits.get()));
        }) == subject + "go with start: noise on real coordinates");
}

// A chosen particle starts anew with probability .05, so in the long run its age after a move has
// the mean 2 steps / .05 = 40. 1000 updates of 100 particles end some 5000 lives, whose mean
// length has a relative standard error of 1/√5000 = 1.4 %, weighted by itself at most twice that.
TEST_CASE(
    "a replay buffer moves some of its particles, and ages are what re-initialisation makes") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  const auto replay = test::make_gradient(
      "{name: contrastive_divergence, persistent: true, start: noise, chains: 100, steps: 2, "
      "buffer_size: 400, reinitialization_rate: 0.05}",
      test::context_with(*model, &rows));
  Saved saved = replay->init(Stream(3));
  REQUIRE(saved.numbers.size() == 400);
  Moments ages;
  double oldest = 0;
  for (std::uint64_t call = 0; call < 1600; ++call) {
    const Batch before = saved.chains[0].x;
    const GradientEstimate estimate = replay->estimate(rows.x(), saved, Stream(5).at(call));
    const auto moved = (saved.chains[0].x - before).cwiseAbs().colwise().maxCoeff().array() > 0;
    REQUIRE(moved.count() <= 100);
    if (call == 0) {
      CHECK(moved.count() > 80);
      CHECK(estimate.max_chain_age == 2);
    }
    oldest = std::max(oldest, estimate.max_chain_age);
    if (call >= 600) ages.add(estimate.mean_chain_age);
  }
  CHECK(std::abs(ages.mean / 40 - 1) < 5 * .028);
  CHECK(oldest > 100);
}

TEST_CASE("every particle of a buffer comes to be moved, whatever its number") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const auto replay = test::make_gradient(
      "{name: contrastive_divergence, persistent: true, start: noise, chains: 10, buffer_size: 50}",
      test::context_with(*model, nullptr));
  Saved saved = replay->init(Stream(3));
  for (std::uint64_t call = 0; call < 500; ++call)
    replay->estimate(test::two_of_four(), saved, Stream(5).at(call));
  // Each is chosen in a fifth of the updates: binomial, mean 100, deviation 8.9.
  for (const double age : saved.numbers) CHECK(std::abs(age - 100) < 5 * 8.95);
}

TEST_CASE("buffers without persistence, or smaller than what an update moves, are refused") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const auto refusal = [&](const std::string& fields) -> std::string {
    try {
      test::make_gradient("{name: contrastive_divergence, " + fields + "}",
                          test::context_with(*model, nullptr));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(refusal("buffer_size: 100") ==
        "gradient contrastive_divergence: buffer_size: must go with persistent: true");
  CHECK(refusal("reinitialization_rate: 0.1") ==
        "gradient contrastive_divergence: reinitialization_rate: must go with persistent: true");
  CHECK(refusal("persistent: true, start: noise, buffer_size: 99") ==
        "gradient contrastive_divergence: buffer_size: must be at least chains (100), got 99");
}

TEST_CASE("CD differs between updates, and is the same for one thread as for two") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const Workers one(1);
  const test::Rows rows(test::two_of_four().replicate(1, 20));
  for (const std::string yaml :
       {"{name: contrastive_divergence, steps: 2}",
        "{name: contrastive_divergence, steps: 2, start: noise}",
        "{name: contrastive_divergence, persistent: true, chains: 37}",
        "{name: contrastive_divergence, persistent: true, chains: 137, buffer_size: 200, "
        "reinitialization_rate: 0.3}"}) {
    const auto single = test::make_gradient(yaml, test::context_with(*model, &rows, nullptr, one));
    const auto both = test::make_gradient(yaml, test::context_with(*model, &rows));
    Saved a = single->init(Stream(3)), b = both->init(Stream(3));
    Parameters last = Parameters::Zero(62);
    for (std::uint64_t call = 0; call < 3; ++call) {
      const GradientEstimate x = single->estimate(rows.x(), a, Stream(5).at(call));
      const GradientEstimate y = both->estimate(rows.x(), b, Stream(5).at(call));
      CHECK(x.ascent == y.ascent);
      CHECK(x.energy_gap == y.energy_gap);
      CHECK(x.ascent != last);
      last = x.ascent;
    }
  }
}

TEST_CASE("persistent particles start at training rows, move, and stay in the saved state") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  const auto pcd =
      test::make_gradient("{name: contrastive_divergence, persistent: true, chains: 50}",
                          test::context_with(*model, &rows));
  Saved saved = pcd->init(Stream(3));
  Index particles = 0;
  for (const Chains& block : saved.chains) {
    particles += block.x.cols();
    for (Index c = 0; c < block.x.cols(); ++c)
      CHECK(((rows.x().colwise() - block.x.col(c)).cwiseAbs().colwise().sum().array() == 0).any());
  }
  CHECK(particles == 50);
  const Saved before = saved;
  const Parameters first = pcd->estimate(rows.x(), saved, Stream(4).at(0)).ascent;
  CHECK(saved.chains[0].x != before.chains[0].x);
  // The same call from the saved start repeats; from where the particles are now it does not.
  Saved again = before;
  CHECK(pcd->estimate(rows.x(), again, Stream(4).at(0)).ascent == first);
  CHECK(pcd->estimate(rows.x(), saved, Stream(4).at(0)).ascent != first);
}

TEST_CASE("at fixed parameters PCD is unbiased once its particles have forgotten their start") {
  // λ₂ = .37: after 20 steps the start is forgotten to 3e-9. With 800 particles and calls 20
  // steps apart the estimates are independent: 62 t tests of 39 degrees, 3 false alarms in 1000
  // runs.
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  const auto pcd = test::make_gradient(
      "{name: contrastive_divergence, persistent: true, chains: 800, steps: 20}",
      test::context_with(*model, &rows));
  const Parameters exact = exact_gradient(*model, rows.x());
  Saved saved = pcd->init(Stream(3));
  std::vector<Moments> moments(62);
  for (std::uint64_t call = 0; call < 40; ++call) {
    const Parameters draw = pcd->estimate(rows.x(), saved, Stream(6).at(call)).ascent;
    for (Index i = 0; i < 62; ++i) moments[std::size_t(i)].add(draw(i));
  }
  for (Index i = 0; i < 62; ++i)
    CHECK(std::abs(moments[std::size_t(i)].mean - exact(i)) <
          4.6 * std::sqrt(moments[std::size_t(i)].variance() / 40));
}

TEST_CASE("with a vanishing learning rate PCD follows the exact gradient") {
  // 400 updates of rate 1e-3 move θ by .4 |g|, slowly against the chain's relaxation of 1 step.
  const auto start = test::recipe_rbm(8, 6, 1);
  const Parameters theta = start->capability<Parametric>()->parameters();
  const test::Rows rows(test::two_of_four());
  const auto train = [&](const std::string& yaml) {
    auto& parametric = *start->capability<Parametric>();
    parametric.set_parameters(theta);
    const auto gradient = test::make_gradient(yaml, test::context_with(*start, &rows));
    const auto optimizer = test::make_optimizer("{name: sgd, step_size: 0.001}");
    Saved saved = gradient->init(Stream(3));
    Slots slots;
    Parameters now = theta;
    for (std::uint64_t n = 0; n < 400; ++n) {
      optimizer->update(now, gradient->estimate(rows.x(), saved, Stream(6).at(n)).ascent, slots, n);
      parametric.set_parameters(now);
    }
    return now;
  };
  const Parameters exact = train("{name: exact}"),
                   noisy = train(
                       "{name: contrastive_divergence, persistent: true, chains: 500, steps: 3}");
  CHECK((exact - theta).norm() > .3);
  CHECK((noisy - exact).norm() < .02 * (exact - theta).norm());
}

TEST_CASE("persistent CD renews what its kernel caches of the model after parameters changed") {
  // MALA keeps energy and gradient of x: with stale ones, particles started under other
  // parameters would move differently from particles started under these.
  const auto model = test::make_model("{name: gaussian, units: 2}");
  auto& parametric = *model->capability<Parametric>();
  const Parameters now = parametric.parameters();
  Parameters earlier = now;
  earlier(0) += 3;
  const test::Rows rows(Batch::Identity(2, 2));
  const auto pcd = test::make_gradient(
      "{name: contrastive_divergence, persistent: true, sampler: {name: mala, step_size: 0.3}}",
      test::context_with(*model, &rows));
  Saved fresh = pcd->init(Stream(3));
  parametric.set_parameters(earlier);
  Saved stale = pcd->init(Stream(3));
  parametric.set_parameters(now);
  CHECK(fresh.chains[0].energy.matrix() != stale.chains[0].energy.matrix());
  CHECK(pcd->estimate(rows.x(), fresh, Stream(4)).ascent ==
        pcd->estimate(rows.x(), stale, Stream(4)).ascent);
}

TEST_CASE("the energy gap of CD is mean E(data) minus mean E(particles)") {
  const auto model = test::recipe_rbm(8, 6, 1);
  const test::Rows rows(test::two_of_four());
  const auto pcd =
      test::make_gradient("{name: contrastive_divergence, persistent: true, chains: 50}",
                          test::context_with(*model, &rows));
  Saved saved = pcd->init(Stream(3));
  const double gap = pcd->estimate(rows.x(), saved, Stream(4)).energy_gap;
  Row energy;
  model->energy(rows.x(), energy);
  double expected = energy.mean();
  for (const Chains& block : saved.chains) {
    model->energy(block.x, energy);
    expected -= energy.sum() / 50;
  }
  CHECK(gap == doctest::Approx(expected).epsilon(1e-12));
}

TEST_CASE("persistent CD without data is refused with the reason") {
  const auto model = test::recipe_rbm(8, 6, 1);
  CHECK_THROWS_WITH_AS(test::make_gradient("{name: contrastive_divergence, persistent: true}",
                                           test::context_with(*model, nullptr)),
                       "gradient contrastive_divergence: needs a data section", Error);
}

TEST_CASE("the exact gradient of a model with 2^40 states is refused when it is built") {
  const auto model = test::make_model("{name: rbm, visible: 40, hidden: 40}");
  CHECK_THROWS_AS(test::make_gradient("{name: exact}", test::context_with(*model, nullptr)), Error);
  CHECK_THROWS_AS(
      test::make_evaluation("{name: exact_log_partition}", test::context_with(*model, nullptr)),
      Error);
}

TEST_CASE(
    "with energy_magnitude α the ascent is that of the likelihood less α (mean E² + mean E²)") {
  const auto model = test::make_model("{name: mlp, units: 2, hidden: [5], weight_scale: 2}");
  const auto& parametric = *model->capability<Parametric>();
  Batch data(2, 30);
  Stream(1).normal(data);
  const auto make = [&](const std::string& more) {
    return test::make_gradient(
        "{name: contrastive_divergence, persistent: true, chains: 40, start: "
        "noise, sampler: {name: ula, step_size: 0.1}" +
            more + "}",
        test::context_with(*model, nullptr));
  };
  const auto plain = make(""), held = make(", energy_magnitude: 0.3"),
             quiet = make(", energy_magnitude: 0.3, energy_gap: false");
  Saved one = plain->init(Stream(2)), two = one, three = one;
  const GradientEstimate without = plain->estimate(data, one, Stream(3)),
                         with = held->estimate(data, two, Stream(3));
  CHECK(with.energy_gap == without.energy_gap);
  Parameters penalty = Parameters::Zero(without.ascent.size());
  for (const Batch& x : {data, one.chains[0].x}) {
    Row energy;
    model->energy(x, energy);
    parametric.parameter_gradient(x, 2 * energy / double(x.cols()), penalty);
  }
  CHECK((without.ascent - .3 * penalty - with.ascent).norm() < 1e-13 * penalty.norm());
  CHECK(penalty.norm() > .1);
  const GradientEstimate unheard = quiet->estimate(data, three, Stream(3));
  CHECK(unheard.ascent == with.ascent);
  CHECK(std::isnan(unheard.energy_gap));
}

// As for PCD above; replicas forget faster than the chain alone, whose λ₂ is .59, .59^20 = 3e-5.
TEST_CASE("PCD with replicas at several temperatures is unbiased once its start is forgotten") {
  const auto model = test::recipe_rbm(8, 6, 3);
  const test::Rows rows(test::two_of_four());
  const auto pcd = test::make_gradient(
      "{name: contrastive_divergence, persistent: true, chains: 200, steps: 20, sampler: {name: "
      "parallel_tempering, temperatures: 3, lowest: 0.3}}",
      test::context_with(*model, &rows));
  const Parameters exact = exact_gradient(*model, rows.x());
  Saved saved = pcd->init(Stream(3));
  std::vector<Moments> moments(62);
  for (std::uint64_t call = 0; call < 41; ++call) {
    const Parameters draw = pcd->estimate(rows.x(), saved, Stream(6).at(call)).ascent;
    if (call == 0) continue;
    for (Index i = 0; i < 62; ++i) moments[std::size_t(i)].add(draw(i));
  }
  for (Index i = 0; i < 62; ++i)
    CHECK(std::abs(moments[std::size_t(i)].mean - exact(i)) <
          4.6 * std::sqrt(moments[std::size_t(i)].variance() / 40));
}

// Du & Mordatch 2019 and Grathwohl et al. 2020 as in their programs: a buffer of 10000 from which
// 5 % start anew, 60 (here 3) steps of x - α ∇E + σ ξ. Of 100 particles 5 start anew on average,
// with a deviation of 2.2.
TEST_CASE("the training of IGEBM and JEM is a spec: replay buffer, Langevin with its own noise") {
  const auto model = test::make_model("{name: mlp, units: 2, hidden: [5]}");
  const auto replay = test::make_gradient(
      "{name: contrastive_divergence, steps: 3, persistent: true, start: noise, chains: 100, "
      "buffer_size: 10000, reinitialization_rate: 0.05, energy_magnitude: 0.1, sampler: {name: "
      "ula, "
      "drift: 1, noise: 0.01, gradient_clamp: 0.03}}",
      test::context_with(*model, nullptr));
  Saved saved = replay->init(Stream(1));
  CHECK(saved.chains[0].x.cols() == 10000);
  const Batch before = saved.chains[0].x;
  Batch data(2, 50);
  Stream(2).normal(data);
  const GradientEstimate estimate = replay->estimate(data, saved, Stream(3));
  CHECK(estimate.ascent.allFinite());
  CHECK(estimate.max_chain_age == 3);
  Index moved = 0, far = 0;
  for (Index n = 0; n < 10000; ++n) {
    const double distance = double((saved.chains[0].x.col(n) - before.col(n)).norm());
    moved += distance > 0 ? 1 : 0;
    far += distance > .3 ? 1 : 0;  // three steps: at most 3 · √2 · .03 and a little noise
    CHECK((distance > 0) == (saved.numbers[std::size_t(n)] == 3));
  }
  CHECK(moved == 100);
  CHECK(far < 5 + 5 * 2.2);
  CHECK(far > 0);
}
