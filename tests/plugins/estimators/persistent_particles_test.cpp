// Where the particles of contrastive divergence start, how long they last, and what PCD comes to.
#include <cmath>

#include "support/gradients.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;

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
  const Parameters exact = test::exact_gradient(*model, rows.x());
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

TEST_CASE("persistent CD without data is refused with the reason") {
  const auto model = test::recipe_rbm(8, 6, 1);
  CHECK_THROWS_WITH_AS(test::make_gradient("{name: contrastive_divergence, persistent: true}",
                                           test::context_with(*model, nullptr)),
                       "gradient contrastive_divergence: needs a data section", Error);
}

// As for PCD above; replicas forget faster than the chain alone, whose λ₂ is .59, .59^20 = 3e-5.
TEST_CASE("PCD with replicas at several temperatures is unbiased once its start is forgotten") {
  const auto model = test::recipe_rbm(8, 6, 3);
  const test::Rows rows(test::two_of_four());
  const auto pcd = test::make_gradient(
      "{name: contrastive_divergence, persistent: true, chains: 200, steps: 20, sampler: {name: "
      "parallel_tempering, temperatures: 3, lowest: 0.3}}",
      test::context_with(*model, &rows));
  const Parameters exact = test::exact_gradient(*model, rows.x());
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
