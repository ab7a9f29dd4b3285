// The words behind a stream are those that it draws from.
#include <doctest/doctest.h>

#include <gibbsite/core/kernels.hpp>
#include <gibbsite/core/stream_words.hpp>
#include <vector>

using namespace gibbsite;

TEST_CASE("philox at the position of a stream gives the words of its next draw") {
  const Index rows = 11, chains = 3;
  const Batch logits = Batch::Constant(rows, chains, Real(.3));
  Stream random = Stream(5).split("words").at(1ull << 33).chains_from(7);
  for (int draw = 0; draw < 4; ++draw) {
    Batch expected(rows, chains), found(rows, chains);
    for (Index c = 0; c < chains; ++c) {
      const StreamPosition at = position(random.chains_from(c));
      std::vector<std::uint32_t> words(12);
      philox(at.key, at.step, at.chain, at.draw, 3, words.data());
      kernels<Real>().bernoulli(logits.col(c).data(), words.data(), expected.col(c).data(), rows);
    }
    Stream other = random;
    random.bernoulli(logits, found);
    CHECK(found == expected);
    skip_blocks(other, 3);
    CHECK(other.number() == Stream(random).number());
  }
}
