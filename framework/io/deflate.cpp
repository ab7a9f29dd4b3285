#include "gibbsite/io/deflate.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "gibbsite/io/huffman.hpp"
#include "gibbsite/io/sums.hpp"

namespace gibbsite {
namespace {

constexpr std::size_t word = 8, most_words = 32, farthest = 32768;
constexpr std::size_t end_of_block = 256, symbols = 286;

constexpr std::uint64_t ones = 0x0101010101010101;  // a bit of each byte

std::uint64_t load(const unsigned char* at) {
  std::uint64_t w;
  std::memcpy(&w, at, word);
  return w;
}

// The symbol of a match's length and what comes after it (RFC 1951, 3.2.5).
struct Extra {
  std::size_t symbol;
  Code rest;
};

Extra length_symbol(std::size_t length) {
  constexpr std::size_t least[] = {3,  4,  5,  6,  7,  8,  9,  10, 11, 13,  15,  17,  19,  23,
                                   27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227};
  std::size_t k = std::size(least) - 1;
  while (least[k] > length) --k;
  return {257 + k, {length - least[k], k < 8 ? 0 : int(k / 4) - 1}};
}

Extra distance_symbol(std::size_t distance) {
  const std::size_t d = distance - 1;
  if (d < 4) return {d, {}};
  const int bits = int(std::bit_width(d)) - 2;
  return {std::size_t(2 * bits) + 2 + (d >> bits & 1), {d & ((std::size_t{1} << bits) - 1), bits}};
}

// The values of bytes that take at most two, told apart by one bit of them.
struct Pair {
  bool fits = true;
  unsigned char low = 0, high = 0;  // without and with the bit
  int bit = 0;

  Pair(const unsigned char* bytes, std::size_t count) {
    const unsigned char first = bytes[0];
    std::size_t at = 0;
    while (at < count && bytes[at] == first) ++at;
    const unsigned char second = at < count ? bytes[at] : static_cast<unsigned char>(first ^ 1u);
    bit = std::countr_zero(unsigned(first ^ second));
    const std::uint64_t all_first = ones * first, difference = first ^ second;
    std::uint64_t others = 0;
    for (; at + word <= count; at += word) {
      const std::uint64_t changed = load(bytes + at) ^ all_first;
      others |= changed ^ (changed >> bit & ones) * difference;
    }
    for (; at < count; ++at) others |= std::uint64_t(bytes[at] != first && bytes[at] != second);
    fits = others == 0;
    const bool set = (first >> bit & 1) != 0;
    low = set ? second : first;
    high = set ? first : second;
  }
  // Which of eight bytes have the bit, the first lowest.
  std::size_t mask(std::uint64_t w) const { return (w >> bit & ones) * 0x0102040810204080 >> 56; }
};

// What the bytes are cut into: words as they are, and repetitions of earlier ones.
struct Tokens {
  // A word: the mask of a Pair, or 0. Else 256 and the number of words that repeat what is one byte
  // before, or 512 and that of those a period before.
  std::vector<std::uint16_t> list;
  std::vector<std::uint64_t> counts = std::vector<std::uint64_t>(symbols, 0);
};

class Cutter {
 public:
  Cutter(const unsigned char* bytes, std::size_t count, std::size_t period)
      : bytes_(bytes), count_(count), period_(period > farthest ? count : period) {}

  Tokens cut(const Pair& pair) const {
    Tokens tokens;
    tokens.list.resize(count_ / word);
    std::uint16_t* next = tokens.list.data();
    std::array<std::uint64_t, 256> words{};  // of each mask
    std::array<std::uint64_t, most_words + 1> repeats{};
    std::size_t at = 0;
    while (at + word <= count_) {
      const std::uint64_t w = load(bytes_ + at);
      const std::size_t run = at > 0 && load(bytes_ + at - 1) == w ? equal(at, 1) : 0;
      const std::size_t same =
          at >= period_ && load(bytes_ + at - period_) == w ? equal(at, period_) : 0;
      if (run == 0 && same < 2) {
        const std::size_t mask = pair.fits ? pair.mask(w) : 0;
        ++words[mask];
        if (!pair.fits) count_values(tokens, at);
        *next++ = std::uint16_t(mask);
        at += word;
        continue;
      }
      const std::size_t n = same > run ? same : run;
      *next++ = std::uint16_t((same > run ? 512 : 256) + n);
      ++repeats[n];
      at += n * word;
    }
    tokens.list.resize(std::size_t(next - tokens.list.data()));
    for (; at < count_; ++at) ++tokens.counts[bytes_[at]];
    for (std::size_t mask = 0; pair.fits && mask < words.size(); ++mask) {
      const auto high = std::size_t(std::popcount(mask));
      tokens.counts[pair.high] += words[mask] * high;
      tokens.counts[pair.low] += words[mask] * (word - high);
    }
    for (std::size_t n = 1; n <= most_words; ++n)
      tokens.counts[length_symbol(n * word).symbol] += repeats[n];
    tokens.counts[end_of_block] = 1;
    return tokens;
  }

