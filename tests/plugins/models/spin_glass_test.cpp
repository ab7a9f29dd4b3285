#include "support/make.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// J_ij = √2 sin(1 + .7(i + j) + .37 ij + .13 (i - j)²)/√N for i < j.
std::unique_ptr<EnergyModel> recipe_glass(Index units) {
  auto model = make_model("{name: sherrington_kirkpatrick, units: " + std::to_string(units) + "}");
  Parameters theta = Parameters::Zero(units * (units - 1) / 2 + units);
  Index bond = 0;
  for (Index i = 0; i < units; ++i)
    for (Index j = i + 1; j < units; ++j)
      theta(bond++) =
          std::sqrt(2 / double(units)) *
          std::sin(1 + .7 * double(i + j) + .37 * double(i * j) + .13 * double((i - j) * (i - j)));
  model->capability<Parametric>()->set_parameters(theta);
  return model;
}

// ln Z, the mean energy <H> = Σ J E ∂H/∂J and the least energy of the recipe at β, against a table.
void check_glass(Index units, double beta, double log_partition, std::optional<double> mean,
                 std::optional<double> least) {
  CAPTURE(units);
  CAPTURE(beta);
  const auto model = recipe_glass(units);
  WeightedSum tempered = WeightedSum::tempered(beta, *model);
  const ExactSum sum = exact_sum(tempered, workers(), mean.has_value());
  CHECK(std::abs(sum.log_partition - log_partition) < 1e-11);
  const Parameters theta = model->capability<Parametric>()->parameters();
  if (mean) CHECK(std::abs(theta.dot(sum.expected_gradient) / beta - *mean) < 6e-11);
  if (!least) return;
  double found = 0;
  const Index states_in_all = Index{1} << units;
  for (Index first = 0; first < states_in_all; first += 4096)
    found = std::min(
        found, energies(*model, states(model->domain(), std::uint64_t(first), 4096)).minCoeff());
  CHECK(std::abs(found - *least) < 6e-11);
}

}  // namespace

TEST_CASE("sherrington_kirkpatrick has the tabulated ln Z, mean and least energy") {
  check_glass(12, .5, 8.997296900354, {}, {});
  check_glass(12, 1, 11.040869931722, -5.3947380041, -8.2175067506);
  check_glass(16, 1, 15.053562509501, -7.9195475989, -11.5052889489);
  check_glass(18, 1.5, 21.588264514103, {}, -12.8064745062);
}

TEST_CASE("sherrington_kirkpatrick couplings start normal with variance J²/N") {
  const auto model =
      make_model("{name: sherrington_kirkpatrick, units: 100, coupling_scale: 3, field: [.25]}");
  const Parameters theta = model->capability<Parametric>()->parameters();
  const Eigen::ArrayXd J = theta.head(4950).array() * 10 / 3;
  CHECK(std::abs(J.mean()) < 5 / std::sqrt(4950.));
  CHECK(std::abs(J.square().mean() - 1) < 5 * std::sqrt(2 / 4950.));
  CHECK(theta.tail(100) == Parameters::Constant(100, .25));
  CHECK(model->capability<Conditional>()->independent_sets().empty());
}

TEST_CASE("sherrington_kirkpatrick takes explicit couplings and refuses a wrong number of them") {
  const auto model =
      make_model("{name: sherrington_kirkpatrick, units: 3, couplings: [1, -2, .5]}");
  Batch s(3, 1);
  s << 1, -1, 1;
  CHECK(energies(*model, s)(0) == -(-1 - 2 - .5));
  CHECK(error_of(
            [] { make_model("{name: sherrington_kirkpatrick, units: 3, couplings: [1, 2]}"); }) ==
        "model sherrington_kirkpatrick: couplings: must have one value per pair, 3 in all, got 2");
  CHECK(error_of([] { make_model("{name: sherrington_kirkpatrick, units: 3, field: [1, 2]}"); }) ==
        "model sherrington_kirkpatrick: field: must have 1 or 3 values, got 2");
}

TEST_CASE("hopfield with one pattern is the Curie-Weiss model of the overlap with it") {
  const auto model =
      make_model("{name: hopfield, units: 9, patterns: [1, -1, -1, 1, 1, -1, 1, 1, -1]}");
  // E = -(m² - N)/2N for the overlap m = N - 2k, which binomial(N, k) states have.
  Eigen::ArrayXd terms(10);
  for (Index k = 0; k <= 9; ++k) {
    const double N = 9, m = N - 2 * double(k);
    terms(k) = std::lgamma(N + 1) - std::lgamma(double(k) + 1) - std::lgamma(N - double(k) + 1) +
               (m * m - N) / (2 * N);
  }
  CHECK(near(log_sum_over_states(*model), log_sum_exp(terms), 1e-13));
}

TEST_CASE("hopfield stores orthogonal patterns as its lowest states") {
  Eigen::MatrixXd xi(8, 3);
  for (Index i = 0; i < 8; ++i)
    for (Index p = 0; p < 3; ++p) xi(i, p) = (i >> p) & 1 ? 1 : -1;
  std::string values;
  for (const double value : xi.reshaped())
    values += (values.empty() ? "" : ", ") + number_text(value);
  const auto model = make_model("{name: hopfield, units: 8, patterns: [" + values + "]}");
  // E = -Σ_μ (m_μ² - N)/2N, least where one overlap m_μ is ±N: Σ_μ m_μ² <= N².
  const Row at_patterns = energies(*model, xi.cast<Real>());
  CHECK(distance(at_patterns, Row(Row::Constant(3, -(64. - 3 * 8) / 16))) < 1e-14);
  CHECK(energies(*model, all_states(model->domain())).minCoeff() >= -(64. - 3 * 8) / 16 - 1e-13);
  Batch natural;
  for (Index i = 0; i < 8; ++i) {
    const Index site[] = {i};
    model->capability<Conditional>()->natural(site, xi.cast<Real>(), natural);
    for (Index p = 0; p < 3; ++p) CHECK(natural(0, p) * xi(i, p) > 0);
  }
}

TEST_CASE("hopfield learns from training data by the same rule and refuses what is no pattern") {
  Batch x(9, 5);
  Stream random(3);
  random.normal(x);
  const Rows data(x.array().sign().matrix());
  Context with_data = context();
  with_data.train = &data;
  const auto model = make_model("{name: hopfield}", with_data);
  const Eigen::MatrixXd xi = data.x().cast<double>();
  const Parameters theta = model->capability<Parametric>()->parameters();
  CHECK(std::abs(theta(0) - xi.row(0).dot(xi.row(1)) / 9) < 1e-15);
  CHECK(std::abs(theta(35) - xi.row(7).dot(xi.row(8)) / 9) < 1e-15);
  const auto refusal = [](const std::string& rest) {
    return error_of([&] { make_model("{name: hopfield" + rest + "}"); });
  };
  CHECK(refusal("") == "model hopfield: needs a data section");
  CHECK(refusal(", units: 2, patterns: [1, -1, 1]") ==
        "model hopfield: patterns: must have a multiple of 2 values (one per unit), got 3");
  CHECK(
      refusal(", units: 2, patterns: [1, 0]").starts_with("model hopfield: patterns: value 0 at"));
}
