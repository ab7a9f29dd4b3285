#include "gibbsite/io/fletcher.hpp"

#include <algorithm>

namespace gibbsite {

std::uint32_t fletcher32_of(const unsigned char* bytes, std::size_t count) {
  constexpr std::size_t most = 360;  // words whose sums fit into 32 bits
  std::uint32_t plain = 0, weighted = 0;
  // Carries come in again, so that of the two zeros it is 65535 unless every word is 0.
  const auto fold = [](std::uint32_t sum) { return (sum & 0xffff) + (sum >> 16); };
  const auto add = [&](std::uint32_t word) { weighted += plain += word; };
  std::size_t at = 0;
  while (count - at >= 2) {
    const std::size_t end = at + 2 * std::min(most, (count - at) / 2);
    for (; at < end; at += 2) add(std::uint32_t{bytes[at]} << 8 | bytes[at + 1]);
    plain = fold(plain);
    weighted = fold(weighted);
  }
  if (at < count) {
    add(std::uint32_t{bytes[at]} << 8);
    plain = fold(plain);
    weighted = fold(weighted);
  }
  return fold(weighted) << 16 | fold(plain);
}

}  // namespace gibbsite
