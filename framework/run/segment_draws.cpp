// Segments of a record read back, and copied into a results file.
#include <algorithm>
#include <cstring>

#include "gibbsite/io/hdf5_chunks.hpp"
#include "gibbsite/run/recording.hpp"

namespace gibbsite {
namespace {

constexpr std::size_t chunk_bytes = 1 << 20;

// One dataset on its way from segments into a results file. What is no whole chunk waits until a
// block is complete.
class RowCopy {
 public:
  RowCopy(std::string path, Stored type, const RecordLayout& layout, Index draws, Index dim = 0)
      : path_(std::move(path)),
        type_(type),
        chains_(std::size_t(layout.chains)),
        draws_(std::size_t(draws)),
        block_(std::size_t(record_cut(layout).block)),
        dim_(std::size_t(dim)),
        row_bytes_(size_of(type) * std::max<std::size_t>(dim_, 1)) {}

  void add(const Hdf5Reader& from, Hdf5Writer& to, std::size_t first, std::size_t rows) {
    if (waiting_.rows == 0 && copy_rows(from, to, path_, first)) return;
    for (std::size_t done = 0; done < rows;) {
      if (waiting_.rows == 0) {
        room_.resize(chains_ * block_ * row_bytes_);
        waiting_ = {room_.data(), block_ * row_bytes_, first + done, 0};
      }
      const std::size_t count = std::min(rows - done, block_ - waiting_.rows);
      read(from, done, count);
      done += count;
      waiting_.rows += count;
      if (waiting_.rows < block_ && waiting_.first + waiting_.rows < draws_) continue;
      write_rows(to, path_, waiting_);
      waiting_.rows = 0;
    }
  }

 private:
  // Every read unpacks and checks whole chunks: as many chains at once as one of them may hold.
  void read(const Hdf5Reader& from, std::size_t first, std::size_t count) {
    const std::size_t bytes = count * row_bytes_;
    const std::size_t width = std::max<std::size_t>(1, chunk_bytes / bytes);
    for (std::size_t chain = 0; chain < chains_; chain += width) {
      std::vector<std::size_t> at = {chain, first},
                               extent = {std::min(width, chains_ - chain), count};
      if (dim_ > 0) {
        at.push_back(0);
        extent.push_back(dim_);
      }
      const auto values = from.read_raw(path_, at, extent, type_);
      for (std::size_t c = 0; c < extent[0]; ++c)
        std::memcpy(room_.data() + (chain + c) * waiting_.stride + waiting_.rows * row_bytes_,
                    values.data() + c * bytes, bytes);
    }
  }

  std::string path_;
  Stored type_;
  std::size_t chains_, draws_, block_, dim_, row_bytes_;
  std::vector<char> room_;
  ChainRows waiting_;
};

}  // namespace

SegmentDraws::SegmentDraws(const std::filesystem::path& folder, RecordLayout layout,
                           const std::vector<Segment>& segments, std::string posterior,
                           std::string stats)
    : layout_(std::move(layout)), posterior_(std::move(posterior)), stats_(std::move(stats)) {
  for (std::size_t k = 0; k < segments.size(); ++k) {
    const auto file = segment_file(folder, k, segments[k].attempt);
    // A segment holds one phase only.
    if (!Hdf5Reader(file).has("/" + stats_)) continue;
    parts_.push_back({file, draws_, segments[k].rows});
    draws_ += segments[k].rows;
  }
}

template <class Visit>
void SegmentDraws::each_part(Visit visit) const {
  for (const Part& part : parts_) visit(Hdf5Reader(part.file), part.first, part.rows);
}

std::vector<Eigen::ArrayXXd> SegmentDraws::coordinates(Index first, Index count) const {
  std::vector<Eigen::ArrayXXd> out(std::size_t(count), Eigen::ArrayXXd(draws_, layout_.chains));
  each_part([&](const Hdf5Reader& reader, Index row, Index rows) {
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
  each_part([&](const Hdf5Reader& reader, Index row, Index rows) {
    const auto values = reader.read("/" + stats_ + "/energy");
    for (Index chain = 0; chain < layout_.chains; ++chain)
      for (Index draw = 0; draw < rows; ++draw)
        out(row + draw, chain) = values[std::size_t(chain * rows + draw)];
  });
  return out;
}

void SegmentDraws::copy_to(Hdf5Writer& file, const std::vector<double>& steps) const {
  create_record(file, layout_, posterior_, stats_, steps);
  std::vector<RowCopy> copies;
  if (layout_.dim > 0)
    copies.emplace_back(posterior_ + "/x", layout_.type, layout_, draws_, layout_.dim);
  for (const Statistic& statistic : layout_.statistics)
    copies.emplace_back(stats_ + "/" + statistic.name, stored_type(statistic.type), layout_,
                        draws_);
  each_part([&](const Hdf5Reader& reader, Index first, Index rows) {
    for (RowCopy& copy : copies) copy.add(reader, file, std::size_t(first), std::size_t(rows));
  });
}

}  // namespace gibbsite
