// The checksum of HDF5's chunks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gibbsite {

/// Fletcher-32 of `count` bytes as HDF5's filter has it: big-endian words, sums modulo 65535, an
/// odd last byte in the higher half of a word.
std::uint32_t fletcher32_of(const unsigned char* bytes, std::size_t count);

}  // namespace gibbsite
