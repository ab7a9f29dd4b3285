#include <cmath>
#include <gibbsite/core/diagnostics.hpp>

#include "support/recorded.hpp"
#include "support/rows.hpp"

using namespace gibbsite;

namespace {

Eigen::ArrayXXd autoregressive(double phi, std::uint64_t seed, Index draws = 1000,
                               Index chains = 4) {
  Batch noise(draws, chains);
  Stream(seed).normal(noise);
  Eigen::ArrayXXd x = noise.array().cast<double>();
  for (Index t = 1; t < draws; ++t)
    x.row(t) = phi * x.row(t - 1) + std::sqrt(1 - phi * phi) * x.row(t);
  return x;
}

Result diagnose(const Domain& domain, std::vector<Eigen::ArrayXXd> x, Eigen::ArrayXXd energy) {
  test::Flat model(domain);
  Context context = test::context(&model);
  context.has_samples = true;
  const test::FixedDraws draws(std::move(x), std::move(energy));
  return test::evaluate(*test::make_evaluation("{name: convergence}", context), 1, &draws);
}

std::string warning(const Result& result) {
  const auto found = result.attributes.find("warning");
  return found == result.attributes.end() ? "" : std::get<std::string>(found->second);
}

}  // namespace

TEST_CASE("convergence reports the diagnostics of every coordinate, and the worst of them") {
  std::vector<Eigen::ArrayXXd> x;
  for (std::uint64_t i = 0; i < 70; ++i) x.push_back(autoregressive(i == 65 ? .7 : .2, i + 1));
  const Eigen::ArrayXXd energy = autoregressive(.3, 99);
  const Result result = diagnose(Domain::real(70), x, energy);
  for (std::size_t i : {0u, 64u, 65u, 69u}) {
    CHECK(test::values_of(result, "rhat")[i] == rhat(x[i]));
    CHECK(test::values_of(result, "ess_bulk")[i] == ess_bulk(x[i]));
    CHECK(test::values_of(result, "ess_tail")[i] == ess_tail(x[i]));
    CHECK(test::values_of(result, "mcse_mean")[i] == mcse_mean(x[i]));
  }
  CHECK(test::value_of(result, "ess_bulk_energy") == ess_bulk(energy));
  CHECK(test::value_of(result, "ess_bulk_min") == ess_bulk(x[65]));
  CHECK(test::value_of(result, "constant_share") == 0);
  CHECK(result.headline[0] ==
        std::pair<std::string, double>{"rhat", test::value_of(result, "rhat_max")});
}

TEST_CASE("the bulk ESS of AR(1) draws is N (1 - φ) / (1 + φ) to 15 %, with no warning") {
  const Result result =
      diagnose(Domain::real(1), {autoregressive(.5, 5, 5000)}, autoregressive(.5, 6, 5000));
  CHECK(test::value_of(result, "ess_bulk") == doctest::Approx(20000. / 3).epsilon(.15));
  CHECK(warning(result).empty());
  CHECK(std::get<bool>(result.attributes.at("reliable")));
}

TEST_CASE("one frozen chain makes every number NaN and is named") {
  auto x = autoregressive(.2, 5), y = autoregressive(.2, 6), energy = autoregressive(.2, 7);
  x.col(2) = .3;
  y.col(2) = -.4;
  energy.col(2) = 1.5;
  const Result result = diagnose(Domain::real(2), {x, y}, energy);
  for (const char* name :
       {"rhat", "ess_bulk", "ess_tail", "mcse_mean", "rhat_energy", "rhat_max", "ess_bulk_min"}) {
    CAPTURE(name);
    for (const double value : test::values_of(result, name)) CHECK(std::isnan(value));
  }
  CHECK(warning(result).find("these chains never moved: 2") != std::string::npos);
  CHECK_FALSE(std::get<bool>(result.attributes.at("reliable")));
}

TEST_CASE(
    "a real coordinate that stands still in one chain is NaN and named, the others keep their "
    "numbers") {
  auto x = autoregressive(.2, 5);
  const auto y = autoregressive(.2, 6);
  x.col(1) = .3;
  const Result result = diagnose(Domain::real(2), {x, y}, autoregressive(.2, 7));
  CHECK(std::isnan(test::values_of(result, "rhat")[0]));
  CHECK(test::values_of(result, "rhat")[1] == rhat(y));
  CHECK(std::isnan(test::value_of(result, "rhat_max")));
  CHECK(warning(result).find("unit 0") != std::string::npos);
}

TEST_CASE(
    "constant pixels are counted and left out; a rare pixel needs not turn up in every chain") {
  const Eigen::ArrayXXd border = Eigen::ArrayXXd::Zero(1000, 4);
  const Eigen::ArrayXXd coin = (autoregressive(.2, 5) > 0).cast<double>();
  Eigen::ArrayXXd rare = (autoregressive(.2, 6) > 1.5).cast<double>();
  rare.col(3) = 0;
  const Result result =
      diagnose(Domain::binary(4), {border, coin, rare, border}, autoregressive(.2, 7));
  CHECK(test::value_of(result, "constant_share") == .5);
  CHECK(std::isnan(test::values_of(result, "rhat")[0]));
  CHECK(test::values_of(result, "rhat")[1] == rhat_basic(coin));
  CHECK(std::isfinite(test::values_of(result, "rhat")[2]));
  CHECK(std::isnan(test::values_of(result, "ess_tail")[1]));
  CHECK(test::value_of(result, "rhat_max") >= rhat_basic(rare));
}

TEST_CASE("chains stuck in two modes, each coordinate constant in its own, are no pass") {
  Eigen::ArrayXXd x = Eigen::ArrayXXd::Zero(1000, 4);
  x.rightCols(2) = 1;
  const Eigen::ArrayXXd coin = (autoregressive(.2, 5) > 0).cast<double>();
  const Result result = diagnose(Domain::binary(2), {x, coin}, autoregressive(.2, 7));
  CHECK(std::isnan(test::value_of(result, "rhat_max")));
  CHECK(warning(result).find("unit 0") != std::string::npos);
}

TEST_CASE("chains that disagree are warned of") {
  auto x = autoregressive(.2, 5);
  x.col(0) += 2;
  const Result result = diagnose(Domain::real(1), {x}, autoregressive(.2, 7));
  CHECK(test::value_of(result, "rhat_max") > 1.1);
  CHECK(warning(result).find("do not agree") != std::string::npos);
}

TEST_CASE("convergence without samples is refused") {
  test::Flat model(Domain::real(1));
  CHECK_THROWS_WITH_AS(test::make_evaluation("{name: convergence}", test::context(&model)),
                       "evaluation convergence: needs a sample section", Error);
}
