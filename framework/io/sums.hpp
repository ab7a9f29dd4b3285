// The checksums of zlib streams and of HDF5's chunks.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gibbsite {

/// Adler-32 of `count` bytes (RFC 1950).
std::uint32_t adler32_of(const unsigned char* bytes, std::size_t count);

/// Fletcher-32 of `count` bytes as HDF5's filter has it: big-endian words, sums modulo 65535, an
/// odd last byte in the higher half of a word.
std::uint32_t fletcher32_of(const unsigned char* bytes, std::size_t count);

}  // namespace gibbsite
