#include "gibbsite/core/random.hpp"

#include <cmath>
#include <numbers>
#include <vector>

#include "gibbsite/core/choice.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/kernels.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

// 53 bits of two words, in (0, 1).
double unit(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t word = (std::uint64_t{high} << 32) | low;
  return (double(word >> 11) + 0.5) * 0x1p-53;
}

void forbid_walk() {
  if (Outcomes::current() != nullptr)
    throw Error("this code draws real numbers: its outcomes cannot be walked through");
}

std::uint32_t blocks_for(Index words) { return std::uint32_t((words + 3) / 4); }

// Two words per value, so that float and double builds use the stream alike.
template <class Write>
void fill(std::uint64_t key, std::uint64_t step, std::uint32_t chain, std::uint32_t draw,
          Eigen::Ref<Batch> out, Write write) {
  const Index blocks = blocks_for(2 * out.rows());
  std::vector<std::uint32_t> words(static_cast<std::size_t>(4 * blocks));
  for (Index c = 0; c < out.cols(); ++c) {
    philox(key, step, chain + std::uint32_t(c), draw, blocks, words.data());
    write(words.data(), out.col(c));
  }
}

}  // namespace

Stream Stream::split(std::uint64_t part) const {
  std::uint32_t words[4];
  philox(key_, part, 0x9E3779B9u, 0xFFFFFFFFu, 1, words);
  Stream other = *this;
  other.key_ = (std::uint64_t{words[0]} << 32) | words[1];
  other.draw_ = 0;
  return other;
}

Stream Stream::split(std::string_view purpose) const {
  std::uint64_t hash = 0xCBF29CE484222325ull;  // FNV-1a
  for (const char c : purpose) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return split(hash);
}

Stream Stream::at(std::uint64_t step) const {
  Stream other = *this;
  other.step_ = step;
  other.draw_ = 0;
  return other;
}

Stream Stream::chains_from(Index first) const {
  Stream other = *this;
  other.chain_ += std::uint32_t(first);
  return other;
}

Row Stream::uniform(Index chains) {
  forbid_walk();
  Row out(chains);
  std::uint32_t words[4];
  for (Index c = 0; c < chains; ++c) {
    philox(key_, step_, chain_ + std::uint32_t(c), draw_, 1, words);
    out(c) = unit(words[0], words[1]);
  }
  ++draw_;
  return out;
}

double Stream::number() {
  forbid_walk();
  std::uint32_t words[4];
  philox(key_, step_, chain_, draw_++, 1, words);
  return unit(words[0], words[1]);
}

void Stream::uniform(Eigen::Ref<Batch> out) {
  forbid_walk();
  fill(key_, step_, chain_, draw_, out, [](const std::uint32_t* words, auto column) {
    for (Index i = 0; i < column.size(); ++i) {
      Real u = Real(unit(words[2 * i], words[2 * i + 1]));
      if (u >= Real(1)) u = Real(1) - Real(0x1p-24);  // float rounds the largest values up
      column(i) = u;
    }
  });
  draw_ += blocks_for(2 * out.rows());
}

void Stream::normal(Eigen::Ref<Batch> out) {
  forbid_walk();
  fill(key_, step_, chain_, draw_, out, [](const std::uint32_t* words, auto column) {
    for (Index i = 0; i < column.size(); i += 2) {
      const double radius = std::sqrt(-2.0 * std::log(unit(words[2 * i], words[2 * i + 1])));
      // An odd last value pairs with the words a full pair would use: the buffer has them.
      const double angle = 2.0 * std::numbers::pi * unit(words[2 * i + 2], words[2 * i + 3]);
      column(i) = Real(radius * std::cos(angle));
      if (i + 1 < column.size()) column(i + 1) = Real(radius * std::sin(angle));
    }
  });
  draw_ += blocks_for(2 * out.rows());
}

void Stream::bernoulli(const BatchView& logits, Eigen::Ref<Batch> out) {
  if (Outcomes* outcomes = Outcomes::current()) {
    for (Index i = 0; i < out.size(); ++i)
      out.reshaped()(i) = Real(outcomes->next(sigmoid(double(logits.reshaped()(i)))));
    return;
  }
  const Index blocks = blocks_for(logits.rows());
  std::vector<std::uint32_t> words(static_cast<std::size_t>(4 * blocks));
  for (Index c = 0; c < logits.cols(); ++c) {
    philox(key_, step_, chain_ + std::uint32_t(c), draw_, blocks, words.data());
    kernels<Real>().bernoulli(logits.col(c).data(), words.data(), out.col(c).data(), logits.rows());
  }
  draw_ += std::uint32_t(blocks);
}

Eigen::Array<Index, 1, Eigen::Dynamic> Stream::below(Index bound, Index chains) {
  Eigen::Array<Index, 1, Eigen::Dynamic> out(chains);
  if (Outcomes* outcomes = Outcomes::current()) {
    for (Index& k : out) k = outcomes->next(Eigen::ArrayXd::Constant(bound, 1 / double(bound)));
    return out;
  }
  const Row u = uniform(chains);
  for (Index c = 0; c < chains; ++c) out(c) = std::min(Index(u(c) * double(bound)), bound - 1);
  return out;
}

}  // namespace gibbsite
