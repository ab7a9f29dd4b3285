#include <numbers>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

class Fixed final : public Dataset {
 public:
  explicit Fixed(Batch x) : x_(std::move(x)) {}
  Index size() const override { return x_.cols(); }
  Index dim() const override { return x_.rows(); }
  void columns(std::span<const Index> indices, Stream, Eigen::Ref<Batch> out) const override {
    for (Index k = 0; k < out.cols(); ++k) out.col(k) = x_.col(indices[std::size_t(k)]);
  }

 private:
  Batch x_;
};

}  // namespace

TEST_CASE("independent units have the ln Z of their states, at every temperature") {
  const Domain domain{{{Domain::Kind::binary, 2, 2},
                       {Domain::Kind::spin, 1, 2},
                       {Domain::Kind::categorical, 1, 3}}};
  Vector eta(6);
  eta << Real(.5), Real(-1), Real(.25), Real(0), Real(1), Real(-.5);
  const Independent model(domain, eta);
  CHECK(near(*model.log_partition(1), log_sum_over_states(model), 1e-13));
  const Row energy = energies(model, all_states(domain));
  CHECK(near(*model.log_partition(.5), log_sum_exp((-.5 * energy).transpose()), 1e-13));
  CHECK(near(*model.log_partition(0), domain.log_states(), 1e-13));
  CHECK(capabilities_of(model) == std::vector<std::string>{"conditional", "log_partition",
                                                           "factorized", "exact_draws",
                                                           "discrete_gradient", "pairwise"});
}

TEST_CASE(
    "uniform gives every state the same probability and real coordinates a standard normal law") {
  CHECK(*Independent::uniform(Domain::categorical(2, 5)).log_partition(1) ==
        doctest::Approx(2 * std::log(5.)));
  const Independent normal = Independent::uniform(Domain::real(3));
  CHECK(*normal.log_partition(1) == doctest::Approx(1.5 * std::log(2 * std::numbers::pi)));
  CHECK(!normal.log_partition(0));
  CHECK(*Independent::uniform(Domain::rectified(2)).log_partition(1) ==
        doctest::Approx(std::log(std::numbers::pi / 2)));
  CHECK(Independent::uniform(Domain::rectified(2)).capability<Differentiable>() == nullptr);
  CHECK(normal.capability<Differentiable>() != nullptr);
  CHECK(Independent::uniform(Domain::binary(3)).capability<Differentiable>() == nullptr);
}

TEST_CASE("from_data smooths rates with pseudo counts of every state") {
  Batch x(1, 3);
  x << 1, 1, 0;
  const auto logit = [&](double pseudo) {
    return double(
        Independent::from_data(Domain::binary(1), Fixed(x), pseudo).natural_parameters()(0));
  };
  CHECK(logit(1) == doctest::Approx(std::log(3. / 2)));
  CHECK(logit(5) == doctest::Approx(std::log(7. / 6)));
  Batch spins(1, 3);
  spins << 1, 1, -1;
  CHECK(double(Independent::from_data(Domain::spin(1), Fixed(spins), 1).natural_parameters()(0)) ==
        doctest::Approx(.5 * std::log(3. / 2)));
  Batch categories(1, 4);
  categories << 0, 2, 2, 2;
  const Vector weights =
      Independent::from_data(Domain::categorical(1, 3), Fixed(categories), 1).natural_parameters();
  CHECK(double(weights(2) - weights(1)) == doctest::Approx(std::log(4.)));
  Batch real(1, 4);
  real << 1, 2, 3, 6;
  const Vector natural =
      Independent::from_data(Domain::real(1), Fixed(real), 1).natural_parameters();
  CHECK(double(natural(0) / natural(1)) == doctest::Approx(3));
  CHECK(1 / double(natural(1)) == doctest::Approx(14. / 3));
  const Vector half =
      Independent::from_data(Domain::rectified(1), Fixed(real), 1).natural_parameters();
  CHECK(half(0) == 0);
  CHECK(1 / double(half(1)) == doctest::Approx(50. / 4));  // the mean square
  CHECK_THROWS_AS(Independent::from_data(Domain::binary(1), Fixed(real), 1), Error);
}

TEST_CASE(
    "independent units refuse a precision that is not positive and a wrong number of parameters") {
  Vector eta(2);
  eta << 0, 0;
  CHECK_THROWS_AS(Independent(Domain::real(1), eta), Error);
  CHECK_THROWS_AS(Independent(Domain::binary(3), eta), Error);
  eta << std::numeric_limits<Real>::quiet_NaN(), 0;
  CHECK_THROWS_AS(Independent(Domain::binary(2), eta), Error);
}
