#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <gibbsite/core/diagnostics.hpp>
#include <gibbsite/core/log_weights.hpp>
#include <gibbsite/core/random.hpp>
#include <map>
#include <sstream>
#include <string>
#include <vector>

using namespace gibbsite;

namespace {

const std::filesystem::path folder =
    std::filesystem::path(GIBBSITE_SOURCE) / "tests/data/diagnostics";

Eigen::ArrayXXd read_chains(const std::string& name) {
  std::ifstream file(folder / (name + ".csv"));
  std::vector<std::vector<double>> rows;
  for (std::string line; std::getline(file, line);) {
    rows.emplace_back();
    std::stringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(std::stod(cell));
  }
  Eigen::ArrayXXd x(Index(rows.size()), Index(rows.at(0).size()));
  for (Index i = 0; i < x.rows(); ++i)
    for (Index m = 0; m < x.cols(); ++m) x(i, m) = rows[std::size_t(i)][std::size_t(m)];
  return x;
}

// The statistics by the names of the reference file.
const std::map<std::string, double (*)(const ChainsView&)> statistics = {
    {"rhat", rhat},
    {"rhat_basic", rhat_basic},
    {"ess_bulk", ess_bulk},
    {"ess_tail", ess_tail},
    {"ess_mean", ess_mean},
    {"ess_sd", ess_sd},
    {"ess_q05", [](const ChainsView& x) { return ess_quantile(x, .05); }},
    {"ess_med", ess_median},
    {"mcse_mean", mcse_mean},
    {"mcse_sd", mcse_sd},
    {"mcse_q05", [](const ChainsView& x) { return mcse_quantile(x, .05); }},
    {"ess_basic_nosplit", ess_basic},
};

bool agrees(double value, const std::string& reference) {
  if (reference == "NA") return std::isnan(value);
  if (reference == "Inf") return std::isinf(value) && value > 0;
  const double expected = std::stod(reference);
  return std::abs(value - expected) <= 1e-8 * std::max(1.0, std::abs(expected));
}

// One chain x_t = φ x_{t-1} + √(1 - φ²) ξ_t per column, from its stationary law N(0, 1).
Eigen::ArrayXXd autoregressive(Index draws, Index chains, double phi, Stream random) {
  Batch noise(draws, chains);
  random.normal(noise);
  Eigen::ArrayXXd x = noise.array().cast<double>();
  for (Index t = 1; t < draws; ++t)
    x.row(t) = phi * x.row(t - 1) + std::sqrt(1 - phi * phi) * x.row(t);
  return x;
}

}  // namespace

TEST_CASE("every diagnostic agrees with posterior 1.4.0 to 1e-8 on all 14 sets of chains") {
  std::ifstream reference(folder / "reference_posterior_1.4.0.txt");
  int sets = 0, compared = 0;
  for (std::string line; std::getline(reference, line); ++sets) {
    std::stringstream words(line);
    std::string name;
    words >> name;
    const Eigen::ArrayXXd x = read_chains(name);
    for (std::string word; words >> word; ++compared) {
      const auto split = word.find('=');
      const std::string key = word.substr(0, split), expected = word.substr(split + 1);
      const double value = statistics.at(key)(x);
      CAPTURE(name);
      CAPTURE(key);
      CAPTURE(value);
      CAPTURE(expected);
      CHECK(agrees(value, expected));
    }
  }
  CHECK(sets == 14);
  CHECK(compared == 14 * 12);
}

TEST_CASE("a value that is not finite makes every diagnostic NaN") {
  for (const double bad : {std::nan(""), double(INFINITY), -double(INFINITY)}) {
    Eigen::ArrayXXd x = read_chains("iid");
    x(17, 2) = bad;
    for (const auto& [name, statistic] : statistics) {
      CAPTURE(name);
      CHECK(std::isnan(statistic(x)));
    }
  }
}

TEST_CASE("the ESS of an AR(1) chain is N (1 - φ) / (1 + φ) to 10 %") {
  // The relative standard deviation of ESS over 40000 draws is below 2 % here (φ = .9: 1.9 %).
  for (const double phi : {-.5, 0., .5, .9}) {
    CAPTURE(phi);
    const Eigen::ArrayXXd x = autoregressive(10000, 4, phi, Stream(3));
    CHECK(ess_mean(x) == doctest::Approx(40000 * (1 - phi) / (1 + phi)).epsilon(.1));
  }
}

TEST_CASE("E-BFMI of independent energies is 2 and of a slow walk near 0") {
  CHECK(e_bfmi(autoregressive(20000, 1, 0, Stream(4)).col(0)) == doctest::Approx(2).epsilon(.05));
  CHECK(e_bfmi(autoregressive(20000, 1, .999, Stream(4)).col(0)) < .01);
  CHECK(std::isnan(e_bfmi(Eigen::ArrayXd::Constant(10, 3.))));
}

TEST_CASE(
    "the interval of log weights covers the mean of lognormal weights in 93 to 97 % of 4000 "
    "trials") {
  // The standard deviation of 4000 trials is .34 %; sd(ln w) = .8 gives an ESS of half the runs.
  for (const double spread : {.2, .5, .8}) {
    int covered = 0;
    for (std::uint64_t trial = 0; trial < 4000; ++trial) {
      Batch noise(100, 1);
      Stream(7).at(trial).normal(noise);
      const LogWeights all =
          summarise((spread * noise.array().cast<double>() - spread * spread / 2 + 800).col(0));
      covered += all.lower <= 800 && 800 <= all.upper;
    }
    CAPTURE(spread);
    CHECK(covered >= 4000 * .93);
    CHECK(covered <= 4000 * .97);
  }
}

TEST_CASE("log weights whose spread hides the mean are flagged, and equal ones are not") {
  Batch noise(100, 1);
  Stream(8).normal(noise);
  const LogWeights wide = summarise((5. * noise.array().cast<double>() - 700).col(0));
  CHECK(wide.effective_sample_size < 10);
  CHECK_FALSE(wide.warning.empty());
  CHECK(std::isfinite(wide.lower));
  CHECK(wide.lower >= wide.log_mean + std::log(.025) - 1e-12);
  const LogWeights equal = summarise(Eigen::ArrayXd::Constant(100, -700));
  CHECK(equal.log_mean == doctest::Approx(-700));
  CHECK(equal.standard_error == doctest::Approx(0));
  CHECK(equal.effective_sample_size == doctest::Approx(100));
  CHECK(equal.warning.empty());
  CHECK_FALSE(summarise(Eigen::ArrayXd::Constant(1, 2.)).warning.empty());
  CHECK_FALSE(summarise(Eigen::ArrayXd::Constant(5, -double(INFINITY))).warning.empty());
}
