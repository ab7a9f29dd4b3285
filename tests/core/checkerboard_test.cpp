// Sweeps over 64 spins at a time against the same draws spin by spin, against the exact law, and
// the same bits on every instruction set.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <gibbsite/core/checkerboard.hpp>
#include <gibbsite/core/kernels.hpp>
#include <gibbsite/core/stream_words.hpp>
#include <map>
#include <vector>

#include "support/program.hpp"
#include "support/stationarity.hpp"

using namespace gibbsite;

namespace {

CheckerboardLaw law_of(double coupling, double field) {
  std::array<Real, 5> natural{};
  for (int up = 0; up <= 4; ++up) natural[std::size_t(up)] = Real(field + (2 * up - 4) * coupling);
  return checkerboard_law(natural);
}

Batch random_spins(Index side, Index chains) {
  Batch x(side * side, chains);
  Stream(9).bernoulli(Batch::Zero(side * side, chains), x);
  return (Real(2) * x.array() - Real(1)).matrix();
}

// Number k of 64 bits after a position, of those that the next `blocks` blocks make: words 0 and 1
// of each block, then words 2 and 3 of each.
std::uint64_t number(const StreamPosition& at, Index blocks, Index k) {
  std::uint32_t words[4];
  philox(at.key, at.step, at.chain, at.draw + std::uint32_t(k % blocks), 1, words);
  const std::uint32_t* half = words + (k < blocks ? 0 : 2);
  return half[0] | std::uint64_t(half[1]) << 32;
}

// One chain, spin by spin: word 64 spins wide, 64 rows at a time, 8 bits of each spin's number from
// 8 numbers that are shared, the other 24 of spins that need them from numbers of their own.
class SpinBySpin {
 public:
  SpinBySpin(const CheckerboardLaw& law, Index side, const StreamPosition& from)
      : law_(law), side_(side), width_(side / 2), words_((width_ + 63) / 64), at_(from) {}

  void half_sweep(Index colour, Real* x) {
    const StreamPosition begin = at_;
    StreamPosition later = at_;
    later.draw += std::uint32_t(4 * words_ * side_);
    struct Undecided {
      Index site;
      std::uint64_t high;
    };
    // In the order of columns of words.
    std::vector<std::vector<Undecided>> open(static_cast<std::size_t>(words_));
    std::vector<Real> fresh(x, x + side_ * side_);
    for (Index row = 0; row < side_; ++row)
      for (Index k = 0; k < width_; ++k) {
        const Index site = row * side_ + 2 * k + (row + colour) % 2;
        const std::uint64_t high = high_bits(begin, row, k), T = law_[up(x, site)];
        if ((high << 24) + 0xFFFFFF < T)
          fresh[std::size_t(site)] = 1;
        else if (high << 24 > T || (high << 24 == T && high < 255))
          fresh[std::size_t(site)] = -1;
        if (high == std::min<std::uint64_t>(T >> 24, 255))
          open[std::size_t(k / 64)].push_back({site, high});
      }
    Index n = 0;
    for (const auto& word : open)
      for (const auto& [site, high] : word) {
        // 16 numbers from 8 blocks at a time.
        StreamPosition some = later;
        some.draw += std::uint32_t(n / 16 * 8);
        const std::uint64_t low = number(some, 8, n++ % 16) & 0xFFFFFF;
        fresh[std::size_t(site)] = (high << 24 | low) < law_[up(x, site)] ? Real(1) : Real(-1);
      }
    std::copy(fresh.begin(), fresh.end(), x);
    at_.draw = later.draw + std::uint32_t(((side_ * width_ + 1) / 2 + 7) / 8 * 8);
    undecided += n;
  }

  Index undecided = 0;

 private:
  std::size_t up(const Real* x, Index site) const {
    const Index row = site / side_, column = site % side_;
    const auto is_up = [&](Index r, Index c) {
      return x[(r + side_) % side_ * side_ + (c + side_) % side_] > 0;
    };
    return std::size_t(is_up(row - 1, column) + is_up(row + 1, column) + is_up(row, column - 1) +
                       is_up(row, column + 1));
  }

  std::uint64_t high_bits(StreamPosition at, Index row, Index k) const {
    const Index first = row / 64 * 64, rows = std::min<Index>(64, side_ - first);
    at.draw += std::uint32_t(4 * words_ * first);
    std::uint64_t bits = 0;
    for (Index plane = 0; plane < 8; ++plane) {
      const Index n = (plane * words_ + k / 64) * rows + row - first;
      bits = bits << 1 | (number(at, 4 * words_ * rows, n) >> (k % 64) & 1);
    }
    return bits;
  }

  CheckerboardLaw law_;
  Index side_, width_, words_;
  StreamPosition at_;
};

}  // namespace

TEST_CASE("a law accepts exactly the words for which a Bernoulli draw gives 1") {
  for (const double natural : {-400., -20., -3., -.7, -1e-3, 0., .2, 1.4, 11., 30.}) {
    const Real logit = Real(2) * Real(natural);
    const std::uint64_t below = checkerboard_law({Real(natural), 0, 0, 0, 0})[0];
    REQUIRE(below <= 1ull << 32);
    const auto accepted = [&](std::uint64_t word) {
      const auto w = std::uint32_t(word);
      Real out = 0;
      kernels<Real>().bernoulli(&logit, &w, &out, 1);
      return out == 1;
    };
    if (below > 0) CHECK(accepted(below - 1));
    if (below < 1ull << 32) CHECK_FALSE(accepted(below));
  }
}

