#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// An energy that is infinite where the coordinates sum to an odd number, NaN where asked.
class Odd final : public EnergyModel {
 public:
  Odd(Domain domain, double offset) : domain_(std::move(domain)), offset_(offset) {}
  const Domain& domain() const override { return domain_; }

 private:
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n)
      energy(n) =
          Index(x.col(n).sum()) % 2 == 0 ? offset_ : std::numeric_limits<double>::infinity();
  }
  Domain domain_;
  double offset_;
};

double log_z(const EnergyModel& model) { return exact_sum(model, workers(), false).log_partition; }

}  // namespace

TEST_CASE("states lists every state of a mixed domain once, coordinate 0 fastest") {
  const Domain domain{{{Domain::Kind::spin, 1, 2},
                       {Domain::Kind::categorical, 1, 3},
                       {Domain::Kind::binary, 1, 2}}};
  Batch truth(3, 12);
  truth << -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1,  //
      0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2,             //
      0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1;
  CHECK(states(domain, 0, 12) == truth);
  CHECK(states(domain, 5, 3) == truth.middleCols(5, 3));
}

TEST_CASE("the exact sum counts states of infinite energy as none") {
  for (const Index units : {1, 3, 9, 13}) {
    const Odd model(Domain::binary(units), 0);
    CHECK(near(log_z(model), double(units - 1) * std::log(2.), 1e-14));
  }
  CHECK(near(log_z(Odd(Domain::binary(3), -2000)), 2000 + 2 * std::log(2.), 1e-15));
  CHECK(near(log_z(Odd(Domain::binary(3), 2000)), -2000 + 2 * std::log(2.), 1e-15));
}

TEST_CASE("a NaN energy stops the exact sum") {
  CHECK_THROWS_AS(log_z(Odd(Domain::binary(3), std::numeric_limits<double>::quiet_NaN())),
                  Diverged);
}

TEST_CASE("the exact sum takes a closed form first, then the smaller of hidden and visible layer") {
  CHECK(exact_method(*make_model("{name: gaussian, units: 2}")) == "closed_form");
  CHECK(exact_method(*recipe_rbm(6, 3, 1)) == "hidden_sum");
  CHECK(exact_method(*recipe_rbm(3, 6, 1)) == "enumeration");
  CHECK(exact_method(*recipe_rbm(40, 30, 1)).empty());
  CHECK(exact_method(*recipe_rbm(40, 26, 1)) == "hidden_sum");
  CHECK(exact_method(*recipe_rbm(6, 4, 1), {.max_log2_states = 3}).empty());
  CHECK(error_of([] { exact_sum(*recipe_rbm(40, 30, 1), workers(), false); }) ==
        "the exact sum needs a closed form or at most 2^26 states, got 2^40 states and 2^30 hidden "
        "states");
}

TEST_CASE("the expected gradient is the same through hidden and visible layer") {
  const auto model = recipe_rbm(9, 5, 1.5);
  const ExactSum sum = exact_sum(*model, workers(), true);
  CHECK(sum.method == "hidden_sum");
  CHECK(distance(sum.expected_gradient, mean_gradient_over_states(*model)) <
        tolerance(1e-12, 1e-5));
  CHECK(exact_sum(*model, workers(), false).expected_gradient.size() == 0);
}

TEST_CASE("exact sums do not depend on the number of threads, to the last bit") {
  const Workers one(1), three(3);
  for (const auto& model : {recipe_rbm(12, 9, 2), recipe_boltzmann(11, .7, true)}) {
    const ExactSum a = exact_sum(*model, one, true), b = exact_sum(*model, three, true);
    CHECK(a.log_partition == b.log_partition);
    CHECK(a.expected_gradient == b.expected_gradient);
  }
}

TEST_CASE("exact draws follow the enumerated law, directly and through the hidden layer") {
  for (const auto& model : {recipe_rbm(4, 3, 2), recipe_boltzmann(4, 1, true)}) {
    const Row p = law(*model);
    const Index n = 20000;
    const Batch x = exact_draws(*model, n, Stream(9));
    Eigen::ArrayXd counts = Eigen::ArrayXd::Zero(16);
    for (Index c = 0; c < n; ++c)
      counts(Index(x(0, c) + 2 * x(1, c) + 4 * x(2, c) + 8 * x(3, c))) += 1;
    for (Index s = 0; s < 16; ++s)
      CHECK(std::abs(counts(s) / double(n) - p(s)) < 5 * std::sqrt(p(s) * (1 - p(s)) / double(n)));
  }
  CHECK_THROWS_AS(exact_draws(*recipe_rbm(30, 30, 1), 1, Stream(0)), Error);
}
