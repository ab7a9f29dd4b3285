// What is packed is what zlib unpacks, and the checksum is that of HDF5.
#include <doctest/doctest.h>
#include <zlib.h>

#include <gibbsite/core/random.hpp>
#include <gibbsite/io/deflate.hpp>
#include <gibbsite/io/fletcher.hpp>
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

bool arrives(const Bytes& bytes) {
  const Bytes packed = deflated(bytes.data(), bytes.size());
  return packed.empty() || unpacked(packed, bytes.size()) == bytes;
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
          CHECK(arrives(rows(random.at(++trial), values, period, count, change)));
        }
}

TEST_CASE("bytes that would not become fewer stay as they are") {
  Stream random(4);
  Bytes noise(100000);
  for (auto& byte : noise) byte = static_cast<unsigned char>(draw(random, 256));
  CHECK(deflated(noise.data(), noise.size()).empty());
  CHECK(deflated(noise.data(), 1).empty());
}

// zlib at level 1 comes to 1.8 and .8 bits, ISA-L to 1.6 and .7.
TEST_CASE("fair bits come to 2 bits at most, rare ones to less than one") {
  const std::size_t count = 1 << 20;
  const auto size = [&](const Bytes& values) {
    const Bytes bytes = rows(Stream(2), values, 1000, count, 1);
    return double(deflated(bytes.data(), count).size()) / double(count);
  };
  CHECK(size({0, 1}) < 2. / 8);
  Bytes rare(20, 0);
  rare[7] = 1;
  CHECK(size(rare) < 1. / 8);
}

TEST_CASE("the checksum is that of words added up one by one") {
  Stream random(3);
  for (const std::size_t count : {1, 2, 3, 31, 32, 33, 1000, 80000, 200001}) {
    Bytes bytes(count);
    for (auto& byte : bytes)
      byte = static_cast<unsigned char>(count % 2 == 1 ? draw(random, 256) : 255);
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