TEST_CASE("64 spins at a time are drawn as one by one, on any torus") {
  Index undecided = 0;
  for (const Index side : {2, 4, 6, 10, 16, 62, 64, 66, 126, 128, 130, 254, 260})
    for (const auto& [coupling, field] :
         {std::pair{.3, 0.}, {-.4, .2}, {0., 0.}, {12., -1.}, {200., 0.}}) {
      CAPTURE(side);
      CAPTURE(coupling);
      const CheckerboardLaw law = law_of(coupling, field);
      Batch x = random_spins(side, 1), expected = x;
      Stream random = Stream(4).at(2).chains_from(3);
      SpinBySpin slow(law, side, position(random));
      checkerboard_sweeps(law, side, 2, x, random);
      for (Index half = 0; half < 4; ++half) slow.half_sweep(half % 2, expected.data());
      CHECK(x == expected);
      undecided += slow.undecided;
    }
  CHECK(undecided > 5000);  // enough for every kind of decision
}

TEST_CASE("a chain of a checkerboard feels neither its batch nor how sweeps are cut") {
  const CheckerboardLaw law = law_of(.35, .1);
  const Index side = 20;
  Batch together = random_spins(side, 5);
  Stream random = Stream(2).at(7);
  Batch alone = together.col(3), cut = together;
  Stream own = random.chains_from(3), parts = random;
  checkerboard_sweeps(law, side, 3, together, random);
  checkerboard_sweeps(law, side, 3, alone, own);
  CHECK(alone == together.col(3));
  for (int n = 0; n < 3; ++n) checkerboard_sweeps(law, side, 1, cut, parts);
  CHECK(cut == together);
  CHECK(parts.number() == random.number());
}

// Spins of a colour are independent given the other. On the 4 x 4 torus all 256 states of the first
// colour have their probabilities here; false-alarm rate 1e-6 each.
TEST_CASE("half a sweep draws from the product of the spins' laws") {
  for (const auto& [coupling, field] : {std::pair{.3, 0.}, {.15, -.4}}) {
    const CheckerboardLaw law = law_of(coupling, field);
    const Index side = 4, draws = 60000;
    const Batch start = random_spins(side, 1);
    Eigen::VectorXd probability = Eigen::VectorXd::Ones(256), counts = Eigen::VectorXd::Zero(256);
    std::vector<Index> sites;
    for (Index site = 0; site < 16; ++site)
      if ((site / 4 + site % 4) % 2 == 0) sites.push_back(site);
    for (Index bit = 0; bit < 8; ++bit) {
      const Index row = sites[std::size_t(bit)] / 4, column = sites[std::size_t(bit)] % 4;
      double sum = field;
      for (const auto& [r, c] : {std::pair<Index, Index>{1, 0}, {3, 0}, {0, 1}, {0, 3}})
        sum += coupling * double(start((row + r) % 4 * 4 + (column + c) % 4, 0));
      for (Index state = 0; state < 256; ++state)
        probability(state) *= 1 / (1 + std::exp((state >> bit & 1) == 1 ? -2 * sum : 2 * sum));
    }
    Batch x = start.replicate(1, draws);
    Stream random = Stream(11);
    checkerboard_sweeps(law, side, 1, x, random);
    for (Index n = 0; n < draws; ++n) {
      Index state = 0;
      for (Index bit = 0; bit < 8; ++bit) state += Index(x(sites[std::size_t(bit)], n) > 0) << bit;
      counts(state) += 1;
    }
    CHECK(chi_squared_p(counts, probability) > 1e-6);
  }
}

TEST_CASE("the digest of checkerboards") {
  if (std::getenv("GIBBSITE_PRINT_DIGEST") == nullptr) return;  // for the test below
  std::uint64_t digest = 0xcbf29ce484222325ull;
  for (const Index side : {2, 10, 128, 130, 260}) {
    Batch x = random_spins(side, 2);
    Stream random(6);
    checkerboard_sweeps(law_of(.3, .05), side, 4, x, random);
    for (const Real spin : x.reshaped()) digest = (digest ^ (spin > 0)) * 0x100000001b3ull;
  }
  std::printf("digest %s %016llx\n", std::string(instruction_set()).c_str(),
              (unsigned long long)(digest));
}

TEST_CASE("every instruction set draws the same checkerboards") {
  const std::string self = gibbsite::test::fs::read_symlink("/proc/self/exe").string();
  std::map<std::string, std::string> digests;
  for (const char* isa : {"sse2", "avx2", "avx512"}) {
    const auto ending =
        gibbsite::test::run_program({self, "--test-case=the digest of checkerboards"},
                                    {{"GIBBSITE_ISA", isa}, {"GIBBSITE_PRINT_DIGEST", "1"}});
    const auto at = ending.out.find("digest ");
    REQUIRE(at != std::string::npos);
    const std::string line = ending.out.substr(at + 7, ending.out.find('\n', at) - at - 7);
    digests[line.substr(0, line.find(' '))] = line.substr(line.find(' '));
  }
  if (digests.size() < 2) gibbsite::test::skip("this machine has the instruction set sse2 alone");
  for (const auto& [isa, value] : digests) {
    CAPTURE(isa);
    CHECK(value == digests.begin()->second);
  }
}
