// How far annealed importance sampling is from ln Z, against tables.
#include <Eigen/Eigenvalues>
#include <cmath>

#include "support/annealed.hpp"
#include "support/rows.hpp"
#include "support/trained.hpp"

using namespace gibbsite;
using test::ais;

TEST_SUITE("slow") {
  TEST_CASE("on trained bars and stripes weights have the tabulated variance and mean logarithm") {
    test::ExactTraining trained(8);
    trained.advance(20001);
    CHECK(std::abs(test::value_of(trained.likelihood(), "log_partition") - 45.539584503) < 1e-6);
    const auto [up, down] = test::block_gibbs(trained.model());
    // Reversible, so that it is symmetric in the right units.
    const Eigen::VectorXd root = test::law(trained.model()).matrix().transpose().cwiseSqrt();
    const Eigen::MatrixXd symmetric =
        root.asDiagonal() * (up * down) * root.cwiseInverse().asDiagonal();
    const Eigen::VectorXd values =
        Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(symmetric, Eigen::EigenvaluesOnly)
            .eigenvalues();
    CHECK(std::abs(values(values.size() - 2) - .99948723) < 1e-7);
    CHECK(std::abs(-1 / std::log(values(values.size() - 2)) - 1950) < 1);
    auto base = Independent::uniform(trained.model().domain());
    struct Expected {
      Index temperatures;
      double variance, mean_log, annealed;
    };
    for (const Expected& row :
         {Expected{10, 3.491460, -1.084836, -2.7004}, Expected{100, .272929, -.120988, -2.6425},
          Expected{1000, .033502, -.016001, -2.6279}}) {
      const auto found =
          test::enumerate_annealing(base, trained.model(), test::even_ladder(row.temperatures));
      CAPTURE(row.temperatures);
      CHECK(std::abs(found.relative_variance() - row.variance) < 1e-4);
      CHECK(std::abs(found.mean_log - std::log(found.mean) - row.mean_log) < 1e-4);
      // What RAISE estimates; the target gives the data -2.6249.
      double log_p = 0;
      for (Index n = 0; n < 16; ++n) {
        Index number = 0;
        for (Index i = 0; i < 9; ++i) number += Index(trained.rows().x()(i, n)) << i;
        log_p += std::log(found.law(number)) / 16;
      }
      CHECK(std::abs(log_p - row.annealed) < 1e-4);
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
      CHECK(std::abs(test::value_of(test::evaluate(ais(temperatures), *model, 1), "log_partition") -
                     129.6561338075) < bar);
  }
}
