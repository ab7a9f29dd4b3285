#include "gibbsite/run/recording.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/hdf5_chunks.hpp"

namespace gibbsite {
namespace {

constexpr std::size_t chunk_bytes = 1 << 20, block_bytes = 32 << 20;

// Sixteen at a time, which the compiler makes vectors of.
template <class T>
void convert(char* out, const Real* x, Index n) {
  constexpr Index width = 16;
  T values[width];
  for (Index i = 0; i < n; i += width) {
    const Index count = std::min(width, n - i);
    if (count == width)
      for (Index k = 0; k < width; ++k) values[k] = T(x[i + k]);
    else
      for (Index k = 0; k < count; ++k) values[k] = T(x[i + k]);
    std::memcpy(out + std::size_t(i) * sizeof(T), values, std::size_t(count) * sizeof(T));
  }
}

void store_states(Stored type, char* out, const Real* x, Index n) {
  switch (type) {
    case Stored::float32:
      return convert<float>(out, x, n);
    case Stored::float64:
      return convert<double>(out, x, n);
    case Stored::int8:
      return convert<std::int8_t>(out, x, n);
    case Stored::uint8:
      return convert<std::uint8_t>(out, x, n);
    default:
      return convert<std::int32_t>(out, x, n);
  }
}

std::vector<double> numbers(Index count, Index first = 0) {
  std::vector<double> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), double(first));
  return out;
}

void store_number(Statistic::Type type, char* out, double value) {
  const auto put = [out](auto number) { std::memcpy(out, &number, sizeof number); };
  if (type == Statistic::Type::real)
    put(value);
  else if (type == Statistic::Type::integer)
    put(std::int64_t(value));
  else
    put(std::int8_t(value != 0 ? 1 : 0));
}

// As many rows as a chunk may have, fewer where that divides the draws.
Index rows_of_chunk(Index most, Index draws) {
  if (draws == 0) return most;
  if (draws <= most) return draws;
  for (Index rows = most; 2 * rows > most; --rows)
    if (draws % rows == 0) return rows;
  const Index parts = (draws + most - 1) / most;
  return (draws + parts - 1) / parts;
}

}  // namespace

Stored stored_type(Statistic::Type type) {
  switch (type) {
    case Statistic::Type::integer:
      return Stored::int64;
    case Statistic::Type::boolean:
      return Stored::boolean;
    case Statistic::Type::real:
      break;
  }
  return Stored::float64;
}

Stored stored_type(const Domain& domain) {
  bool spin = false, real = false, wide = false;
  for (const auto& part : domain.parts) {
    real = real || !part.is_discrete();
    spin = spin || part.kind == Domain::Kind::spin;
    wide = wide || part.levels > 256;
  }
  if (real) return sizeof(Real) == 4 ? Stored::float32 : Stored::float64;
  if (wide) return Stored::int32;
  return spin ? Stored::int8 : Stored::uint8;
}

std::filesystem::path segment_file(const std::filesystem::path& folder, std::size_t number,
                                   int attempt) {
  char name[48];
  if (attempt == 0)
    std::snprintf(name, sizeof name, "%06zu.h5", number + 1);
  else
    std::snprintf(name, sizeof name, "%06zu.%d.h5", number + 1, attempt);
  return folder / "segments" / name;
}

RecordLayout record_layout(const Experiment& experiment) {
  const SampleStage& stage = *experiment.sample;
  const Domain& domain = experiment.own_model->domain();
  RecordLayout layout{.chains = stage.params.chains,
                      .dim = stage.record_x ? domain.dim() : 0,
                      .draws = stage.params.draws,
                      .type = stored_type(domain),
                      .compress = stage.params.compress,
                      .statistics = {}};
  if (stage.record_energy) layout.statistics = {{"energy"}, {"lp"}};
  for (const Statistic& statistic : stage.sampler->statistics())
    layout.statistics.push_back(statistic);
  return layout;
}

