#include "support/make.hpp"

using namespace gibbsite;

TEST_CASE("rbm has the tabulated log partition function, by its hidden layer and by enumeration") {
  const auto model = test::recipe_rbm(8, 6, 1);
  CHECK(exact_method(*model) == "hidden_sum");
  CHECK(exact_sum(*model, test::workers(), false).log_partition == doctest::Approx(11.494515093304).epsilon(1e-12));
}

TEST_CASE("rbm 784 x 20 has the tabulated log partition function to 1e-9") {
  const auto model = test::recipe_rbm(784, 20, .25);
  CHECK(std::abs(exact_sum(*model, test::workers(), false).log_partition - 596.8536766420) < 1e-9);
}
