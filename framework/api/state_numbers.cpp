#include "gibbsite/api/state_numbers.hpp"

namespace gibbsite {

std::vector<Index> state_numbers(const Domain& domain, const Eigen::Ref<const Vector>& x) {
  std::vector<Index> numbers(static_cast<std::size_t>(x.size()));
  Index i = 0;
  for (const Domain::Part& part : domain.parts)
    for (Index k = 0; k < part.count; ++k, ++i)
      numbers[std::size_t(i)] = part.kind == Domain::Kind::spin ? Index(x(i) > 0) : Index(x(i));
  return numbers;
}

void set_state_numbers(const Domain& domain, const std::vector<Index>& numbers,
                       Eigen::Ref<Vector> x) {
  Index i = 0;
  for (const Domain::Part& part : domain.parts)
    for (Index k = 0; k < part.count; ++k, ++i) {
      const Real number = Real(numbers[std::size_t(i)]);
      x(i) = part.kind == Domain::Kind::spin ? 2 * number - 1 : number;
    }
}

}  // namespace gibbsite
