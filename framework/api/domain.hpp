// The space a configuration lives in, and independent units on it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "gibbsite/core/random.hpp"
#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// The coordinates of a configuration: real, binary {0, 1}, spin {-1, +1}, categorical {0 … K-1} or
/// rectified (real and >= 0), in blocks one after the other.
struct GIBBSITE_API Domain {
  enum class Kind { real, binary, spin, categorical, rectified };
  struct Part {
    Kind kind = Kind::real;
    Index count = 0;
    Index levels = 0;  ///< states per coordinate; 0 for real and rectified ones
    bool is_discrete() const { return kind != Kind::real && kind != Kind::rectified; }
    bool operator==(const Part&) const = default;
  };
  std::vector<Part> parts;

  static Domain real(Index count) { return {{{Kind::real, count, 0}}}; }
  static Domain binary(Index count) { return {{{Kind::binary, count, 2}}}; }
  static Domain spin(Index count) { return {{{Kind::spin, count, 2}}}; }
  static Domain categorical(Index count, Index levels) {
    return {{{Kind::categorical, count, levels}}};
  }
  static Domain rectified(Index count) { return {{{Kind::rectified, count, 0}}}; }

  bool operator==(const Domain&) const = default;
  /// Number of coordinates.
  Index dim() const;
  /// True where every coordinate is of `kind`.
  bool all(Kind kind) const;
  bool is_discrete() const;
  /// ln of the number of states; +∞ where a coordinate is real or rectified.
  double log_states() const;
  /// The domain of the chosen coordinates alone, in the order given.
  Domain select(std::span<const Index> sites) const;
  /// The kind and levels of coordinate `site`.
  Part site(Index site) const;
  /// "64 binary", "3 real + 5 categorical(4)".
  std::string text() const;
};

// Independent units on a domain are given by natural parameters: a unit with parameters η has
// the law exp(η·T(x)) / Z(η). Their rows stand one unit after the other: one row for a binary
// unit (logit) and a spin (half its log odds), K for a categorical one (log weights), two for a
// real one (precision · mean, precision) and a rectified one (the same of the normal law whose part
// at x >= 0 it has, core/rectified.hpp). Natural parameters add when energies add.

/// Number of rows of the natural parameters of all coordinates.
GIBBSITE_API Index natural_rows(const Domain& domain);
/// η·T(x), summed over the units, per chain.
GIBBSITE_API Row natural_energy(const Domain& domain, const BatchView& natural, const BatchView& x);
/// ln Z(scale η), summed over the units, per chain, in double throughout. NaN where the precision
/// of a real or rectified unit is not > 0.
GIBBSITE_API Row log_partition(const Domain& domain, const BatchView& natural, double scale = 1);
/// d ln Z(scale η)/d scale = E[η·T(x)] under natural parameters scale η, summed over the units, per
/// chain, in double throughout; scale > 0 where a coordinate is real or rectified.
GIBBSITE_API Row log_partition_slope(const Domain& domain, const BatchView& natural, double scale);
/// E[x], dim x chains (category numbers are averaged as numbers).
GIBBSITE_API Batch mean(const Domain& domain, const BatchView& natural);
/// Draws x, dim x chains; moves `random` on by the same amount for every chain.
GIBBSITE_API void sample(const Domain& domain, const BatchView& natural, Stream& random,
                         Eigen::Ref<Batch> x);
/// Throws Error naming the first entry of `x` that is outside the domain.
GIBBSITE_API void require_inside(const Domain& domain, const BatchView& x);

}  // namespace gibbsite
