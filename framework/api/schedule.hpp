// How the learning rate of an optimizer changes with the updates.
#pragma once

#include "gibbsite/api/fields.hpp"

namespace gibbsite {

/// The learning rate ε s(k) of update n, with k = max(n - W, 0) updates since a linear warm-up of W
/// in which it rises as ε (n + 1)/(W + 1):
///   constant  s = 1
///   step      s = f^⌊k/P⌋
///   cosine    s = f + (1 - f)(1 + cos π min(k/P, 1))/2 (Loshchilov & Hutter 2017, ICLR; without
///             restarts)
///   inverse   s = 1/(1 + k/P), whose sum diverges while that of its squares does not, as
///             stochastic approximation asks for (Robbins & Monro 1951)
/// An optimizer that uses it makes steps proportional to learning_rate().
struct GIBBSITE_API ScheduleParams {
  std::string schedule = "constant";
  std::optional<Index> period;
  std::optional<double> decay;
  Index warmup = 0;

  void fields(Fields& f);
  /// Throws Error, beginning with `subject`, where a parameter is given that the schedule does not
  /// use.
  void check(const std::string& subject) const;
  /// The share of the full learning rate at update number `update`, from 0.
  double factor(std::uint64_t update) const;
};

}  // namespace gibbsite
