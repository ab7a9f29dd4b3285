#include "gibbsite/core/finite.hpp"

namespace gibbsite {

// 0 times a number is 0, and NaN otherwise.
bool all_finite(const Eigen::Ref<const Parameters>& theta) {
  return theta.size() == 0 || (theta.array() * 0.0).sum() == 0;
}

}  // namespace gibbsite
