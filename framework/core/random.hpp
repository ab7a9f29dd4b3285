// Counter-based random numbers: number = f(seed, purpose, step, chain, draw).
#pragma once

#include <cstdint>
#include <string_view>

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// A position in the random numbers of one purpose (Philox4x32-10, Salmon et al. 2011).
///
/// A Stream is a plain value: there is no generator to save. Column j of a batch draws from
/// chain `first chain + j`, and every call moves all chains on by the same amount, so a chain's
/// numbers do not depend on the other chains, on threads or on restarts.
class GIBBSITE_API Stream {
 public:
  explicit Stream(std::uint64_t seed) : key_(seed) {}

  /// An independent stream for a named purpose ("train", "sample", ...), of the same chains at the
  /// same step, from its first draw.
  Stream split(std::string_view purpose) const;
  /// Likewise for a numbered part, e.g. the kernels inside a kernel.
  Stream split(std::uint64_t part) const;
  /// The same chains at another step (iteration, update, temperature), from its first draw.
  Stream at(std::uint64_t step) const;
  /// The same step and draw, with column 0 as chain `first` of the present ones.
  Stream chains_from(Index first) const;

  /// One number in (0, 1) per chain, 53 bits.
  Row uniform(Index chains);
  /// One number in (0, 1) of the first chain alone, as uniform(1) has it.
  double number();
  /// Every entry in (0, 1).
  void uniform(Eigen::Ref<Batch> out);
  /// Every entry N(0, 1) (Box and Muller 1958).
  void normal(Eigen::Ref<Batch> out);
  /// Every entry 1 with probability 1 / (1 + e^{-logit}), else 0.
  void bernoulli(const BatchView& logits, Eigen::Ref<Batch> out);
  /// One integer in [0, bound) per chain; bound < 2^32.
  Eigen::Array<Index, 1, Eigen::Dynamic> below(Index bound, Index chains);

  /// Moves on by one draw without using it.
  void skip() { ++draw_; }

  std::uint64_t key() const { return key_; }
  std::uint64_t step() const { return step_; }

 private:
  std::uint64_t key_;
  std::uint64_t step_ = 0;
  std::uint32_t chain_ = 0;
  std::uint32_t draw_ = 0;
};

}  // namespace gibbsite
