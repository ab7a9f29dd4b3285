// Passes over long vectors do not depend on threads.
#include <doctest/doctest.h>

#include <gibbsite/run/parameter_parts.hpp>

using namespace gibbsite;

TEST_CASE("a vector of any length is changed once everywhere, its norm that of what it became") {
  const Workers one(1), three(3);
  for (const Index size : {0, 1, 16383, 16384, 16385, 400000}) {
    const Parameters v = Parameters::LinSpaced(size, -1, 2);
    const double norm = ParameterParts(one, size).norm(v);
    CHECK(ParameterParts(three, size).norm(v) == norm);
    CHECK(norm == doctest::Approx(v.norm()).epsilon(1e-12));
    Parameters doubled = v;
    CHECK(ParameterParts(three, size).norm(doubled, [&](Index first, Index count) {
      doubled.segment(first, count) *= 2;
    }) == 2 * norm);
    CHECK(doubled == 2 * v);
  }
}
