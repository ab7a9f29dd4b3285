// What is packed is what zlib unpacks, and checksums are those of zlib and HDF5.
#include <doctest/doctest.h>
#include <zlib.h>

#include <cmath>
#include <gibbsite/core/random.hpp>
#include <gibbsite/io/deflate.hpp>
#include <gibbsite/io/huffman.hpp>
#include <gibbsite/io/sums.hpp>
#include <vector>

using namespace gibbsite;

namespace {

using Bytes = std::vector<unsigned char>;

std::uint64_t draw(Stream& random, std::uint64_t below) {
  return std::uint64_t(random.below(Index(below), 1)(0));
}

Bytes unpacked(const Bytes& packed, std::size_t count) {
  Bytes out(count + 1);
  uLongf size = out.size();
  REQUIRE(uncompress(out.data(), &size, packed.data(), packed.size()) == Z_OK);
  out.resize(size);
  return out;
}

bool arrives(const Bytes& bytes, std::size_t period) {
  return unpacked(deflated(bytes.data(), bytes.size(), period), bytes.size()) == bytes;
}

// Rows of `period` bytes with these values; each byte is that of the row before with a probability
// of 1 - `change`.
Bytes rows(Stream random, const Bytes& values, std::size_t period, std::size_t count,
           double change) {
  const auto u = random.uniform(Index(2 * count));
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = i >= period && u(Index(2 * i)) >= change
                 ? out[i - period]
                 : values[std::size_t(double(u(Index(2 * i + 1))) * double(values.size()))];
  return out;
}

}  // namespace

TEST_CASE("bytes of any number of values, length, period and persistence arrive") {
  Bytes all;
  for (int v = 0; v < 256; ++v) all.push_back(static_cast<unsigned char>(v));
  const Stream random(1);
  std::uint64_t trial = 0;
  for (const Bytes& values : {Bytes{0}, Bytes{0, 1}, Bytes{255, 1}, Bytes{1, 255}, Bytes{7, 5},
                              Bytes{0, 1, 2}, Bytes{0, 0, 0, 0, 0, 0, 0, 9}, all})
    for (const std::size_t period : {1, 2, 7, 8, 9, 64, 784, 32768, 32769})
      for (const std::size_t count : {1, 2, 7, 8, 9, 63, 300, 5000, 70000})
        for (const double change : {1., 0.1, 0.001}) {
          CAPTURE(values.size());
          CAPTURE(period);
          CAPTURE(count);
          CAPTURE(change);
          CHECK(arrives(rows(random.at(++trial), values, period, count, change), period));
        }
}

TEST_CASE("values of very different frequency arrive, and the code keeps its limit") {
  // Fibonacci numbers make the deepest tree: 20 symbols would need 19 bits.
  std::vector<std::uint64_t> counts = {1, 1};
  while (counts.size() < 20) counts.push_back(counts[counts.size() - 2] + counts.back());
  for (const int limit : {7, 15}) {
    double room = 0;
    for (const Code& code : huffman_code(counts, limit)) {
      CHECK(code.length >= 1);
      CHECK(code.length <= limit);
      room += std::ldexp(1., -code.length);
    }
    CHECK(room == 1);
  }
  Bytes bytes;
  for (std::size_t s = 0; s < counts.size(); ++s)
    bytes.insert(bytes.end(), counts[s], static_cast<unsigned char>(3 * s));
  for (std::size_t i = 0; i < bytes.size(); ++i)  // no runs
    std::swap(bytes[i], bytes[i * 7919 % bytes.size()]);
  CHECK(arrives(bytes, 100));
}

// 1.5 bits each but for the words that happen to repeat; the rest is the code.
TEST_CASE("fair bits come to 1.5 bits, draws that stay to much less") {
  const Stream random(2);
  const std::size_t count = 1 << 20;
  const auto size = [&](double change) {
    const Bytes bytes = rows(random, {0, 1}, 1000, count, change);
    return double(deflated(bytes.data(), count, 1000).size()) / double(count);
  };
  CHECK(size(1) < 1.5 / 8 * 1.002);
  CHECK(size(0.01) < 0.08);
  CHECK(size(0.0001) < 0.01);
}

TEST_CASE("checksums are those of zlib, and of words added up one by one") {
  Stream random(3);
  for (const std::size_t count : {1, 2, 3, 31, 32, 33, 1000, 80000, 200001}) {
    Bytes bytes(count);
    for (auto& byte : bytes)
      byte = static_cast<unsigned char>(count % 2 == 1 ? draw(random, 256) : 255);
    CHECK(adler32_of(bytes.data(), count) == adler32(1, bytes.data(), uInt(count)));
    std::uint64_t plain = 0, weighted = 0;
    for (std::size_t i = 0; i < count; i += 2) {
      plain += std::uint64_t{bytes[i]} << 8 | (i + 1 < count ? bytes[i + 1] : 0u);
      plain = (plain & 0xffff) + (plain >> 16);  // carries come in again, as in HDF5
      weighted += plain;
      weighted = (weighted & 0xffff) + (weighted >> 16);
    }
    CHECK(fletcher32_of(bytes.data(), count) == (weighted << 16 | plain));
  }
  const Bytes nothing(100, 0);
  CHECK(fletcher32_of(nothing.data(), 100) == 0);
}
