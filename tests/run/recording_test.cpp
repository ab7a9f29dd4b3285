#include "gibbsite/run/recording.hpp"

#include <doctest/doctest.h>

#include "support/program.hpp"

using namespace gibbsite;

namespace {

// Some number that says where it belongs.
Real value(Index chain, Index draw, Index i) { return Real((7 * chain + 3 * draw + i) % 251); }
double energy(Index chain, Index draw) { return double(chain) + 1e-3 * double(draw); }

}  // namespace

// A chunk of 1 MiB holds 445 chains of the first segment and 1337 of the second, so that there are
// several reads of each, the last of fewer chains.
TEST_CASE("many chains of two segments arrive in their places") {
  const test::TemporaryFolder folder;
  const Index chains = 1500, dim = 784;
  const RecordLayout layout{.chains = chains,
                            .dim = dim,
                            .type = Stored::uint8,
                            .compress = false,
                            .statistics = {{"energy"}}};
  const std::vector<Segment> segments = {{.rows = 3}, {.rows = 1}};
  DrawBuffer buffer(layout);
  Index draw = 0;
  for (std::size_t segment = 0; segment < segments.size(); ++segment) {
    for (const Index end = draw + segments[segment].rows; draw < end; ++draw) {
      Batch x(dim, chains);
      Table statistics(1, chains);
      for (Index c = 0; c < chains; ++c) {
        for (Index i = 0; i < dim; ++i) x(i, c) = value(c, draw, i);
        statistics(0, c) = energy(c, draw);
      }
      buffer.append(0, x, statistics);
    }
    buffer.close(segment_file(folder.path(), segment), "posterior", "sample_stats");
  }

  const SegmentDraws draws(folder.path(), layout, segments, "posterior", "sample_stats");
  Hdf5Writer writer(folder / "result.h5.tmp");
  draws.copy_to(writer, {0, 1, 2, 3});
  writer.finish(folder / "result.h5");

  const Hdf5Reader result(folder / "result.h5");
  const auto x = result.read("/posterior/x");
  const auto energies = result.read("/sample_stats/energy");
  REQUIRE(x.size() == std::size_t(chains * 4 * dim));
  Index wrong = 0;
  for (Index c = 0; c < chains; ++c)
    for (Index d = 0; d < 4; ++d) {
      wrong += energies[std::size_t(c * 4 + d)] != energy(c, d);
      for (Index i = 0; i < dim; ++i)
        wrong += x[std::size_t((c * 4 + d) * dim + i)] != double(value(c, d, i));
    }
  CHECK(wrong == 0);
}
