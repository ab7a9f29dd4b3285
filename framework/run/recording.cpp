#include "gibbsite/run/recording.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "gibbsite/io/files.hpp"

namespace gibbsite {
namespace {

template <class T>
void append_as(std::vector<char>& out, const Real* x, Index n) {
  const std::size_t at = out.size();
  out.resize(at + std::size_t(n) * sizeof(T));
  for (Index i = 0; i < n; ++i) {
    const T value = T(x[i]);
    std::memcpy(out.data() + at + std::size_t(i) * sizeof(T), &value, sizeof(T));
  }
}

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

std::vector<double> numbers(Index count, Index first = 0) {
  std::vector<double> out(static_cast<std::size_t>(count));
  std::iota(out.begin(), out.end(), double(first));
  return out;
}

// The datasets of one phase with all their dimensions, to be filled.
void create_groups(Hdf5Writer& file, const RecordLayout& layout, const std::string& posterior,
                   const std::string& stats, const std::vector<double>& steps) {
  if (layout.dim > 0) {
    file.dimension(posterior, "chain", numbers(layout.chains));
    file.dimension(posterior, "draw", steps);
    file.dimension(posterior, "x_dim", numbers(layout.dim));
    const bool small = size_of(layout.type) == 1;
    file.create(posterior, "x", layout.type, {"chain", "draw", "x_dim"}, small || layout.compress);
  }
  file.dimension(stats, "chain", numbers(layout.chains));
  file.dimension(stats, "draw", steps);
  for (const Statistic& statistic : layout.statistics)
    file.create(stats, statistic.name, stored_type(statistic.type), {"chain", "draw"});
}

}  // namespace

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
                      .type = stored_type(domain),
                      .compress = stage.params.compress,
                      .statistics = {}};
  if (stage.record_energy) layout.statistics = {{"energy"}, {"lp"}};
  for (const Statistic& statistic : stage.sampler->statistics())
    layout.statistics.push_back(statistic);
  return layout;
}

DrawBuffer::DrawBuffer(RecordLayout layout) : layout_(std::move(layout)) {
  x_.resize(std::size_t(layout_.chains));
  statistics_.assign(std::size_t(layout_.chains),
                     std::vector<std::vector<double>>(layout_.statistics.size()));
}

void DrawBuffer::append(Index first, const BatchView& x, const Table& statistics) {
  for (Index c = 0; c < x.cols(); ++c) {
    const std::size_t chain = std::size_t(first + c);
    const Real* column = x.col(c).data();
    if (layout_.dim > 0) switch (layout_.type) {
        case Stored::float32:
          append_as<float>(x_[chain], column, layout_.dim);
          break;
        case Stored::float64:
          append_as<double>(x_[chain], column, layout_.dim);
          break;
        case Stored::int8:
          append_as<std::int8_t>(x_[chain], column, layout_.dim);
          break;
        case Stored::uint8:
          append_as<std::uint8_t>(x_[chain], column, layout_.dim);
          break;
        default:
          append_as<std::int32_t>(x_[chain], column, layout_.dim);
          break;
      }
    for (std::size_t k = 0; k < layout_.statistics.size(); ++k)
      statistics_[chain][k].push_back(statistics(Index(k), c));
  }
}

Index DrawBuffer::rows() const {
  if (layout_.dim > 0)
    return Index(x_[0].size() / (size_of(layout_.type) * std::size_t(layout_.dim)));
  return layout_.statistics.empty() ? 0 : Index(statistics_[0][0].size());
}

std::size_t DrawBuffer::bytes() const {
  return std::size_t(rows()) * std::size_t(layout_.chains) *
         (std::size_t(layout_.dim) * size_of(layout_.type) + 8 * layout_.statistics.size());
}

void DrawBuffer::close(const std::filesystem::path& file, const std::string& posterior,
                       const std::string& stats) {
  const auto count = std::size_t(rows());
  make_folder(file.parent_path());
  const std::filesystem::path beside = file.string() + ".tmp";
  std::filesystem::remove(beside);
  Hdf5Writer writer(beside);
  create_groups(writer, layout_, posterior, stats, numbers(Index(count)));
  for (std::size_t chain = 0; chain < std::size_t(layout_.chains); ++chain) {
    if (layout_.dim > 0)
      writer.write(posterior, "x", {chain, 0, 0}, {1, count, std::size_t(layout_.dim)},
                   x_[chain].data());
    for (std::size_t k = 0; k < layout_.statistics.size(); ++k) {
      const Statistic& statistic = layout_.statistics[k];
      const auto& values = statistics_[chain][k];
      if (statistic.type == Statistic::Type::real) {
        writer.write(stats, statistic.name, {chain, 0}, {1, count}, values.data());
      } else if (statistic.type == Statistic::Type::integer) {
        const std::vector<std::int64_t> whole(values.begin(), values.end());
        writer.write(stats, statistic.name, {chain, 0}, {1, count}, whole.data());
      } else {
        std::vector<std::int8_t> flags;
        for (const double value : values) flags.push_back(value != 0 ? 1 : 0);
        writer.write(stats, statistic.name, {chain, 0}, {1, count}, flags.data());
      }
    }
  }
  writer.close();
  rename_file(beside, file);
  for (auto& x : x_) x.clear();
  for (auto& chain : statistics_)
    for (auto& values : chain) values.clear();
}

