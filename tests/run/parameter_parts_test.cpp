// Norms and copies of long vectors do not depend on threads.
#include <doctest/doctest.h>

#include <gibbsite/run/parameter_parts.hpp>

using namespace gibbsite;

TEST_CASE("the norm of a vector of any length is the same for one thread and for three") {
  const Workers one(1), three(3);
  for (const Index size : {0, 1, 65535, 65536, 65537, 400000}) {
    const Parameters v = Parameters::LinSpaced(size, -1, 2);
    const double norm = ParameterParts(one, size).norm(v);
    CHECK(ParameterParts(three, size).norm(v) == norm);
    CHECK(norm == doctest::Approx(v.norm()).epsilon(1e-12));
    Parameters copy;
    ParameterParts(three, size).copy(v, copy);
    CHECK(copy == v);
  }
}
