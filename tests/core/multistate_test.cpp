#include <doctest/doctest.h>

#include <Eigen/LU>
#include <cmath>
#include <gibbsite/core/multistate.hpp>
#include <gibbsite/core/random.hpp>
#include <vector>

using namespace gibbsite;

namespace {

// Harmonic oscillators (the test system of pymbar): ln q_k = -K_k (x - O_k)²/2, so that
// ln Z_k/Z_0 = ln(K_0/K_k)/2.
struct Oscillators {
  std::vector<double> centres, stiffness;
  std::vector<Index> counts;

  Eigen::ArrayXd exact() const {
    Eigen::ArrayXd out(Index(stiffness.size()));
    for (std::size_t k = 0; k < stiffness.size(); ++k)
      out(Index(k)) = .5 * std::log(stiffness[0] / stiffness[k]);
    return out;
  }
  Eigen::ArrayXd sizes() const {
    return Eigen::Map<const Eigen::Array<Index, Eigen::Dynamic, 1>>(counts.data(),
                                                                    Index(counts.size()))
        .cast<double>();
  }
  Eigen::ArrayXXd draws(std::uint64_t seed) const {
    Eigen::ArrayXXd log_q(Index(counts.size()), Index(sizes().sum()));
    Index column = 0;
    for (std::size_t k = 0; k < counts.size(); ++k) {
      Batch normal(counts[k], 1);
      Stream random = Stream(seed).split(std::uint64_t(k));
      random.normal(normal);
      for (Index n = 0; n < counts[k]; ++n, ++column) {
        const double x = centres[k] + double(normal(n, 0)) / std::sqrt(stiffness[k]);
        for (std::size_t j = 0; j < counts.size(); ++j)
          log_q(Index(j), column) = -stiffness[j] * (x - centres[j]) * (x - centres[j]) / 2;
      }
    }
    return log_q;
  }
};

const Oscillators five{{0, .5, 1, 1.5, 2}, {1, 2, 4, 8, 16}, {200, 150, 100, 150, 200}};

}  // namespace

TEST_CASE("errors of harmonic oscillators have the reported covariance matrix") {
  // δᵀ C⁻¹ δ is χ² with 4 degrees of freedom: its mean over 300 sets is 4 ± .163, and 4.5 of these
  // are a false alarm in 1 of 10^5.
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const MultistateRatios found = multistate_ratios(five.draws(seed), five.sizes());
    REQUIRE(found.converged);
    const Eigen::VectorXd error = (found.log_ratio - five.exact()).matrix().tail(4);
    sum += error.dot(found.covariance.bottomRightCorner(4, 4).inverse() * error);
  }
  CHECK(std::abs(sum / 300 - 4) < 4.5 * std::sqrt(8. / 300));
}

TEST_CASE("memberships add up to the draws of every law, and overlap to one") {
  const MultistateRatios found = multistate_ratios(five.draws(1), five.sizes());
  CHECK(((found.membership.rowwise().sum() - five.sizes()) / five.sizes()).abs().maxCoeff() < 1e-9);
  CHECK((found.overlap.rowwise().sum().array() - 1).abs().maxCoeff() < 1e-9);
  CHECK(found.overlap.minCoeff() >= 0);
  CHECK(found.log_ratio(0) == 0);
}

TEST_CASE("two laws give Bennett's ratio and his variance") {
  const Oscillators two{{0, 0}, {1, 16}, {300, 500}};
  const Eigen::ArrayXXd log_q = two.draws(3);
  const MultistateRatios found = multistate_ratios(log_q, two.sizes());
  const Eigen::ArrayXd u = (log_q.row(1) - log_q.row(0)).transpose();
  const double C = found.log_ratio(1) + std::log(300. / 500.);
  const Eigen::ArrayXd lower = 1 / (1 + (C - u.head(300)).exp()),
                       upper = 1 / (1 + (u.tail(500) - C).exp());
  CHECK(std::abs(lower.sum() / upper.sum() - 1) < 1e-9);
  // 1/Σ f(1-f) - 1/n_0 - 1/n_1 (Shirts et al. 2003), which tends to Bennett's own formula.
  const double information = (lower * (1 - lower)).sum() + (upper * (1 - upper)).sum();
  CHECK(found.covariance(1, 1) ==
        doctest::Approx(1 / information - 1 / 300. - 1 / 500.).epsilon(1e-9));
  const double bennett = (lower.square().mean() / (lower.mean() * lower.mean()) - 1) / 300 +
                         (upper.square().mean() / (upper.mean() * upper.mean()) - 1) / 500;
  CHECK(found.covariance(1, 1) == doctest::Approx(bennett).epsilon(.2));
}

TEST_CASE("the influence of all draws together is nothing, and of single ones their covariance") {
  const MultistateRatios found = multistate_ratios(five.draws(2), five.sizes());
  std::vector<Index> law, group;
  for (Index k = 0; k < 5; ++k)
    for (Index n = 0; n < five.counts[std::size_t(k)]; ++n) {
      law.push_back(k);
      group.push_back(Index(group.size()));
    }
  const Eigen::MatrixXd single = multistate_influence(found, law, group, Index(law.size()));
  CHECK(single.rowwise().sum().cwiseAbs().maxCoeff() < 1e-8);
  // The spread within each law alone; that of the means of laws is not random.
  double variance = 0;
  for (Index k = 0, first = 0; k < 5; first += five.counts[std::size_t(k)], ++k) {
    const Eigen::ArrayXd own =
        single.row(4).segment(first, five.counts[std::size_t(k)]).transpose().array();
    variance += (own - own.mean()).square().sum();
  }
  CHECK(variance == doctest::Approx(found.covariance(4, 4)).epsilon(.15));
}

TEST_CASE("log weights of 1e5 and laws that exclude draws overflow nowhere") {
  Eigen::ArrayXXd log_q = five.draws(4);
  const MultistateRatios plain = multistate_ratios(log_q, five.sizes());
  log_q.row(2) += 1e5;
  log_q.row(3) -= 1e5;
  const MultistateRatios shifted = multistate_ratios(log_q, five.sizes());
  CHECK(shifted.converged);
  CHECK(std::abs(shifted.log_ratio(2) - plain.log_ratio(2) - 1e5) < 1e-8);
  CHECK(std::abs(shifted.log_ratio(3) - plain.log_ratio(3) + 1e5) < 1e-8);
  // Half of the draws of law 0 are impossible under law 1, whose own are all possible under 0: so
  // q_1 = q_0 on half of the space.
  Eigen::ArrayXXd half = Eigen::ArrayXXd::Zero(2, 200);
  half.row(1).head(50).setConstant(-std::numeric_limits<double>::infinity());
  const MultistateRatios found = multistate_ratios(half, Eigen::Array2d(100, 100));
  CHECK(found.log_ratio(1) == doctest::Approx(-std::log(2)).epsilon(1e-9));
}

TEST_CASE("laws without a draw in common have no covariance") {
  const Oscillators apart{{0, 1000}, {1, 1}, {50, 50}};
  const MultistateRatios found = multistate_ratios(apart.draws(1), apart.sizes());
  CHECK_FALSE(found.covariance(1, 1) < 1e3);
  CHECK(found.overlap(0, 1) < 1e-10);
}
