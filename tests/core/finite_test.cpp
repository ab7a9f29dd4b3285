// One bad entry among many, wherever it stands.
#include <doctest/doctest.h>

#include <gibbsite/core/finite.hpp>
#include <limits>

using namespace gibbsite;

TEST_CASE("one entry that is not finite is found at every place, infinities of both signs too") {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {infinity, -infinity, std::numeric_limits<double>::quiet_NaN()})
    for (Index size : {1, 2, 3, 16, 33})
      for (Index at = 0; at < size; ++at) {
        Parameters theta = Parameters::Constant(size, -std::numeric_limits<double>::max());
        CHECK(all_finite(theta));
        theta(at) = bad;
        CHECK(!all_finite(theta));
        theta(size - 1 - at) = -bad;  // infinities of both signs do not cancel
        CHECK(!all_finite(theta));
      }
  CHECK(all_finite(Parameters()));
}
