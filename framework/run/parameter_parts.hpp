// Passes over vectors as long as all parameters.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "gibbsite/core/parallel.hpp"

namespace gibbsite {

/// What training does to vectors as long as θ, over the workers: in parts of one length, so that
/// results do not depend on the number of threads.
class ParameterParts {
 public:
  /// For vectors of `size` entries; the workers outlive this object.
  ParameterParts(const Workers& workers, Index size) : workers_(workers), size_(size) {}

  /// |v|, summed part by part, after visit(first, count) of each part, which may change it: a part
  /// stays in the cache meanwhile.
  template <class Visit>
  double norm(const Parameters& v, Visit visit) const {
    std::vector<double> squares(static_cast<std::size_t>((size_ + length - 1) / length));
    each([&](Index first, Index count) {
      visit(first, count);
      squares[std::size_t(first / length)] = v.segment(first, count).squaredNorm();
    });
    return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
  }
  double norm(const Parameters& v) const {
    return norm(v, [](Index, Index) {});
  }
  /// Calls visit(first, count) for each part, on all threads.
  template <class Visit>
  void each(Visit visit) const {
    workers_.run((size_ + length - 1) / length, [&](Index part) {
      visit(part * length, std::min(length, size_ - part * length));
    });
  }

 private:
  static constexpr Index length = 1 << 14;

  const Workers& workers_;
  Index size_;
};

}  // namespace gibbsite