 private:
  std::size_t equal(std::size_t at, std::size_t distance) const {
    std::size_t n = 1;
    const unsigned char* now = bytes_ + at + word;
    while (n < most_words && at + (n + 1) * word <= count_ && load(now) == load(now - distance)) {
      ++n;
      now += word;
    }
    return n;
  }
  void count_values(Tokens& tokens, std::size_t at) const {
    for (std::size_t k = 0; k < word; ++k) ++tokens.counts[bytes_[at + k]];
  }

  const unsigned char* bytes_;
  std::size_t count_, period_;
};

// Bits, the first lowest.
class Bits {
 public:
  explicit Bits(unsigned char* out) : begin_(out), out_(out) {}
  // At most 56 at once.
  void put(Code code) {
    held_ |= code.bits << count_;
    count_ += code.length;
    std::memcpy(out_, &held_, 8);
    out_ += count_ >> 3;
    held_ >>= count_ & ~7;
    count_ &= 7;
  }
  std::size_t finish() {
    if (count_ > 0) put({0, 8 - count_});
    return std::size_t(out_ - begin_);
  }

 private:
  unsigned char *begin_, *out_;
  std::uint64_t held_ = 0;
  int count_ = 0;
};

// Both distances have codes of one bit: 0 for one byte before, 1 for the other.
struct Distances {
  Code near{0, 1}, far;
  std::size_t symbol;

  explicit Distances(std::size_t period) {
    const Extra found = distance_symbol(period > 1 && period <= farthest ? period : 2);
    symbol = found.symbol;
    far = Code{1, 1}.then(found.rest);
  }
};

// That it is the last block and has codes of its own, and these codes (RFC 1951, 3.2.7).
void put_codes(Bits& bits, const std::vector<Code>& code, const Distances& distances) {
  std::vector<std::size_t> lengths;
  for (const Code& c : code) lengths.push_back(std::size_t(c.length));
  const std::size_t last = distances.symbol;
  lengths.resize(symbols + last + 1, 0);
  lengths[symbols] = lengths[symbols + last] = 1;
  std::vector<std::uint64_t> counts(19, 0);
  for (const std::size_t length : lengths) ++counts[length];
  const std::vector<Code> of_lengths = huffman_code(counts, 7);
  bits.put({5, 3});
  bits.put({symbols - 257, 5});
  bits.put({last, 5});
  bits.put({15, 4});
  for (const int k : {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15})
    bits.put({std::uint64_t(of_lengths[std::size_t(k)].length), 3});
  for (const std::size_t length : lengths) bits.put(of_lengths[length]);
}

void put_tokens(Bits& bits, const unsigned char* bytes, std::size_t count, const Pair& pair,
                const Tokens& tokens, const std::vector<Code>& code, const Distances& distances) {
  std::array<Code, 256> words;
  for (std::size_t mask = 0; mask < 256; ++mask)
    for (std::size_t k = 0; k < word; ++k)
      words[mask] = words[mask].then(code[(mask >> k & 1) != 0 ? pair.high : pair.low]);
  std::array<Code, 2 * (most_words + 1)> repeats;
  for (std::size_t n = 1; n <= most_words; ++n) {
    const Extra length = length_symbol(n * word);
    const Code whole = code[length.symbol].then(length.rest);
    repeats[n] = whole.then(distances.near);
    repeats[most_words + 1 + n] = whole.then(distances.far);
  }
  const unsigned char* at = bytes;
  for (const std::uint16_t token : tokens.list) {
    const std::size_t n = token & 255u, kind = token >> 8;
    if (kind > 0) {
      bits.put(repeats[(kind - 1) * (most_words + 1) + n]);
      at += n * word;
      continue;
    }
    if (pair.fits)
      bits.put(words[token]);
    else
      for (std::size_t k = 0; k < word; ++k) bits.put(code[at[k]]);
    at += word;
  }
  for (; at < bytes + count; ++at) bits.put(code[*at]);
  bits.put(code[end_of_block]);
}

}  // namespace

std::vector<unsigned char> deflated(const unsigned char* bytes, std::size_t count,
                                    std::size_t period) {
  constexpr int pair_limit = 7, limit = 15;  // so that a word of a pair is put at once
  const Pair pair(bytes, count);
  const Tokens tokens = Cutter(bytes, count, period).cut(pair);
  const std::vector<Code> code = huffman_code(tokens.counts, pair.fits ? pair_limit : limit);
  const Distances distances(period);
  std::size_t most = 1024 * 8;  // bits: of the codes, and 19 to say where a repeated word is
  for (std::size_t s = 0; s < symbols; ++s)
    most += tokens.counts[s] * std::size_t(code[s].length + (s > end_of_block ? 19 : 0));
  std::vector<unsigned char> out(most / 8);
  out[0] = 0x78;  // deflate with a window of 32 KiB; then a number that makes it divisible by 31
  out[1] = 0x01;
  Bits bits(out.data() + 2);
  put_codes(bits, code, distances);
  put_tokens(bits, bytes, count, pair, tokens, code, distances);
  const std::size_t size = 2 + bits.finish();
  const std::uint32_t sum = adler32_of(bytes, count);
  for (std::size_t k = 0; k < 4; ++k)
    out[size + k] = static_cast<unsigned char>(sum >> (24 - 8 * k));
  out.resize(size + 4);
  return out;
}

}  // namespace gibbsite