RecordCut record_cut(const RecordLayout& layout) {
  const auto element = Index(size_of(layout.type)), number = Index(sizeof(double));
  const Index coordinates = std::clamp<Index>(layout.dim, 1, Index(chunk_bytes) / element);
  const Index row = std::max<Index>(
      1, layout.chains * (layout.dim * element + number * Index(layout.statistics.size())));
  const Index most = std::max<Index>(1, Index(block_bytes) / row);  // rows of a block
  // The same rows serve the statistics.
  const Index piece = std::max(number, coordinates * element);
  RecordCut cut{.coordinates = coordinates};
  cut.rows = rows_of_chunk(std::clamp<Index>(Index(chunk_bytes) / piece, 1, most), layout.draws);
  const Index chunks = std::max<Index>(1, most / cut.rows);
  const Index together = std::clamp<Index>(Index(chunk_bytes) / number / cut.rows, 1, chunks);
  cut.long_rows = cut.rows * together;
  cut.block = cut.long_rows * (chunks / together);
  return cut;
}

void create_record(Hdf5Writer& file, const RecordLayout& layout, const std::string& posterior,
                   const std::string& stats, const std::vector<double>& steps) {
  const RecordCut cut = record_cut(layout);
  const auto chains = [&](Index rows, std::size_t element) {
    const auto most = chunk_bytes / (std::size_t(rows) * element);
    return std::clamp<std::size_t>(most, 1, std::size_t(layout.chains));
  };
  if (layout.dim > 0) {
    file.dimension(posterior, "chain", numbers(layout.chains));
    file.dimension(posterior, "draw", steps);
    file.dimension(posterior, "x_dim", numbers(layout.dim));
    const std::size_t element = size_of(layout.type), wide = std::size_t(cut.coordinates);
    file.create(posterior, "x", layout.type, {"chain", "draw", "x_dim"},
                element == 1 || layout.compress,
                {chains(cut.rows, element * wide), std::size_t(cut.rows), wide});
  }
  file.dimension(stats, "chain", numbers(layout.chains));
  file.dimension(stats, "draw", steps);
  for (const Statistic& statistic : layout.statistics)
    file.create(stats, statistic.name, stored_type(statistic.type), {"chain", "draw"}, false,
                {chains(cut.long_rows, sizeof(double)), std::size_t(cut.long_rows)});
}

DrawBuffer::DrawBuffer(RecordLayout layout)
    : layout_(std::move(layout)),
      capacity_(std::size_t(record_cut(layout_).block)),
      rows_(std::size_t(layout_.chains), 0) {
  const auto room = [&](std::size_t row) {
    return std::make_unique_for_overwrite<char[]>(std::size_t(layout_.chains) * capacity_ * row);
  };
  x_ = room(std::size_t(layout_.dim) * size_of(layout_.type));
  for (const Statistic& statistic : layout_.statistics)
    statistics_.push_back(room(size_of(stored_type(statistic.type))));
}

void DrawBuffer::append(Index first, const BatchView& x, const Table& statistics) {
  const std::size_t row_bytes = std::size_t(layout_.dim) * size_of(layout_.type);
  for (Index c = 0; c < x.cols(); ++c) {
    const std::size_t chain = std::size_t(first + c);
    const std::size_t row = chain * capacity_ + std::size_t(rows_[chain]++);
    if (layout_.dim > 0)
      store_states(layout_.type, x_.get() + row * row_bytes, x.col(c).data(), layout_.dim);
    for (std::size_t k = 0; k < layout_.statistics.size(); ++k) {
      const Statistic::Type type = layout_.statistics[k].type;
      store_number(type, statistics_[k].get() + row * size_of(stored_type(type)),
                   statistics(Index(k), c));
    }
  }
}

void DrawBuffer::write(const std::filesystem::path& file, const std::string& posterior,
                       const std::string& stats) const {
  make_folder(file.parent_path());
  const std::filesystem::path beside = file.string() + ".tmp";
  std::filesystem::remove(beside);
  Hdf5Writer writer(beside);
  create_record(writer, layout_, posterior, stats, numbers(rows()));
  const auto put = [&](const std::string& path, const char* data, std::size_t row_bytes) {
    write_rows(writer, path, {data, capacity_ * row_bytes, 0, std::size_t(rows())});
  };
  if (layout_.dim > 0)
    put(posterior + "/x", x_.get(), std::size_t(layout_.dim) * size_of(layout_.type));
  for (std::size_t k = 0; k < layout_.statistics.size(); ++k)
    put(stats + "/" + layout_.statistics[k].name, statistics_[k].get(),
        size_of(stored_type(layout_.statistics[k].type)));
  writer.close();
  rename_file(beside, file);
}

}  // namespace gibbsite
