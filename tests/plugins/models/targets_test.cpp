#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// E[f] by exact draws, as (mean, standard error).
template <class Function>
std::pair<double, double> average(const EnergyModel& model, Function f) {
  const Batch x = exact_draws(model, 40000, Stream(21));
  Moments moments;
  for (Index n = 0; n < x.cols(); ++n) moments.add(f(x.col(n).cast<double>()));
  return {moments.mean, std::sqrt(moments.variance() / double(x.cols()))};
}

// |z| > 5 has probability 6e-7.
void check_average(const std::pair<double, double>& found, double truth) {
  CHECK(std::abs(found.first - truth) < 5 * found.second);
}

double log_partition(const EnergyModel& model, double beta = 1) {
  return *model.capability<Normalized>()->log_partition(beta);
}

}  // namespace

TEST_CASE("rosenbrock has Z = π/√(ab) at every temperature and its known moments") {
  const auto narrow = make_model("{name: rosenbrock, a: 1, b: 100, mu: 1}");
  CHECK(near(std::exp(log_partition(*narrow)), .3141592654, 1e-10));
  const auto wide = make_model("{name: rosenbrock, a: 0.05, b: 5, mu: 1}");
  CHECK(near(std::exp(log_partition(*wide)), 2 * 3.14159265358979, 1e-13));
  CHECK(near(log_partition(*wide, .5), std::log(4 * 3.14159265358979), 1e-13));
  const auto mean = [&](auto f) { return average(*wide, f); };
  check_average(mean([](const auto& x) { return x(0); }), 1);
  check_average(mean([](const auto& x) { return x(1); }), 11);
  check_average(mean([](const auto& x) { return std::pow(x(0) - 1, 2); }), 10);
  check_average(mean([](const auto& x) { return std::pow(x(1) - 11, 2); }), 240.1);
  check_average(mean([](const auto& x) { return (x(0) - 1) * (x(1) - 11); }), 20);
}

TEST_CASE("funnel has its closed ln Z at every temperature and its known moments") {
  const auto ten = make_model("funnel");
  CHECK(near(log_partition(*ten), 10.2879976207, 1e-10));
  check_average(average(*ten, [](const auto& x) { return x(0); }), 0);
  check_average(average(*ten, [](const auto& x) { return x(0) * x(0); }), 9);
  const auto two = make_model("{name: funnel, units: 2, scale: 0.2}");
  for (const double beta : {.8, 1., 1.5}) {
    const double sum = integral(
        2, 15, .06, [&](const Batch& x) { return Row((-beta * energies(*two, x)).exp()); });
    CHECK(near(log_partition(*two, beta), std::log(sum), 1e-11));
  }
  // Given v the others are N(0, e^v): E[x² e^{-v}] = 1 where E[x²] = e^{s²/2} is out of reach.
  check_average(average(*ten, [](const auto& x) { return x(3) * x(3) * std::exp(-x(0)); }), 1);
}

TEST_CASE("double_well has the ln Z and the E[x²] of its table, and gives up where it overflows") {
  const auto squares = [](const auto& x) { return x(0) * x(0); };
  const double table[3][3] = {{1, .679926242894, .832745487128},
                              {4, -.053571853616, .917670860745},
                              {8, -.439585545480, .964456363869}};
  for (const auto& [barrier, log_z, square] : table) {
    const auto model =
        make_model("{name: double_well, units: 2, barrier: " + number_text(barrier) + "}");
    CHECK(near(log_partition(*model), 2 * log_z, 1e-11));
    check_average(average(*model, squares), square);
    check_average(average(*model, [](const auto& x) { return x(0); }), 0);
    check_average(average(*model, [](const auto& x) { return x(0) * x(1); }), 0);
  }
  const auto steep = make_model("{name: double_well, barrier: 5000}");
  CHECK(!steep->capability<Normalized>()->log_partition(1));
  check_average(average(*steep, [](const auto& x) { return std::abs(x(0)); }), 1 - .125 / 10000);
}

TEST_CASE("logistic_regression is minus the log of prior times likelihood, term by term") {
  const auto data = make_dataset("{name: two_moons, size: 12, seed: 4}");
  const Batch x = data->all(Stream(0));
  const auto labels = data->labels();
  const auto model = make_model(
      "{name: logistic_regression, standardize: false, prior_scale: 2, "
      "dataset: {name: two_moons, size: 12, seed: 4}}");
  REQUIRE(model->dim() == 3);
  Batch w(3, 1);
  w << 0.5, -1.2, 0.3;
  double log_posterior = -w.cast<double>().squaredNorm() / 8;
  for (Index n = 0; n < 12; ++n) {
    const double eta = double(w(0, 0)) * double(x(0, n)) + double(w(1, 0)) * double(x(1, n)) + .3;
    const double p = 1 / (1 + std::exp(-eta));
    log_posterior += std::log(labels[std::size_t(n)] == 1 ? p : 1 - p);
  }
  CHECK(near(energies(*model, w)(0), -log_posterior, 1e-12));
}

TEST_CASE("logistic_regression standardizes features, so their units do not matter") {
  const auto digits =
      make_model("{name: logistic_regression, positive: 3, dataset: {name: digits}}");
  CHECK(digits->dim() == 65);
  const Row at_zero = energies(*digits, Batch::Zero(65, 1));
  CHECK(near(at_zero(0), 1797 * std::log(2.), 1e-12));
  Batch w = Batch::Zero(65, 1);
  w(0, 0) = 1;  // the corner pixel is 0 in every image: only the prior sees its weight
  CHECK(near(energies(*digits, w)(0), at_zero(0) + .5, 1e-12));
}

TEST_CASE("logistic_regression refuses data without the two classes") {
  const auto refusal = [](const std::string& rest) {
    return error_of([&] { make_model("{name: logistic_regression, " + rest + "}"); });
  };
  CHECK(refusal("dataset: {name: checkerboard, size: 5}") ==
        "model logistic_regression: dataset: must have class numbers");
  CHECK(refusal("positive: 7, dataset: {name: two_moons, size: 8, seed: 1}") ==
        "model logistic_regression: positive: some but not all observations must be of class 7, "
        "got 0 of 8");
}
