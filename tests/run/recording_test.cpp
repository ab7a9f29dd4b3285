#include "gibbsite/run/recording.hpp"

#include <doctest/doctest.h>

#include "support/program.hpp"

using namespace gibbsite;

namespace {

// Some number that says where it belongs.
double value(Index chain, Index draw, Index i, Index values) {
  return double((7 * chain + 3 * draw + i * i) % values);
}
double energy(Index chain, Index draw) { return double(chain) + 1e-3 * double(draw); }
double flag(Index chain, Index draw) { return double((chain + draw) % 3 == 0); }

struct Recorded {
  Index chains, dim, values;
  Stored type;
  std::vector<Index> segments;
};

RecordLayout layout_of(const Recorded& shape, Index draws) {
  return {.chains = shape.chains,
          .dim = shape.dim,
          .draws = draws,
          .type = shape.type,
          .compress = false,
          .statistics = {{"energy"}, {"flag", Statistic::Type::boolean}}};
}

// Writes the segments and the results file, and says how many numbers are not in their places.
Index wrong_numbers(const Recorded& shape, const std::filesystem::path& folder) {
  Index total = 0;
  for (const Index rows : shape.segments) total += rows;
  const RecordLayout layout = layout_of(shape, total);
  std::vector<Segment> segments;
  Index draw = 0;
  for (std::size_t k = 0; k < shape.segments.size(); ++k) {
    DrawBuffer buffer(layout);
    for (const Index end = draw + shape.segments[k]; draw < end; ++draw) {
      Batch x(shape.dim, shape.chains);
      Table statistics(2, shape.chains);
      for (Index c = 0; c < shape.chains; ++c) {
        for (Index i = 0; i < shape.dim; ++i) x(i, c) = Real(value(c, draw, i, shape.values));
        statistics(0, c) = energy(c, draw);
        statistics(1, c) = flag(c, draw);
      }
      buffer.append(0, x, statistics);
    }
    buffer.write(segment_file(folder, k), "posterior", "sample_stats");
    segments.push_back({.rows = shape.segments[k]});
  }
  const SegmentDraws draws(folder, layout, segments, "posterior", "sample_stats");
  Hdf5Writer writer(folder / "result.h5.tmp");
  std::vector<double> steps(static_cast<std::size_t>(total));
  draws.copy_to(writer, steps);
  writer.finish(folder / "result.h5");
  const Hdf5Reader result(folder / "result.h5");
  const auto x = result.read("/posterior/x"), energies = result.read("/sample_stats/energy"),
             flags = result.read("/sample_stats/flag");
  REQUIRE(x.size() == std::size_t(shape.chains * total * shape.dim));
  Index wrong = 0, at = 0, row = 0;
  for (Index c = 0; c < shape.chains; ++c)
    for (Index d = 0; d < total; ++d, ++row) {
      wrong += energies[std::size_t(row)] != energy(c, d);
      wrong += flags[std::size_t(row)] != flag(c, d);
      for (Index i = 0; i < shape.dim; ++i)
        wrong += x[std::size_t(at++)] != value(c, d, i, shape.values);
    }
  return wrong;
}

}  // namespace

// Segments that are whole blocks are copied chunk by chunk; of the others some end within a chunk,
// so that it is put together of several.
TEST_CASE("draws of every shape arrive in their places, whatever the segments") {
  for (const auto& [draws, block] : {std::pair{28, 14}, {33, 17}})
    REQUIRE(record_cut(layout_of({1500, 784, 2, Stored::uint8, {}}, draws)).block == block);
  for (const Recorded& shape :
       std::vector<Recorded>{{1500, 784, 251, Stored::uint8, {3, 1}},
                             {1500, 784, 2, Stored::uint8, {14, 14}},
                             {1500, 784, 2, Stored::uint8, {17, 16}},
                             {1500, 784, 2, Stored::uint8, {12, 5, 16}},
                             {3, 5, 2, Stored::int8, {1, 400, 7}},
                             {1, 1, 100, Stored::float64, {1}},
                             {2, 2000000, 251, Stored::uint8, {2, 1}},
                             {1, 300000, 99, Stored::float64, {3, 2, 5, 1}},
                             {70000, 1, 1000, Stored::int32, {20, 13, 7, 20}}}) {
    CAPTURE(shape.chains);
    CAPTURE(shape.dim);
    const test::TemporaryFolder folder;
    CHECK(wrong_numbers(shape, folder.path()) == 0);
  }
}

TEST_CASE("chunks are of about a MiB, fit the draws, and blocks are made of whole ones") {
  for (const Index chains : {1, 3, 1000, 100000})
    for (const Index dim : {0, 1, 64, 784, 100000, 2000000})
      for (const Index draws : {1, 7, 100, 1009, 1000000}) {
        CAPTURE(chains);
        CAPTURE(dim);
        CAPTURE(draws);
        const RecordCut cut = record_cut(layout_of({chains, dim, 2, Stored::uint8, {}}, draws));
        CHECK(cut.long_rows % cut.rows == 0);
        CHECK(cut.block % cut.long_rows == 0);
        CHECK(cut.rows * cut.coordinates <= 1 << 20);
        CHECK(cut.long_rows * 8 <= 1 << 20);
        CHECK(cut.rows <= draws);
        if (cut.block > 1) CHECK(cut.block * chains * (dim + 16) <= 32 << 20);
      }
  CHECK(record_cut(layout_of({1000, 784, 2, Stored::uint8, {}}, 100)).block == 25);
}

TEST_CASE("a damaged chunk of a segment is not passed on") {
  const test::TemporaryFolder folder;
  const Recorded shape{4, 1000, 2, Stored::uint8, {300}};
  REQUIRE(wrong_numbers(shape, folder.path()) == 0);
  const std::filesystem::path file = segment_file(folder.path(), 0);
  std::string bytes = test::text_of(file);
  bytes[bytes.size() / 2] = char(bytes[bytes.size() / 2] ^ 1);
  folder.write("segments/000001.h5", bytes);
  const SegmentDraws draws(folder.path(), layout_of(shape, 300), {{.rows = 300}}, "posterior",
                           "sample_stats");
  Hdf5Writer writer(folder / "other");
  CHECK_THROWS_AS(draws.copy_to(writer, std::vector<double>(300)), StorageError);
}
