#include "gibbsite/io/sums.hpp"

#include <algorithm>

namespace gibbsite {
namespace {

// S = sum of x_i and T = sum of (n - i) x_i over the elements so far, modulo `modulus`.
struct Sums {
  std::uint64_t plain, weighted;
};

constexpr std::size_t lanes = 16;

// Adds `rounds` times `lanes` elements. Lane l sums x over i = lanes k + l, and the sums
// themselves, which weighs x by K - k; the weight wanted is lanes (K - k) - l.
template <std::uint64_t modulus, class Load>
void add_rounds(Sums& sums, std::size_t rounds, Load load) {
  std::uint32_t plain[lanes] = {}, weighted[lanes] = {};
  for (std::size_t k = 0; k < rounds; ++k)
    for (std::size_t l = 0; l < lanes; ++l) {
      plain[l] += load(k * lanes + l);
      weighted[l] += plain[l];
    }
  std::uint64_t all = 0, late = 0, heavy = 0;
  for (std::size_t l = 0; l < lanes; ++l) {
    all += plain[l];
    late += l * plain[l];
    heavy += weighted[l];
  }
  sums.weighted = (sums.weighted + rounds * lanes * sums.plain + lanes * heavy - late) % modulus;
  sums.plain = (sums.plain + all) % modulus;
}

// `most` rounds do not overflow 32 bits.
template <std::uint64_t modulus, std::size_t most, class Load>
void add(Sums& sums, std::size_t count, Load load) {
  std::size_t at = 0;
  while (count - at >= lanes) {
    const std::size_t rounds = std::min(most, (count - at) / lanes);
    add_rounds<modulus>(sums, rounds, [&](std::size_t i) { return load(at + i); });
    at += rounds * lanes;
  }
  for (; at < count; ++at) {
    sums.plain = (sums.plain + load(at)) % modulus;
    sums.weighted = (sums.weighted + sums.plain) % modulus;
  }
}

}  // namespace

std::uint32_t adler32_of(const unsigned char* bytes, std::size_t count) {
  Sums sums{1, 0};
  add<65521, 5000>(sums, count, [bytes](std::size_t i) { return std::uint32_t{bytes[i]}; });
  return std::uint32_t(sums.weighted << 16 | sums.plain);
}

std::uint32_t fletcher32_of(const unsigned char* bytes, std::size_t count) {
  Sums sums{0, 0};
  add<65535, 360>(sums, count / 2, [bytes](std::size_t i) {
    return std::uint32_t{bytes[2 * i]} << 8 | std::uint32_t{bytes[2 * i + 1]};
  });
  if (count % 2 != 0) {
    sums.plain = (sums.plain + (std::uint64_t{bytes[count - 1]} << 8)) % 65535;
    sums.weighted = (sums.weighted + sums.plain) % 65535;
  }
  // HDF5 folds carries in, so that of the two zeros it comes to 65535 unless every word is 0.
  const bool nothing = std::all_of(bytes, bytes + count, [](unsigned char b) { return b == 0; });
  const auto folded = [&](std::uint64_t sum) { return sum == 0 && !nothing ? 65535 : sum; };
  return std::uint32_t(folded(sums.weighted) << 16 | folded(sums.plain));
}

}  // namespace gibbsite
