#include "gibbsite/io/hdf5_chunks.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "gibbsite/core/error.hpp"
#include "gibbsite/io/deflate.hpp"
#include "gibbsite/io/fletcher.hpp"
#include "gibbsite/io/hdf5_handle.hpp"

namespace gibbsite {
namespace {

constexpr std::size_t sum_bytes = 4;

using Spot = std::vector<hsize_t>;

// How a dataset is cut into chunks and what is done to them.
struct Chunks {
  Spot extents, chunk;
  std::size_t element = 0;
  bool deflate = false;

  explicit Chunks(hid_t dataset) {
    const Handle space(H5Dget_space(dataset), H5Sclose), type(H5Dget_type(dataset), H5Tclose),
        list(H5Dget_create_plist(dataset), H5Pclose);
    extents.resize(std::size_t(std::max(0, H5Sget_simple_extent_ndims(space))));
    chunk.resize(extents.size());
    H5Sget_simple_extent_dims(space, extents.data(), nullptr);
    if (H5Pget_chunk(list, int(chunk.size()), chunk.data()) < 0) chunk.clear();
    element = H5Tget_size(type);
    deflate = H5Pget_nfilters(list) == 2;  // and a checksum
  }
  bool operator==(const Chunks& other) const {
    return chunk == other.chunk && element == other.element && deflate == other.deflate;
  }
  std::size_t bytes() const {
    std::size_t n = element;
    for (const hsize_t extent : chunk) n *= extent;
    return n;
  }
};

// Visits the first elements of the chunks that cover `extents` from the row `first` on.
void each_chunk(const Spot& extents, const Spot& chunk, hsize_t first,
                const std::function<void(const Spot&)>& visit) {
  Spot at(extents.size(), 0);
  at[1] = first;
  for (at[0] = 0; at[0] < extents[0]; at[0] += chunk[0])
    for (at[1] = first; at[1] < extents[1]; at[1] += chunk[1]) {
      if (at.size() == 2) {
        visit(at);
        continue;
      }
      for (at[2] = 0; at[2] < extents[2]; at[2] += chunk[2]) visit(at);
    }
}

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw StorageError(path + ": " + what + ": " + library_reason());
}

// A chunk as it is in the memory, of what `rows` has of it; the rest is 0.
const unsigned char* gathered(const Chunks& made, const ChainRows& rows, const Spot& at,
                              std::vector<unsigned char>& room) {
  const bool inner = made.chunk.size() == 3;
  const std::size_t piece = (inner ? made.chunk[2] : 1) * made.element,
                    whole = (inner ? made.extents[2] : 1) * made.element,
                    skip = inner ? at[2] * made.element : 0, wide = std::min(piece, whole - skip),
                    chains = std::min<std::size_t>(made.chunk[0], made.extents[0] - at[0]),
                    row = at[1] - rows.first,
                    count = std::min<std::size_t>(made.chunk[1], rows.rows - row);
  const char* const from = rows.data + at[0] * rows.stride + row * whole + skip;
  const bool complete = chains == made.chunk[0] && count == made.chunk[1] && wide == piece;
  if (complete && piece == whole && (chains == 1 || rows.stride == count * whole))
    return reinterpret_cast<const unsigned char*>(from);
  room.assign(made.bytes(), 0);
  for (std::size_t c = 0; c < chains; ++c)
    for (std::size_t r = 0; r < count; ++r)
      std::memcpy(room.data() + (c * made.chunk[1] + r) * piece, from + c * rows.stride + r * whole,
                  wide);
  return room.data();
}

void append_sum(std::vector<unsigned char>& bytes) {
  const std::uint32_t sum = fletcher32_of(bytes.data(), bytes.size());
  for (std::size_t k = 0; k < sum_bytes; ++k)
    bytes.push_back(static_cast<unsigned char>(sum >> 8 * k));
}

bool sum_is_right(const std::vector<unsigned char>& bytes) {
  if (bytes.size() < sum_bytes) return false;
  const std::size_t count = bytes.size() - sum_bytes;
  std::uint32_t sum = 0;
  for (std::size_t k = 0; k < sum_bytes; ++k) sum |= std::uint32_t{bytes[count + k]} << 8 * k;
  return sum == fletcher32_of(bytes.data(), count);
}

}  // namespace

void write_rows(Hdf5Writer& file, const std::string& path, const ChainRows& rows) {
  const hid_t dataset = file.dataset(path);
  const Chunks made(dataset);
  Spot extents = made.extents;
  extents[1] = rows.first + rows.rows;
  std::vector<unsigned char> room, bytes;
  each_chunk(extents, made.chunk, rows.first, [&](const Spot& at) {
    const unsigned char* const plain = gathered(made, rows, at, room);
    std::uint32_t left_out = 0;  // a filter's bit where it was not of use
    bytes = made.deflate ? deflated(plain, made.bytes()) : std::vector<unsigned char>();
    if (bytes.empty()) {
      bytes.assign(plain, plain + made.bytes());
      left_out = made.deflate ? 1 : 0;
    }
    append_sum(bytes);
    if (H5Dwrite_chunk(dataset, H5P_DEFAULT, left_out, at.data(), bytes.size(), bytes.data()) < 0)
      fail(path, "cannot be written");
  });
}

bool copy_rows(const Hdf5Reader& from, Hdf5Writer& to, const std::string& path, std::size_t first) {
  const Handle source(from.open(path), H5Dclose);
  const hid_t target = to.dataset(path);
  const Chunks theirs(source), ours(target);
  const std::size_t rows = theirs.extents[1];
  if (theirs.chunk.empty() || !(theirs == ours) || first % ours.chunk[1] != 0 ||
      (rows % ours.chunk[1] != 0 && first + rows != ours.extents[1]))
    return false;
  std::vector<unsigned char> bytes;
  each_chunk(theirs.extents, theirs.chunk, 0, [&](const Spot& at) {
    hsize_t size = 0;
    std::uint32_t left_out = 0;
    if (H5Dget_chunk_storage_size(source, at.data(), &size) < 0) fail(path, "cannot be read");
    bytes.resize(size);
    if (H5Dread_chunk(source, H5P_DEFAULT, at.data(), &left_out, bytes.data()) < 0)
      fail(path, "cannot be read");
    if (!sum_is_right(bytes)) throw StorageError(path + ": a chunk of a segment is damaged");
    Spot there = at;
    there[1] += first;
    if (H5Dwrite_chunk(target, H5P_DEFAULT, left_out, there.data(), size, bytes.data()) < 0)
      fail(path, "cannot be written");
  });
  return true;
}

}  // namespace gibbsite
