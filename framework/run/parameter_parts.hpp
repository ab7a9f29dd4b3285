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

  /// |v|, summed part by part.
  double norm(const Parameters& v) const {
    std::vector<double> squares(static_cast<std::size_t>((size_ + length - 1) / length));
    each([&](Index part, Index first, Index count) {
      squares[std::size_t(part)] = v.segment(first, count).squaredNorm();
    });
    return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
  }
  /// to = from.
  void copy(const Parameters& from, Parameters& to) const {
    to.resize(size_);
    each([&](Index, Index first, Index count) {
      to.segment(first, count) = from.segment(first, count);
    });
  }

 private:
  static constexpr Index length = 1 << 16;

  template <class Visit>
  void each(Visit visit) const {
    workers_.run((size_ + length - 1) / length, [&](Index part) {
      visit(part, part * length, std::min(length, size_ - part * length));
    });
  }

  const Workers& workers_;
  Index size_;
};

}  // namespace gibbsite
