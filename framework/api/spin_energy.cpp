#include "gibbsite/api/spin_energy.hpp"

namespace gibbsite {

double spin_energy(const std::vector<Bond>& bonds, const Vector& couplings, const Vector& fields,
                   const Real* s) {
  // One sum alone would wait for each of its additions.
  constexpr std::size_t parts = 4;
  double sums[parts] = {};
  const auto add = [&](std::size_t b, double& sum) {
    sum += double(couplings(Index(b)) * s[bonds[b].first] * s[bonds[b].second]);
  };
  const std::size_t even = bonds.size() / parts * parts;
  for (std::size_t b = 0; b < even; b += parts)
    for (std::size_t k = 0; k < parts; ++k) add(b + k, sums[k]);
  for (std::size_t b = even; b < bonds.size(); ++b) add(b, sums[b - even]);
  double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
  for (Index i = 0; i < fields.size(); ++i) sum += double(fields(i) * s[i]);
  return -sum;
}

}  // namespace gibbsite