SegmentDraws::SegmentDraws(std::filesystem::path folder, RecordLayout layout,
                           std::vector<Segment> segments, std::string posterior, std::string stats)
    : folder_(std::move(folder)),
      layout_(std::move(layout)),
      segments_(std::move(segments)),
      posterior_(std::move(posterior)),
      stats_(std::move(stats)) {
  each_segment([&](const Hdf5Reader&, Index, Index rows_here) { draws_ += rows_here; });
}

// Visits the segments of this phase; a segment holds one phase only.
template <class Visit>
void SegmentDraws::each_segment(Visit visit) const {
  Index first = 0;
  for (std::size_t k = 0; k < segments_.size(); ++k) {
    const Hdf5Reader reader(segment_file(folder_, k, segments_[k].attempt));
    if (!reader.has("/" + stats_)) continue;
    visit(reader, first, segments_[k].rows);
    first += segments_[k].rows;
  }
}

std::vector<Eigen::ArrayXXd> SegmentDraws::coordinates(Index first, Index count) const {
  std::vector<Eigen::ArrayXXd> out(std::size_t(count), Eigen::ArrayXXd(draws_, layout_.chains));
  each_segment([&](const Hdf5Reader& reader, Index row, Index rows) {
    const auto values =
        reader.read("/" + posterior_ + "/x", {0, 0, std::size_t(first)},
                    {std::size_t(layout_.chains), std::size_t(rows), std::size_t(count)});
    std::size_t at = 0;
    for (Index chain = 0; chain < layout_.chains; ++chain)
      for (Index draw = 0; draw < rows; ++draw)
        for (Index i = 0; i < count; ++i) out[std::size_t(i)](row + draw, chain) = values[at++];
  });
  return out;
}

Eigen::ArrayXXd SegmentDraws::energy() const {
  Eigen::ArrayXXd out(draws_, layout_.chains);
  each_segment([&](const Hdf5Reader& reader, Index row, Index rows) {
    const auto values = reader.read("/" + stats_ + "/energy");
    for (Index chain = 0; chain < layout_.chains; ++chain)
      for (Index draw = 0; draw < rows; ++draw)
        out(row + draw, chain) = values[std::size_t(chain * rows + draw)];
  });
  return out;
}

void SegmentDraws::copy_to(Hdf5Writer& file, const std::vector<double>& steps) const {
  create_groups(file, layout_, posterior_, stats_, steps);
  const auto chains = std::size_t(layout_.chains), dim = std::size_t(layout_.dim);
  each_segment([&](const Hdf5Reader& reader, Index row, Index rows) {
    // Every read decompresses and checks whole chunks: as many chains at once as one of about 1 MiB
    // holds (see Hdf5Writer), so that each is read once.
    const auto copy = [&](const std::string& group, const std::string& name, Stored type,
                          const std::vector<std::size_t>& inner) {
      std::size_t bytes = std::size_t(rows) * size_of(type);
      for (const std::size_t n : inner) bytes *= n;
      const std::size_t width = std::max<std::size_t>(1, (std::size_t{1} << 20) / bytes);
      for (std::size_t first = 0; first < chains; first += width) {
        std::vector<std::size_t> from = {first, 0}, to = {first, std::size_t(row)},
                                 count = {std::min(width, chains - first), std::size_t(rows)};
        from.resize(2 + inner.size());
        to.resize(2 + inner.size());
        count.insert(count.end(), inner.begin(), inner.end());
        const auto values = reader.read_raw("/" + group + "/" + name, from, count, type);
        file.write(group, name, to, count, values.data());
      }
    };
    if (dim > 0) copy(posterior_, "x", layout_.type, {dim});
    for (const Statistic& statistic : layout_.statistics)
      copy(stats_, statistic.name, stored_type(statistic.type), {});
  });
}

}  // namespace gibbsite
