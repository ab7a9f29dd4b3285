// Bias, mean absolute and root mean square error and reported standard errors of annealed
// importance sampling with 100 runs, over seeds.
#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>

#include "support/annealed.hpp"
#include "support/rows.hpp"
#include "support/trained.hpp"

using namespace gibbsite;
using test::ais;

namespace {

struct Errors {
  double bias = 0, absolute = 0, root = 0, reported = 0, worst = 0;
  Index seeds = 0;
};

Errors errors_of(EnergyModel& model, double exact, Index temperatures, Index seeds) {
  const auto evaluation =
      test::make_evaluation(ais(temperatures), test::context_with(model, nullptr));
  Errors all{.seeds = seeds};
  for (Index seed = 1; seed <= seeds; ++seed) {
    const Result one = test::evaluate(*evaluation, std::uint64_t(seed));
    const double error = test::value_of(one, "log_partition") - exact;
    all.bias += error / double(seeds);
    all.absolute += std::abs(error) / double(seeds);
    all.worst = std::max(all.worst, std::abs(error));
    all.root += error * error / double(seeds);
    all.reported += test::value_of(one, "standard_error") / double(seeds);
  }
  all.root = std::sqrt(all.root);
  MESSAGE(temperatures << " temperatures, " << seeds << " seeds: bias " << all.bias << ", mean "
                       << all.absolute << ", root mean square " << all.root << ", reported "
                       << all.reported);
  return all;
}

// Whether mean squares of n and m normal errors are of one variance, at a false-alarm rate of 1e-5.
bool alike(double root, Index n, double tabulated, Index m) {
  const boost::math::fisher_f law{double(n), double(m)};
  const double ratio = std::pow(root / tabulated, 2);
  return ratio > quantile(law, 5e-6) && ratio < quantile(complement(law, 5e-6));
}

// ln of a mean of M weights has a mean error of -v/2 where its variance v is small: within 5
// standard errors, missed once in 10^6.
void require_small_bias(const Errors& errors) {
  CHECK(std::abs(errors.bias + errors.root * errors.root / 2) <
        5 * errors.root / std::sqrt(double(errors.seeds)));
}

// Standard errors that are worth their name are the root mean square error on average, here within
// what the slower of the two may miss by in 1 of 10^5 cases, and a tenth for their own noise.
void require_honest_errors(const Errors& errors) {
  CHECK(alike(errors.root, errors.seeds, 1.1 * errors.reported, 1000));
  CHECK(alike(errors.root, errors.seeds, errors.reported / 1.1, 1000));
}

struct Row4 {
  Index temperatures, seeds;
  double absolute, root;
};

}  // namespace

TEST_SUITE("slow") {
  // The table's own number of seeds is not known; it is taken for 12.
  TEST_CASE("trained bars and stripes: annealing errs as tabulated, and as enumerated") {
    for (const Index hidden : {8, 16}) {
      test::ExactTraining trained(hidden);
      trained.advance(20001);
      const double exact = test::value_of(trained.likelihood(), "log_partition");
      auto base = Independent::uniform(trained.model().domain());
      const std::vector<Row4> table = hidden == 8 ? std::vector<Row4>{{10, 400, .138, .171},
                                                                      {100, 200, .046, .060},
                                                                      {1000, 40, .012, .016},
                                                                      {10000, 20, .0047, .0054}}
                                                  : std::vector<Row4>{{10, 400, .137, .166},
                                                                      {100, 200, .052, .063},
                                                                      {1000, 40, .021, .026},
                                                                      {10000, 20, .0055, .0074}};
      for (const Row4& row : table) {
        CAPTURE(hidden);
        CAPTURE(row.temperatures);
        const Errors found = errors_of(trained.model(), exact, row.temperatures, row.seeds);
        CHECK(alike(found.root, row.seeds, row.root, 12));
        CHECK(alike(found.absolute, row.seeds, row.absolute, 12));
        if (row.temperatures == 10) continue;  // heavy tails: a hundred weights are not enough
        require_small_bias(found);
        require_honest_errors(found);
        if (hidden == 8 && row.temperatures < 1000) {
          const double variance =
              test::enumerate_annealing(base, trained.model(), test::even_ladder(row.temperatures))
                  .relative_variance();
          CHECK(alike(found.root, row.seeds, std::sqrt(variance / 100), 1000));
        }
      }
    }
  }

  TEST_CASE("rbm 64 x 16: errors as tabulated, and ten temperatures are too few by all signs") {
    const auto model = test::recipe_rbm(64, 16, 2);
    for (const Row4& row :
         {Row4{10, 400, .77, .93}, {100, 100, .14, .18}, {1000, 40, .041, .047}}) {
      CAPTURE(row.temperatures);
      const Errors found = errors_of(*model, 129.6561338075, row.temperatures, row.seeds);
      CHECK(alike(found.root, row.seeds, row.root, 12));
      CHECK(alike(found.absolute, row.seeds, row.absolute, 12));
      if (row.temperatures > 10) {
        require_small_bias(found);
        require_honest_errors(found);
        continue;
      }
      // Too low by five of its errors, with standard errors that are too small.
      CHECK(found.bias < -5 * found.root / std::sqrt(400.));
      CHECK(found.reported < .75 * found.root);
    }
  }

  TEST_CASE("rbm 784 x 20: errors as tabulated from six seeds, and as reported") {
    const auto model = test::recipe_rbm(784, 20, .25);
    for (const Row4& row : {Row4{100, 40, .059, .067}, {1000, 10, .019, .023}}) {
      CAPTURE(row.temperatures);
      const Errors found = errors_of(*model, 596.8536766420, row.temperatures, row.seeds);
      CHECK(alike(found.root, row.seeds, row.root, 6));
      CHECK(alike(found.absolute, row.seeds, row.absolute, 6));
      require_small_bias(found);
      require_honest_errors(found);
      if (row.temperatures < 1000) continue;
      CHECK(found.worst < .12);
      CHECK(found.absolute < .04);
    }
  }
}
