#include <gibbsite/api/annealing.hpp>
#include <gibbsite/core/choice.hpp>

#include "support/models.hpp"
#include "support/rows.hpp"
#include "support/truth.hpp"

using namespace gibbsite;

namespace {

Eigen::ArrayXd even(Index steps) { return Eigen::ArrayXd::LinSpaced(steps + 1, 0, 1); }

}  // namespace

TEST_CASE("the trapezoidal rule on a Gaussian path has the tabulated errors") {
  // E_β[∂E/∂β] = 7.5/(1 + 15β) between precisions 1 and 16; ln Z_1/Z_0 = -ln 4.
  for (const auto& [steps, value] :
       {std::pair{Index{4}, -1.764480}, {Index{16}, -1.420343}, {Index{64}, -1.388562}}) {
    const Eigen::ArrayXd beta = even(steps);
    CHECK(std::abs((trapezoid_weights(beta) * (-7.5 / (1 + 15 * beta))).sum() - value) < 1e-6);
  }
}

TEST_CASE("Simpson's rule is exact for parabolas at any points, and for cubics at even ones") {
  Eigen::ArrayXd x(6);
  x << 0, .1, .15, .4, .8, 1;
  for (const Index points : {3, 4, 5, 6}) {
    const Eigen::ArrayXd at = x.head(points);
    const double end = at(points - 1);
    const Eigen::ArrayXd y = 1 - 2 * at + 3 * at.square();
    CHECK(std::abs((simpson_weights(at) * y).sum() - (end - end * end + end * end * end)) < 1e-14);
  }
  CHECK(std::abs((simpson_weights(even(8)) * even(8).cube()).sum() - .25) < 1e-14);
  CHECK(std::abs((simpson_weights(x.head(2)) - .05).abs().maxCoeff()) < 1e-15);
}

TEST_CASE("systematic resampling gives every particle its share on average, rounded up or down") {
  Eigen::ArrayXd log_weights(5);
  log_weights << -1, .5, -INFINITY, 2, .25;
  const Eigen::ArrayXd share = (log_weights - log_sum_exp(log_weights)).exp() * 5;
  Eigen::ArrayXd counts(5), mean = Eigen::ArrayXd::Zero(5);
  double total = 0;
  Outcomes::walk(
      [&] {
        counts.setZero();
        for (const Index k : systematic_resampling(log_weights, Stream(1))) counts(k) += 1;
      },
      [&](double probability) {
        total += probability;
        mean += probability * counts;
        CHECK((counts >= share.floor() - 1e-9).all());
        CHECK((counts <= share.ceil() + 1e-9).all());
      });
  CHECK(std::abs(total - 1) < 1e-12);
  CHECK((mean - share).abs().maxCoeff() < 1e-12);
}

TEST_CASE("selected chains keep all that belongs to a chain") {
  Chains chains;
  chains.x = Batch::Random(2, 3);
  chains.energy = Row::LinSpaced(3, 0, 2);
  chains.nested.push_back({.x = Batch::Random(1, 6)});
  const Chains chosen = select_chains(chains, {2, 0, 2});
  CHECK(chosen.x.col(0) == chains.x.col(2));
  CHECK(chosen.x.col(1) == chains.x.col(0));
  CHECK(chosen.x.col(2) == chains.x.col(2));
  CHECK(chosen.energy(1) == 0);
  CHECK(chosen.nested[0].x.middleCols(0, 2) == chains.nested[0].x.middleCols(4, 2));
}

TEST_CASE("the slope of ln Z(scale η) is its derivative for every kind of unit") {
  Domain domain;
  for (const Domain& part : {Domain::binary(2), Domain::spin(2), Domain::categorical(2, 3),
                             Domain::real(2), Domain::rectified(2)})
    domain.parts.push_back(part.parts[0]);
  Batch natural = 2 * Batch::Random(natural_rows(domain), 3);
  natural.row(11) = natural.row(11).cwiseAbs().array() + Real(.5);  // precisions
  for (const Index row : {11, 13, 15, 17})
    natural.row(row) = natural.row(row).cwiseAbs().array() + Real(.5);
  const double h = 1e-5;
  for (const double scale : {.25, 1., 3.}) {
    const Row numeric =
        (log_partition(domain, natural, scale + h) - log_partition(domain, natural, scale - h)) /
        (2 * h);
    CHECK(test::distance(log_partition_slope(domain, natural, scale), numeric) <
          test::tolerance(1e-7, 1e-4));
  }
}

TEST_CASE("the slope of the energy on a path is its derivative by β, latent or not") {
  AnnealingParams params;
  for (const bool latent : {true, false}) {
    const auto model = latent ? test::recipe_rbm(6, 4, 1) : test::recipe_boltzmann(6, .5, true);
    params.sampler = {latent ? "block_gibbs" : "gibbs", Node::map()};
    const Annealing annealing(params, test::context(model.get()));
    const Annealing::Walker walker(annealing);
    const Batch x = test::all_states(model->domain());
    const double h = 1e-5;
    for (const double beta : {.1, .5, .9}) {
      const Row numeric = walker.log_weight(x, beta + h, beta - h) / (2 * h);
      CHECK(test::distance(walker.slope(x, beta), numeric) < test::tolerance(1e-8, 1e-4));
    }
  }
}
