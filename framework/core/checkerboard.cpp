#include "gibbsite/core/checkerboard.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "gibbsite/core/checkerboard_kernels_isa.hpp"
#include "gibbsite/core/kernels.hpp"
#include "gibbsite/core/stream_words.hpp"

namespace gibbsite {
namespace {

using Word = std::uint64_t;

constexpr int planes = CheckerboardRows::planes, low_bits = 32 - planes;
constexpr Index chunk = 64;  // rows at a time, so that their random numbers stay in the cache

struct Loops {
  CheckerboardLoop checkerboard;
  PairsLoop pairs;
};

const Loops& loops() {
  static const Loops chosen =
      instruction_set() == "avx512" ? Loops{avx512::checkerboard_loop, avx512::pairs_loop}
      : instruction_set() == "avx2" ? Loops{avx2::checkerboard_loop, avx2::pairs_loop}
                                    : Loops{sse2::checkerboard_loop, sse2::pairs_loop};
  return chosen;
}

// One chain. Spin k of a colour in row r is site 2k + (r + colour) % 2 of the row. Words are as in
// CheckerboardRows, rows -1 and L being copies of L - 1 and 0.
class Board {
 public:
  Board(const CheckerboardLaw& law, Index side)
      : side_(side),
        width_(side / 2),
        words_((width_ + 63) / 64),
        stride_(side + 2 + CheckerboardRows::padding) {
    for (auto& colour : bits_) colour.resize(std::size_t(words_ * stride_));
    open_.resize(bits_[0].size());
    random_.resize(std::size_t(planes * words_ * std::min(chunk, side_)) +
                   CheckerboardRows::padding);
    for (std::size_t n = 0; n < 5; ++n) {
      const Word high = std::min<Word>(law[n] >> low_bits, (1 << planes) - 1);
      rest_[n] = law[n] - (high << low_bits);
      for (int p = 0; p < planes; ++p) high_[p][n] = -(high >> (planes - 1 - p) & 1);
    }
  }

  // How many blocks of random words one colour takes at most: two numbers of 64 bits each.
  Index blocks() const { return plane_blocks(side_) + (side_ * width_ + 15) / 16 * 8; }

  void read(const Real* spins) {
    each_word([&](Index colour, Index row, Index w, const auto& site) {
      Word word = 0;
      for (Index k = 0; k < std::min<Index>(64, width_ - 64 * w); ++k)
        word |= Word(spins[site(k)] > 0) << k;
      at(colour)[w * stride_ + row] = word;
    });
    for (const Index colour : {0, 1}) wrap(colour);
  }

  void write(Real* spins) {
    each_word([&](Index colour, Index row, Index w, const auto& site) {
      const Word word = at(colour)[w * stride_ + row];
      for (Index k = 0; k < std::min<Index>(64, width_ - 64 * w); ++k)
        spins[site(k)] = Real(int(word >> k & 1) * 2 - 1);
    });
  }

  void draw(Index colour, const StreamPosition& from) {
    CheckerboardRows rows{.stride = stride_, .words = words_, .width = width_, .first = colour};
    std::memcpy(rows.thresholds, high_, sizeof(high_));
    rows.random = random_.data();
    std::uint32_t draw = from.draw;
    for (Index first = 0; first < side_; first += chunk) {
      rows.rows = std::min(chunk, side_ - first);
      rows.own = at(colour) + first;
      rows.other = at(1 - colour) + first;
      rows.open = open_.data() + 1 + first;
      const Index blocks = plane_blocks(rows.rows);
      loops().pairs(from.key, from.step, from.chain, draw, blocks, random_.data());
      draw += std::uint32_t(blocks);
      loops().checkerboard(rows);
    }
    decide_open(colour, {from.key, from.step, from.chain, draw});
    wrap(colour);
  }

 private:
  Index plane_blocks(Index rows) const { return planes / 2 * words_ * rows; }
  Word* at(Index colour) { return bits_[std::size_t(colour)].data() + 1; }

  template <class Visit>
  void each_word(const Visit& visit) const {
    for (Index colour = 0; colour < 2; ++colour)
      for (Index row = 0; row < side_; ++row)
        for (Index w = 0; w < words_; ++w)
          visit(colour, row, w, [&, begin = row * side_ + 128 * w + (row + colour) % 2](Index k) {
            return begin + 2 * k;
          });
  }

  void wrap(Index colour) {
    for (Index w = 0; w < words_; ++w) {
      Word* rows = at(colour) + w * stride_;
      rows[-1] = rows[side_ - 1];
      rows[side_] = rows[0];
    }
  }

  // The spins that the planes leave open, word by word and row by row, take a number each.
  void decide_open(Index colour, StreamPosition from) {
    constexpr std::size_t some = 16;
    Word numbers[some];
    std::size_t next = some;
    for (Index w = 0; w < words_; ++w)
      for (Index row = 0; row < side_; ++row) {
        Word open = open_[std::size_t(1 + w * stride_ + row)];
        if (open == 0) continue;
        const auto around = neighbors(colour, w, row);
        for (; open != 0; open &= open - 1) {
          if (next == some) {
            loops().pairs(from.key, from.step, from.chain, from.draw, some / 2, numbers);
            from.draw += some / 2;
            next = 0;
          }
          const int bit = std::countr_zero(open);
          std::size_t up = 0;
          for (const Word word : around) up += word >> bit & 1;
          const Word low = numbers[next++] & ((Word(1) << low_bits) - 1);
          at(colour)[w * stride_ + row] |= Word(low < rest_[up]) << bit;
        }
      }
  }

  // The four neighbours of each spin of a word.
  std::array<Word, 4> neighbors(Index colour, Index w, Index row) {
    const Word* other = at(1 - colour) + row;
    const Word* same = other + w * stride_;
    const Index last = (width_ - 1) % 64;
    Word beside = 0;
    if ((row + colour) % 2 == 0)
      beside =
          *same << 1 | (w == 0 ? other[(words_ - 1) * stride_] >> last : same[-stride_] >> 63) % 2;
    else
      beside = *same >> 1 | (w + 1 == words_ ? *other % 2 << last : same[stride_] << 63);
    return {same[-1], same[1], *same, beside};
  }

  Index side_, width_, words_, stride_;
  std::vector<Word> bits_[2], open_, random_;
  Word high_[planes][5], rest_[5];
};

}  // namespace

CheckerboardLaw checkerboard_law(const std::array<Real, 5>& natural) {
  CheckerboardLaw law;
  for (std::size_t n = 0; n < 5; ++n) {
    const Real logit = Real(2) * natural[n];
    Real p = 0;
    kernels<Real>().sigmoid(&logit, &p, 1);
    law[n] = std::uint64_t(std::ceil(double(p) * 0x1p32));
  }
  return law;
}

void checkerboard_sweeps(const CheckerboardLaw& law, Index side, Index sweeps, Eigen::Ref<Batch> x,
                         Stream& random) {
  Board board(law, side);
  for (Index c = 0; c < x.cols(); ++c) {
    StreamPosition at = position(random.chains_from(c));
    board.read(x.col(c).data());
    for (Index half = 0; half < 2 * sweeps; ++half) {
      board.draw(half % 2, at);
      at.draw += std::uint32_t(board.blocks());
    }
    board.write(x.col(c).data());
  }
  skip_blocks(random, 2 * sweeps * board.blocks());
}

}  // namespace gibbsite
